"""Facts about what somebody did to somebody else's call: the audit log."""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from trio_sfu.events.fact import Fact

Actor: TypeAlias = Literal["operator", "moderator"]
Action: TypeAlias = Literal[
    "mute",
    "remove",
    "lower-hand",
    "lock",
    "unlock",
    "move",
    "change-rights",
    "create-room",
    "close-room",
]


@dataclass(frozen=True, slots=True)
class Moderation(Fact):
    """An operator or a moderator did something to a peer or a room of others.

    ``action`` says what: they muted, removed or moved a peer, lowered its hand, changed its
    rights, or created, closed, locked or unlocked a room.

    ``by`` says which of the two, ``identity`` and ``moderator`` who: what the moderator's
    token says it is, and its peer id; both are empty for an operator, of whom there is no
    more than a shared secret. The only fact with an identity: it is what it is for.
    """

    counter: ClassVar[tuple[str, str] | None] = (
        "moderations",
        "What operators and moderators did to peers and rooms",
    )
    label: ClassVar[str | None] = "action"
    labels: ClassVar[tuple[str, ...]] = (
        "mute",
        "remove",
        "lower-hand",
        "lock",
        "unlock",
        "move",
        "change-rights",
        "create-room",
        "close-room",
    )
    action: Action
    by: Actor
    room: str
    peer: str = ""
    source: str = ""
    identity: str = ""
    moderator: str = ""
