"""What somebody was let in with."""

from dataclasses import dataclass, field
from math import inf
from typing import Final

from trio_sfu.signaling.carried import Rights

EVERYTHING: Final = Rights(
    publish=["camera", "microphone", "screen", "screen-audio"],
    subscribe=True,
    data=True,
    moderate=True,
    record=True,
)


@dataclass(frozen=True, slots=True)
class Grant:
    """The rights of one party in ``room``, and who it is by its token. Times are Unix times."""

    rights: Rights
    room: str = ""
    identity: str | None = None
    """Who it is to whoever made the token; None: nobody has said."""
    name: str | None = None
    """What the others see; None: the client may choose."""
    metadata: str | None = None
    expires: float = inf
    issued: float | None = None
    single: tuple[str, str] | None = None
    """Key and id of a token that lets in once."""
    fingerprint: bytes = field(default=b"", repr=False)
    """Tells its token from all others, and tells nothing else of it."""
    moved: bool = False
    """Whether an operator has moved it to ``room``, which its token need not be for."""


OPEN: Final = Grant(
    Rights(publish=EVERYTHING.publish, subscribe=True, data=True, moderate=False, record=False)
)
"""What everybody has where no tokens are asked for. Nobody there is above the others."""
