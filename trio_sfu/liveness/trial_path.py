"""What somebody needs to try whether the UDP port is reached, as the API tells it."""

from collections.abc import Sequence

from msgspec import Struct


class MediaPlace(Struct, frozen=True, kw_only=True):
    """An address and UDP port that clients are told."""

    host: str
    port: int


class TrialPath(Struct, frozen=True, kw_only=True):
    """ICE credentials that are answered at ``places`` for ``seconds``; no more can be done."""

    user: str
    password: str
    places: Sequence[MediaPlace]
    seconds: float
