"""The simulated network: a host's conditions, and everything that is on its way.

All that is under way is in one heap, by due time. It is bounded: a datagram that finds
``MAX_IN_FLIGHT`` others is lost, as in a full router; bytes of a stream are bounded by
the stream's window (``wire``).
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Final, TypeAlias

import trio

from trio_sfu.media.simulated import Address

MAX_IN_FLIGHT: Final = 20_000
_TICK: Final = 0.001  # what is due within a millisecond arrives together

Receive: TypeAlias = Callable[[Address, bytes], None]
"""Called with where a datagram comes from, and the datagram."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a host's datagrams meet, each way. Times are seconds, the others shares.

    A delay is drawn between ``delay`` and ``delay + jitter``, so datagrams overtake each
    other when jitter is more than the time between them.
    """

    loss: float = 0.0
    delay: float = 0.02
    jitter: float = 0.005
    duplication: float = 0.0


@dataclass(eq=False)
class Host:
    """A client's machine as the network knows it."""

    name: str
    address: Address
    conditions: Conditions = Conditions()
    partitioned: bool = False
    held: deque[Callable[[], None]] = field(default_factory=deque)
    """Stream bytes that wait for the end of a partition; bounded by the windows."""


class Network:
    """Carries datagrams between hosts and the engine, and bytes of streams."""

    def __init__(self, random: Random, engine: Address) -> None:
        self.counts: Counter[str] = Counter()
        self._random = random
        self._engine = engine
        self._hosts: dict[Address, Host] = {}
        self._receivers: dict[Address, Receive] = {}
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._sooner = trio.Event()

    @property
    def in_flight(self) -> int:
        """How much is under way."""
        return len(self._heap)

    def attach(self, host: Host, receive: Receive) -> None:
        """Have datagrams to the host's address received."""
        self._hosts[host.address] = host
        self._receivers[host.address] = receive

    def detach(self, address: Address) -> None:
        """Lose what is sent to an address from now on."""
        self._receivers.pop(address, None)
        self._hosts.pop(address, None)

    def serve(self, receive: Receive) -> None:
        """Have datagrams to the engine received."""
        self._receivers[self._engine] = receive

    def send_up(self, host: Host, datagram: bytes) -> None:
        """Send from a host to the engine."""
        self._send(host, host.address, self._engine, datagram)

    def send_down(self, destination: Address, datagram: bytes) -> None:
        """Send from the engine."""
        host = self._hosts.get(destination)
        if host is None:
            self.counts["to nobody"] += 1
        else:
            self._send(host, self._engine, destination, datagram)

    def _send(self, host: Host, source: Address, destination: Address, datagram: bytes) -> None:
        conditions = host.conditions
        copies = 2 if self._random.random() < conditions.duplication else 1
        if host.partitioned or self._random.random() < conditions.loss or self._full():
            self.counts["lost"] += 1
            return
        self.counts["doubled"] += copies - 1
        for _ in range(copies):
            delay = conditions.delay + self._random.random() * conditions.jitter
            self.later(delay, lambda: self._arrive(host, source, destination, datagram))

    def _full(self) -> bool:
        return len(self._heap) >= MAX_IN_FLIGHT

    def _arrive(self, host: Host, source: Address, destination: Address, datagram: bytes) -> None:
        receive = self._receivers.get(destination)
        if host.partitioned or receive is None:
            self.counts["lost"] += 1
        else:
            self.counts["carried"] += 1
            receive(source, datagram)

    def later(self, delay: float, deliver: Callable[[], None]) -> None:
        """Call ``deliver`` after ``delay`` seconds, those of equal delay in this order."""
        due = trio.current_time() + delay
        if not self._heap or due < self._heap[0][0]:
            self._sooner.set()
        heapq.heappush(self._heap, (due, next(self._numbers), deliver))

    def partition(self, host: Host) -> None:
        """Let nothing through, in either direction."""
        host.partitioned = True

    def heal(self, host: Host) -> None:
        """End a partition; what streams held back comes now."""
        host.partitioned = False
        while host.held:
            self.later(0.0, host.held.popleft())

    def worsen(self, host: Host, **changes: float) -> None:
        """Change a host's conditions."""
        host.conditions = replace(host.conditions, **changes)

    async def run(self) -> None:
        """Deliver what is due, for ever."""
        while True:
            self._sooner = trio.Event()
            now = trio.current_time() + _TICK
            while self._heap and self._heap[0][0] <= now:
                heapq.heappop(self._heap)[2]()
            with trio.move_on_at(self._heap[0][0] if self._heap else float("inf")):
                await self._sooner.wait()
            await trio.lowlevel.checkpoint()
