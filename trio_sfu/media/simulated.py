"""The same engine without sockets, threads or wall clock, for tests and simulation."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NoReturn, TypeAlias, cast

import trio

from trio_sfu._native import Commands, EngineError, SimulatedEngine, WorkerPanicked
from trio_sfu.events import EngineRestarted, Journal
from trio_sfu.media.engine import PUMP_BATCH, MediaEngine
from trio_sfu.media.registry import Registry
from trio_sfu.media.settings import EngineSettings

Address: TypeAlias = tuple[str, int]
Send: TypeAlias = Callable[[Address, bytes], None]
"""Called with each datagram the engine sends, and where to."""

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
        self.panicked = False
        """Whether the engine is lost and the next one has not started."""
        self._journal = journal or Journal()
        super().__init__(self._new_registry())

    def _new_registry(self) -> Registry:
        timeout = self._settings.silence_timeout
        return Registry(self._engine, silence_timeout=timeout, journal=self._journal)

    def _start(self) -> SimulatedEngine:
        settings = self._settings
        return SimulatedEngine(
            now=_now(),
            seed=self._seed,
            consent_timeout_ms=round(settings.consent_timeout * 1000),
            silence_timeout_ms=round(settings.silence_timeout * 1000),
            encoding_timeout_ms=round(settings.encoding_timeout * 1000),
            source_timeout_ms=round(settings.source_timeout * 1000),
            max_transports=settings.max_transports,
            event_queue=settings.event_queue,
        )

    def candidates(self) -> list[Address]:
        """Return the addresses the simulation calls the engine's."""
        return self._candidates

    def nudge(self) -> None:
        """Have the driver look for what a command has left to do."""
        self._changed.set()

    def receive(self, source: Address, datagram: bytes) -> None:
        """Let a datagram arrive now."""
        if not self.panicked:
            self._engine.handle_datagram(_now(), source, datagram)
            self.nudge()

    def panic(self) -> None:
        """Lose all that is in the engine, as when a worker panics; another follows at once."""
        self.panicked = True
        registry, lost = self.registry, cast("Commands", _LostEngine())
        registry.native = lost
        for transport in registry.transports.values():
            transport._native = lost
        for _, track in registry.up_tracks.values():
            track._native = lost
        for _, slot in registry.slots.values():
            slot._native = lost
        self.nudge()

    async def drive(self) -> None:
        """Send what is due, bring events to their transports and keep deadlines, for ever."""
        while True:
            self._changed = trio.Event()
            if self.panicked:
                await self._restart()
            deadline = self._engine.next_deadline()
            if deadline is not None and deadline <= _now():
                self._engine.handle_deadline(_now())
            for destination, datagram in self._engine.transmit():
                self._send(destination, datagram)
            for event in self._engine.drain_events(PUMP_BATCH):
                self.registry.dispatch(event)
            with trio.move_on_at(self._until(self._engine.next_deadline())):
                await self._changed.wait()

    async def _restart(self) -> None:
        self.registry.dispatch(WorkerPanicked(0, "simulated"))
        await trio.sleep(_RESTART)
        self._seed += 1
        self._engine = self._start()
        self.panicked = False
        self._go_on(self._new_registry())
        self._journal.note(EngineRestarted(self.restarts))

    def _until(self, deadline: int | None) -> float:
        if deadline is None:
            return math.inf
        # A nanosecond late rather than early: an early look finds nothing due and spins.
        due = (deadline + 1) / 1e9
        return math.ceil(due / self._tick) * self._tick if self._tick else due


class _LostEngine:
    """What is left of an engine whose worker has panicked, for those who hold it."""

    def __getattr__(self, command: str) -> Callable[..., object]:
        return _ignore if command.startswith("remove_") else _refuse

    def census(self) -> dict[str, int]:
        return {}

    def counters(self) -> dict[str, int]:
        return {}


def _ignore(*_arguments: object, **_options: object) -> None:
    """Do nothing: what has gone is gone."""


def _refuse(*_arguments: object, **_options: object) -> NoReturn:
    error = EngineError("the worker has panicked")
    error.code = "worker-lost"
    raise error


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
