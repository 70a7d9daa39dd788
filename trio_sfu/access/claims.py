"""The claims of a join token, as they are read from JSON: typed, bounded, strict in rights."""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from trio_sfu.signaling.carried import DisplayName, Rights

_LAST: Final = 2**40
"""A Unix time that nobody will see; arithmetic with it is safe."""

Identity: TypeAlias = Annotated[
    # No blanks and no control characters: it stands in logs as it is.
    str, Meta(min_length=1, max_length=128, pattern=r"^[^\s\x00-\x1f\x7f-\x9f]+$(?!\n)")
]
Metadata: TypeAlias = Annotated[str, Meta(max_length=1_024)]
RoomPattern: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*\*?|\*)$(?!\n)")
]
"""A room's name, or the beginning of names and ``*``.

No more than that: it can be read at a glance, costs the same for every name, and no room's
name is ever taken for a pattern, for ``*`` is in none.
"""
TokenId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
NumericDate: TypeAlias = (
    Annotated[int, Meta(ge=0, le=_LAST)] | Annotated[float, Meta(ge=0, le=_LAST)]
)
Audiences: TypeAlias = Annotated[list[str], Meta(max_length=16)]

ANY_ROOM: Final = "*"


class ClaimedRights(Rights, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a token says may be done. A right that does not exist is a mistake that is told."""


class Claims(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token says (RFC 7519, section 4). Claims that are not listed mean nothing here.

    ``exp`` and ``aud`` are required; they have defaults so that their lack has its own code.
    ``once``: it lets in once; ``jti`` is what it is remembered by.
    """

    sub: Identity
    room: RoomPattern
    rights: ClaimedRights
    aud: str | Audiences = ""
    exp: NumericDate | None = None
    nbf: NumericDate | None = None
    iat: NumericDate | None = None
    jti: TokenId | None = None
    once: bool = False
    name: DisplayName | None = None
    metadata: Metadata | None = None


def fits(pattern: str, room: str) -> bool:
    """Return whether a token for ``pattern`` is for ``room``."""
    if pattern.endswith("*"):
        return room.startswith(pattern[:-1])
    return room == pattern
