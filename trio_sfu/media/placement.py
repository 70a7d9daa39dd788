"""Which of the engine's workers a peer goes to.

A peer's packets are one thread's work, and what is watched from another worker costs a copy: so
the peers of one room are kept together as long as their worker has room, and big rooms spread.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

PEER: Final = 300.0
"""Packets/s that a peer is taken to cause, until it is seen what they are: a camera and a
microphone to a few others."""
BUSY: Final = 0.6
"""The share of time that a worker runs for, above which its rooms' newcomers go to others: less
than what has joins refused, so that there are others first."""
_SAMPLE: Final = 1.0
"""Seconds over which rates are measured, at least."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker has to do: its ``peers``, and the ``packets`` it sends, per second."""

    peers: int
    packets: float = 0.0
    lost: bool = False
    """It is being started anew."""
    busy: float = 0.0
    """The share of time that it was running."""

    @property
    def cost(self) -> float:
        """What it has to do or will soon, in packets/s."""
        return max(self.packets, self.peers * PEER)


def choose(loads: Sequence[Load], of_room: Sequence[int], spread_above: float) -> int:
    """Return the worker of one more peer, whose room has so many on each.

    The room's own with most of its peers, of those that send at most ``spread_above`` packets/s;
    when there is none, the one with least to do. A lost one only when all are, and one that hardly
    has a pause only when all have as few.
    """
    workers = [each for each, load in enumerate(loads) if not load.lost] or [*range(len(loads))]
    workers = [each for each in workers if loads[each].busy <= BUSY] or workers
    own = [each for each in workers if of_room[each] and loads[each].cost <= spread_above]
    if own:
        return max(own, key=lambda each: (of_room[each], -loads[each].cost, -each))
    return min(workers, key=lambda each: (loads[each].cost, each))


@dataclass
class Placement:
    """Where the peers of an engine with so many ``workers`` are."""

    workers: int
    spread_above: float
    lost: set[int] = field(default_factory=set)
    _peers: list[int] = field(init=False)
    _rooms: dict[str, list[int]] = field(default_factory=dict)
    _rates: list[float] = field(init=False)
    _counts: list[int] = field(init=False)
    _busy: Sequence[float] = ()
    _sampled: float | None = None

    def __post_init__(self) -> None:
        self._peers = [0] * self.workers
        self._rates = [0.0] * self.workers
        self._counts = [0] * self.workers

    def loads(self) -> list[Load]:
        """Return what each worker has to do."""
        return [
            Load(
                self._peers[worker],
                self._rates[worker],
                worker in self.lost,
                self._busy[worker] if worker < len(self._busy) else 0.0,
            )
            for worker in range(self.workers)
        ]

    def note_busy(self, shares: Sequence[float]) -> None:
        """Note the share of time that each worker was running lately."""
        self._busy = shares

    @contextmanager
    def seat(self, room: str | None) -> Iterator[int]:
        """Have a peer of a room, or of none, on the worker that is returned."""
        of_room = self._rooms.setdefault(room, [0] * self.workers) if room is not None else None
        worker = choose(self.loads(), of_room or [0] * self.workers, self.spread_above)
        self._peers[worker] += 1
        if of_room is not None:
            of_room[worker] += 1
        try:
            yield worker
        finally:
            self._peers[worker] -= 1
            if room is not None and of_room is not None:
                of_room[worker] -= 1
                if not any(of_room):
                    del self._rooms[room]

    def forwarded(self, now: float, counts: Sequence[int]) -> None:
        """Note how many packets each worker has sent so far; one that begins anew from nothing."""
        if self._sampled is not None:
            passed = now - self._sampled
            if passed < _SAMPLE:
                return
            pairs = zip(counts, self._counts, strict=True)
            self._rates = [max(count - before, 0) / passed for count, before in pairs]
        self._sampled, self._counts = now, list(counts)
