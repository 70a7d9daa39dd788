"""The simulated network: a host's conditions, and everything that is on its way.

All that is under way is in one heap, by due time. It is bounded: a datagram that finds
``MAX_IN_FLIGHT`` others is lost, as in a full router, and so is one that finds more than
``QUEUE`` seconds of others before it on a link with a rate; bytes of a stream are bounded
by the stream's window (``wire``).
"""

import heapq
import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Final, TypeAlias

import trio

from trio_sfu.media.simulated import Address
from trio_sfu.testing.simulation.clock import VirtualClock

MAX_IN_FLIGHT: Final = 20_000
QUEUE: Final = 0.3
"""Seconds that a link with a rate may be behind; what comes then is lost (drop tail)."""
TICK: Final = 0.02
"""Seconds: what is due within one tick arrives at its end, in order. A run costs what its
moments cost, so there are few of them."""
_EARLY: Final = 1e-6  # seconds: a tick is not exactly a multiple of one

Receive: TypeAlias = Callable[[Address, Address, bytes], None]
"""Called with where a datagram comes from, where it was sent to, and the datagram."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a host's datagrams meet, each way. Times are seconds, the others shares.

    A delay is drawn between ``delay`` and ``delay + jitter``, so datagrams overtake each
    other when jitter is more than the time between them. ``rate`` is in bytes a second,
    0 for no limit.
    """

    loss: float = 0.0
    delay: float = 0.02
    jitter: float = 0.005
    duplication: float = 0.0
    rate: float = 0.0


@dataclass(eq=False)
class Host:
    """A client's machine as the network knows it."""

    name: str
    address: Address
    """Where what it opens now comes from; older paths may have others."""
    conditions: Conditions = Conditions()
    partitioned: bool = False
    held: deque[Callable[[], None]] = field(default_factory=deque)
    """Stream bytes that wait for the end of a partition; bounded by the windows."""
    changed: float = 0.0
    """When its conditions were changed last."""
    free: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    """When a link with a rate has sent what it has now: up (True) and down."""


