"""The same engine without sockets, threads or wall clock, for tests and simulation."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import trio

from trio_sfu._native import SimulatedEngine
from trio_sfu.events import Journal
from trio_sfu.media.engine import PUMP_BATCH, MediaEngine
from trio_sfu.media.registry import Registry
from trio_sfu.media.settings import EngineSettings

Address: TypeAlias = tuple[str, int]
Send: TypeAlias = Callable[[Address, bytes], None]
"""Called with each datagram the engine sends, and where to."""

_ADDRESSES: Final = (("192.0.2.1", 7882),)


class SimulatedMediaEngine(MediaEngine):
    """An engine driven by trio's clock. Datagrams come by ``receive`` and leave by ``send``."""

    def __init__(
        self,
        send: Send,
        settings: EngineSettings,
        candidates: list[Address],
        seed: int,
        journal: Journal | None,
    ) -> None:
        self._engine = SimulatedEngine(
            now=_now(),
            seed=seed,
            consent_timeout_ms=round(settings.consent_timeout * 1000),
            silence_timeout_ms=round(settings.silence_timeout * 1000),
            encoding_timeout_ms=round(settings.encoding_timeout * 1000),
            source_timeout_ms=round(settings.source_timeout * 1000),
            max_transports=settings.max_transports,
            event_queue=settings.event_queue,
        )
        self._send = send
        self._candidates = candidates
        self._changed = trio.Event()
        super().__init__(
            Registry(self._engine, silence_timeout=settings.silence_timeout, journal=journal)
        )

    def candidates(self) -> list[Address]:
        """Return the addresses the simulation calls the engine's."""
        return self._candidates

    def nudge(self) -> None:
        """Have the driver look for what a command has left to do."""
        self._changed.set()

    def receive(self, source: Address, datagram: bytes) -> None:
        """Let a datagram arrive now."""
        self._engine.handle_datagram(_now(), source, datagram)
        self.nudge()

    async def drive(self) -> None:
        """Send what is due, bring events to their transports and keep deadlines, for ever."""
        while True:
            self._changed = trio.Event()
            deadline = self._engine.next_deadline()
            if deadline is not None and deadline <= _now():
                self._engine.handle_deadline(_now())
            for destination, datagram in self._engine.transmit():
                self._send(destination, datagram)
            for event in self._engine.drain_events(PUMP_BATCH):
                self.registry.dispatch(event)
            with trio.move_on_at(_until(self._engine.next_deadline())):
                await self._changed.wait()
            await trio.lowlevel.checkpoint()


def _now() -> int:
    return round(trio.current_time() * 1e9)


def _until(deadline: int | None) -> float:
    # A nanosecond late rather than early: an early look finds nothing due and spins.
    return float("inf") if deadline is None else (deadline + 1) / 1e9


@asynccontextmanager
async def open_simulated_engine(
    send: Send,
    *,
    settings: EngineSettings | None = None,
    candidates: list[Address] | None = None,
    seed: int = 0,
    journal: Journal | None = None,
) -> AsyncIterator[SimulatedMediaEngine]:
    """Start a simulated engine and the task that drives it on trio's clock."""
    engine = SimulatedMediaEngine(
        send, settings or EngineSettings(), candidates or list(_ADDRESSES), seed, journal
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(engine.drive, name="engine/drive")
        yield engine
        nursery.cancel_scope.cancel()
