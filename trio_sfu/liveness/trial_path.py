"""What somebody needs to try whether the media ports are reached, as the API tells it."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct


class MediaPlace(Struct, frozen=True, kw_only=True):
    """An address and port that clients are told. By ``tcp`` they connect (RFC 6544)."""

    host: str
    port: int
    protocol: Literal["udp", "tcp"] = "udp"


class TrialPath(Struct, frozen=True, kw_only=True):
    """ICE credentials that are answered at ``places`` for ``seconds``; no more can be done."""

    user: str
    password: str
    places: Sequence[MediaPlace]
    seconds: float
