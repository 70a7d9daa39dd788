"""The same engine without sockets, threads or wall clock, for tests and simulation."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import trio

from trio_sfu._native import SimulatedEngine, WorkerPanicked
from trio_sfu.events import EngineRestarted, Journal
from trio_sfu.media.engine import PUMP_BATCH, MediaEngine
from trio_sfu.media.placement import Placement
from trio_sfu.media.registry import Registry
from trio_sfu.media.settings import EngineSettings

Address: TypeAlias = tuple[str, int]
Send: TypeAlias = Callable[[Address, bytes, int], None]
"""Called with each datagram the engine sends, where to and by which worker."""

_ADDRESSES: Final = (("192.0.2.1", 7882),)
_RESTART: Final = 0.05
"""Seconds from a panic to the next engine."""


class SimulatedMediaEngine(MediaEngine):
    """An engine driven by trio's clock. Datagrams come by ``receive`` and leave by ``send``."""

    def __init__(
        self,
        send: Send,
        settings: EngineSettings,
        candidates: list[Address],
        seed: int,
        tick: float,
        journal: Journal | None,
    ) -> None:
        self._settings = settings
        self._seed = seed
        self._tick = tick
        self._engine = self._start()
        self._send = send
        self._candidates = candidates
        self._changed = trio.Event()
        self._restarting: dict[int, float] = {}
        """The workers that are lost, and when each begins anew."""
        self._journal = journal or Journal()
        timeout = settings.silence_timeout
        registry = Registry(self._engine, silence_timeout=timeout, journal=self._journal)
        super().__init__(registry, Placement(settings.workers, settings.spread_above))

    @property
    def panicked(self) -> bool:
        """Whether a worker is lost and has not been started anew."""
        return bool(self.placement.lost)

    def _start(self) -> SimulatedEngine:
        settings = self._settings
        return SimulatedEngine(
            now=_now(),
            seed=self._seed,
            workers=settings.workers,
            consent_timeout_ms=round(settings.consent_timeout * 1000),
            silence_timeout_ms=round(settings.silence_timeout * 1000),
            encoding_timeout_ms=round(settings.encoding_timeout * 1000),
            source_timeout_ms=round(settings.source_timeout * 1000),
            max_transports=settings.max_transports,
            event_queue=settings.event_queue,
        )

    def candidates(self, worker: int = 0) -> list[Address]:
        """Return the addresses the simulation calls the worker's."""
        return [(host, port + worker) for host, port in self._candidates]

    def nudge(self) -> None:
        """Have the driver look for what a command has left to do."""
        self._changed.set()

    def receive(self, source: Address, datagram: bytes, worker: int = 0) -> None:
        """Let a datagram arrive at a worker now."""
        self._engine.handle_datagram(_now(), source, datagram, worker=worker)
        self.nudge()

    def panic(self, worker: int = 0) -> None:
        """Lose all that is in a worker, as when it panics; another follows at once."""
        if worker not in self.placement.lost:
            self.placement.lost.add(worker)
            self._engine.lose_worker(worker, "simulated")
            self.nudge()

    async def drive(self) -> None:
        """Send what is due, bring events to their transports and keep deadlines, for ever."""
        while True:
            # One scope for as long as no deadline comes: most of the time it is nudged.
            with trio.CancelScope() as waiting:
                await self._drive(waiting)

    async def _drive(self, waiting: trio.CancelScope) -> None:
        while True:
            self._changed = trio.Event()
            for worker, due in [*self._restarting.items()]:
                if due <= trio.current_time():
                    self._restart(worker)
            deadline = self._engine.next_deadline()
            if deadline is not None and deadline <= _now():
                self._engine.handle_deadline(_now())
            for worker in range(self.placement.workers):
                for destination, datagram in self._engine.transmit(worker=worker):
                    self._send(destination, datagram, worker)
            for event in self._engine.drain_events(PUMP_BATCH):
                self.registry.dispatch(event)
                if isinstance(event, WorkerPanicked):
                    self._restarting[event.worker] = trio.current_time() + _RESTART
            until = self._until(self._engine.next_deadline())
            waiting.deadline = min([until, *self._restarting.values()])
            await self._changed.wait()

    def _restart(self, worker: int) -> None:
        del self._restarting[worker]
        self._engine.restart_worker(worker, seed=self.placement.workers + self.restarts)
        self._go_on(worker)
        self._journal.note(EngineRestarted(self.restarts))

    def _until(self, deadline: int | None) -> float:
        if deadline is None:
            return math.inf
        # A nanosecond late rather than early: an early look finds nothing due and spins.
        due = (deadline + 1) / 1e9
        return math.ceil(due / self._tick) * self._tick if self._tick else due


def _now() -> int:
    return round(trio.current_time() * 1e9)


@asynccontextmanager
async def open_simulated_engine(
    send: Send,
    *,
    settings: EngineSettings | None = None,
    candidates: list[Address] | None = None,
    seed: int = 0,
    tick: float = 0.0,
    journal: Journal | None = None,
) -> AsyncIterator[SimulatedMediaEngine]:
    """Start a simulated engine and the task that drives it on trio's clock.

    ``tick``: its deadlines are kept at the next multiple of so many seconds; 0: exactly.
    """
    engine = SimulatedMediaEngine(
        send, settings or EngineSettings(), candidates or list(_ADDRESSES), seed, tick, journal
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(engine.drive, name="engine/drive")
        yield engine
        nursery.cancel_scope.cancel()