class Network:
    """Carries datagrams between hosts and the engine, and bytes of streams."""

    def __init__(self, random: Random, engine: Address) -> None:
        self.counts: Counter[str] = Counter()
        self._blocked: dict[Address, float] = {}
        self._random = random
        self._engine = engine
        self._workers: list[Address] = []
        self._hosts: dict[Address, Host] = {}
        self._receivers: dict[Address, Receive] = {}
        self._heap: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = count()
        self._clock = VirtualClock.current()
        self._wakes = -math.inf
        """The tick of the next delivery; while there is one none can be sooner, nor without
        ``run``."""
        self._failed = trio.Event()
        self._error: Exception | None = None

    @property
    def in_flight(self) -> int:
        """How much is under way."""
        return len(self._heap)

    def attach(self, host: Host, address: Address, receive: Receive) -> None:
        """Have datagrams to an address of the host received."""
        self._hosts[address] = host
        self._receivers[address] = receive

    def detach(self, address: Address) -> None:
        """Lose what is sent to or from an address from now on."""
        self._receivers.pop(address, None)
        self._hosts.pop(address, None)
        self._blocked.pop(address, None)

    def serve(self, receive: Receive | None, workers: int = 1) -> None:
        """Have datagrams to the engine's ``workers`` received; None: they are lost.

        The first one is where the engine is, each other one at the next port.
        """
        for worker in self._workers:
            self._receivers.pop(worker, None)
        host, port = self._engine
        self._workers = [(host, port + each) for each in range(workers)]
        if receive is not None:
            self._receivers.update(dict.fromkeys(self._workers, receive))

    def send_up(self, source: Address, datagram: bytes, worker: Address | None = None) -> None:
        """Send from an address that is attached to the engine, or a ``worker`` of it."""
        host = self._hosts.get(source)
        if host is None:
            self.counts["from nowhere"] += 1
        else:
            self._send(host, source, worker or self._engine, datagram)

    def send_down(
        self, destination: Address, datagram: bytes, worker: Address | None = None
    ) -> None:
        """Send from the engine, or a ``worker`` of it."""
        host = self._hosts.get(destination)
        if host is None:
            self.counts["to nobody"] += 1
        else:
            self._send(host, worker or self._engine, destination, datagram)

    def _send(self, host: Host, source: Address, destination: Address, datagram: bytes) -> None:
        conditions, random = host.conditions, self._random.random
        copies = 2 if conditions.duplication and random() < conditions.duplication else 1
        if (
            host.partitioned
            or (conditions.loss and random() < conditions.loss)
            or len(self._heap) >= MAX_IN_FLIGHT
            or (self._blocked and self._is_blocked(source, destination))
        ):
            self.counts["lost"] += 1
            return
        queued = 0.0
        if conditions.rate:
            queued = self._queue(host, len(datagram), up=source in self._hosts)
            if queued > QUEUE:
                self.counts["too much"] += 1
                return
        if copies > 1:
            self.counts["doubled"] += 1
        for _ in range(copies):
            delay = queued + conditions.delay + random() * conditions.jitter
            self.later(delay, self._arrive, host, source, destination, datagram)

    def block(self, address: Address, seconds: float) -> None:
        """Let nothing through from or to an address of a host for a time."""
        self._blocked[address] = trio.current_time() + seconds

    def _is_blocked(self, *addresses: Address) -> bool:
        now = trio.current_time()
        return any(self._blocked.get(address, now) > now for address in addresses)

    def _queue(self, host: Host, size: int, *, up: bool) -> float:
        """Return how long a datagram waits for its turn, which it takes if that is not too long."""
        now = trio.current_time()
        begins = max(now, host.free[up])
        if begins - now <= QUEUE:
            host.free[up] = begins + size / host.conditions.rate
        return begins - now

    def _arrive(self, host: Host, source: Address, destination: Address, datagram: bytes) -> None:
        receive = self._receivers.get(destination)
        if host.partitioned or receive is None:
            self.counts["lost"] += 1
        else:
            self.counts["carried"] += 1
            receive(source, destination, datagram)

    def later(self, delay: float, deliver: Callable[..., None], *arguments: object) -> None:
        """Call ``deliver`` after ``delay`` seconds, those of equal delay in this order."""
        due = self._clock.now + delay
        heapq.heappush(self._heap, (due, next(self._numbers), deliver, arguments))
        if due <= self._wakes - TICK:
            self._wait_for(due)

    def partition(self, host: Host) -> None:
        """Let nothing through, in either direction."""
        host.partitioned = True
        host.changed = trio.current_time()

    def heal(self, host: Host) -> None:
        """End a partition; what streams held back comes now."""
        host.partitioned = False
        host.changed = trio.current_time()
        while host.held:
            self.later(0.0, host.held.popleft())

    def worsen(self, host: Host, **changes: float) -> None:
        """Change a host's conditions."""
        host.conditions = replace(host.conditions, **changes)
        host.changed = trio.current_time()

    async def run(self) -> None:
        """Deliver what is due, for ever. The clock does it: a task costs more than a datagram.

        Raises what a receiver raises.
        """
        try:
            self._deliver()
            await self._failed.wait()
        finally:
            self._wakes = -math.inf
            self._clock.set_alarm(math.inf, self._deliver)
        if self._error is not None:
            raise self._error

    def _deliver(self) -> None:
        heap = self._heap
        self._wakes = -math.inf
        now = self._clock.now + _EARLY
        try:
            while heap and heap[0][0] <= now:
                _, _, deliver, arguments = heapq.heappop(heap)
                deliver(*arguments)
        except Exception as error:
            self._error = error
            self._failed.set()
        self._wait_for(heap[0][0] if heap else math.inf)

    def _wait_for(self, due: float) -> None:
        """Deliver what is ``due`` at the end of its tick."""
        self._wakes = math.ceil((due - _EARLY) / TICK) * TICK if due < math.inf else math.inf
        self._clock.set_alarm(self._wakes, self._deliver)
