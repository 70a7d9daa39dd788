"""What happens in the daemon: one dataclass a fact, and the journal that keeps them.

A fact is noted once, where it happens. The journal counts it for ``/metrics`` and
passes it to its listener (the log). No fact carries a person's name or address.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.ids import PeerId, RoomId


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of the facts. ``label`` names the field that is a metric label, if any."""

    label: ClassVar[str | None] = None


@dataclass(frozen=True, slots=True)
class RoomOpened(Fact):
    """A first peer entered a room."""

    room: RoomId


@dataclass(frozen=True, slots=True)
class RoomClosed(Fact):
    """The last peer left a room."""

    room: RoomId


@dataclass(frozen=True, slots=True)
class RoomCrashed(Fact):
    """A task of a room raised; the room has ended. ``task`` is the path to it."""

    room: RoomId
    task: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class PeerJoined(Fact):
    """A peer entered a room."""

    room: RoomId
    peer: PeerId


@dataclass(frozen=True, slots=True)
class JoinRefused(Fact):
    """A join was refused."""

    label: ClassVar[str | None] = "code"
    room: RoomId
    code: str


@dataclass(frozen=True, slots=True)
class PeerConnected(Fact):
    """A peer's DTLS handshake is done: media can flow."""

    room: RoomId
    peer: PeerId
    seconds: float


@dataclass(frozen=True, slots=True)
class PeerLeft(Fact):
    """A peer is gone from its room."""

    label: ClassVar[str | None] = "reason"
    room: RoomId
    peer: PeerId
    reason: str


@dataclass(frozen=True, slots=True)
class PeerCrashed(Fact):
    """A task of a peer raised; the peer has ended. ``task`` is the path to it."""

    room: RoomId
    peer: PeerId
    task: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class RequestRefused(Fact):
    """One request of a client was refused; its session goes on."""

    label: ClassVar[str | None] = "code"
    room: RoomId
    peer: PeerId
    code: str


@dataclass(frozen=True, slots=True)
class SessionEnded(Fact):
    """The server ended a signaling session, with the code the client was told."""

    label: ClassVar[str | None] = "code"
    session: str
    code: str


@dataclass(frozen=True, slots=True)
class ConnectionRefused(Fact):
    """A TCP connection or its first request was turned away."""

    label: ClassVar[str | None] = "reason"
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionCrashed(Fact):
    """An error nobody expected ended one TCP connection."""

    task: str
    error: BaseException


FACTS: tuple[type[Fact], ...] = (
    RoomOpened,
    RoomClosed,
    RoomCrashed,
    PeerJoined,
    JoinRefused,
    PeerConnected,
    PeerLeft,
    PeerCrashed,
    RequestRefused,
    SessionEnded,
    ConnectionRefused,
    ConnectionCrashed,
)


class Journal:
    """Counts facts by kind and label, and hands each to ``listener``.

    Labels come from closed sets (codes, reasons), so the counts are bounded.
    """

    def __init__(self, listener: Callable[[Fact], None] = lambda _fact: None) -> None:
        self._listener = listener
        self._counts: Counter[tuple[type[Fact], str]] = Counter()

    def note(self, fact: Fact) -> None:
        """Count ``fact`` and tell the listener."""
        label = getattr(fact, fact.label) if fact.label is not None else ""
        self._counts[type(fact), label] += 1
        self._listener(fact)

    def count(self, kind: type[Fact]) -> int:
        """Return how many facts of ``kind`` were noted."""
        return sum(n for (each, _), n in self._counts.items() if each is kind)

    def by_label(self, kind: type[Fact]) -> Mapping[str, int]:
        """Return how many facts of ``kind`` were noted, by label."""
        return {label: n for (each, label), n in self._counts.items() if each is kind}
