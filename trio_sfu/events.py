"""What happens in the daemon: one dataclass a fact, and the journal that keeps them.

A fact is noted once, where it happens. The journal counts it for ``/metrics`` and
passes it to its listener (the log). No fact carries a person's name or address.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import ClassVar

from trio_sfu.ids import PeerId, RoomId


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of the facts. ``label`` names the field that is a metric label, if any.

    ``measure`` names the field with the seconds that a histogram is made of, if any.
    """

    label: ClassVar[str | None] = None
    measure: ClassVar[str | None] = None


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
class PeerTornDown(Fact):
    """Nothing of a peer is left: ``seconds`` after its end was decided or an error met it."""

    measure: ClassVar[str | None] = "seconds"
    room: RoomId
    peer: PeerId
    seconds: float


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
    PeerTornDown,
    RequestRefused,
    SessionEnded,
    ConnectionRefused,
    ConnectionCrashed,
)


class Histogram:
    """How many values were not above each of ``BOUNDS`` (seconds), and their sum."""

    BOUNDS: ClassVar[tuple[float, ...]] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

    def __init__(self) -> None:
        self.total = 0.0
        self._counts = [0] * (len(self.BOUNDS) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self.total += value
        self._counts[bisect_left(self.BOUNDS, value)] += 1

    def cumulative(self) -> list[tuple[float, int]]:
        """Return each bound, infinity the last, with how many values are not above it."""
        return list(zip((*self.BOUNDS, inf), accumulate(self._counts), strict=True))


class Journal:
    """Counts facts by kind and label, and hands each to ``listener``.

    Labels come from closed sets (codes, reasons), so the counts are bounded.
    """

    def __init__(self, listener: Callable[[Fact], None] = lambda _fact: None) -> None:
        self._listener = listener
        self._counts: Counter[tuple[type[Fact], str]] = Counter()
        self._histograms: defaultdict[type[Fact], Histogram] = defaultdict(Histogram)

    def note(self, fact: Fact) -> None:
        """Count ``fact`` and tell the listener."""
        label = getattr(fact, fact.label) if fact.label is not None else ""
        self._counts[type(fact), label] += 1
        if fact.measure is not None:
            self._histograms[type(fact)].observe(getattr(fact, fact.measure))
        self._listener(fact)

    def count(self, kind: type[Fact]) -> int:
        """Return how many facts of ``kind`` were noted."""
        return sum(n for (each, _), n in self._counts.items() if each is kind)

    def by_label(self, kind: type[Fact]) -> Mapping[str, int]:
        """Return how many facts of ``kind`` were noted, by label."""
        return {label: n for (each, label), n in self._counts.items() if each is kind}

    def histogram(self, kind: type[Fact]) -> Histogram:
        """Return the histogram of a kind that has a ``measure``."""
        return self._histograms[kind]
