"""The packet engine in trio: its life, and the pump of its events."""

import math
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import trio

from trio_sfu._native import Commands, Engine, EngineError, WorkerPanicked
from trio_sfu.errors import MediaError
from trio_sfu.events import EngineRestarted, Journal
from trio_sfu.media.registry import Registry
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.transport import Transport

PUMP_BATCH: Final = 1_024
CLOSING: Final = 5.0
RESTARTING: Final = 3.0
"""Seconds a new transport waits for an engine that is started anew."""
RESTARTS: Final = 3
RESTART_WINDOW: Final = 60.0

_BETWEEN_ENGINES: Final = {"worker-lost", "closed"}


class MediaEngine:
    """An engine and the handles of what lives in it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.restarts = 0
        """How often a worker's panic has made another engine of it."""
        self._restarted = trio.Event()

    @property
    def native(self) -> Commands:
        """The native engine; another one after a worker panicked."""
        return self.registry.native

    @asynccontextmanager
    async def transport(self, ice_ufrag: str, ice_pwd: str) -> AsyncIterator[Transport]:
        """Answer ICE checks for these credentials (RFC 8445, ICE-lite).

        While the engine is started anew, waits for it. Raises MediaError:
        too-many-transports, or the engine's own code.
        """
        try:
            try:
                handle = self.native.add_transport(ice_ufrag, ice_pwd)
            except EngineError as error:
                if error.code not in _BETWEEN_ENGINES:
                    raise
                with trio.move_on_after(RESTARTING):
                    await self._restarted.wait()
                handle = self.native.add_transport(ice_ufrag, ice_pwd)
        except EngineError as error:
            code = "too-many-transports" if error.code == "too-many" else error.code
            raise MediaError(f"the engine refuses a transport: {error}", code=code) from error
        registry = self.registry
        transport = Transport(registry, handle, self.nudge)
        registry.transports[handle] = transport
        try:
            yield transport
        finally:
            del registry.transports[handle]
            transport.close()
            registry.native.remove_transport(handle)
            self.nudge()

    def candidates(self) -> list[tuple[str, int]]:
        """Return the addresses and UDP ports transports are bound to, wildcards as they are."""
        return []

    def tcp_candidates(self) -> list[tuple[str, int]]:
        """Return the addresses and ports where clients may connect; none if they may not."""
        return []

    def census(self) -> dict[str, int]:
        """Count what exists in the engine."""
        return self.native.census()

    def counters(self) -> dict[str, int]:
        """Return the engine's monotonic counters; they begin anew with a new engine."""
        return self.native.counters()

    def progress(self) -> list[int]:
        """Return each worker's loop counter; it moves at least every 500 ms."""
        return []

    def receive_buffer(self) -> int | None:
        """Return the bytes that may wait in a socket, as the kernel counts; None without one."""
        return None

    def gso(self) -> bool:
        """Return whether UDP segmentation offload is in use."""
        return False

    def _go_on(self, registry: Registry) -> None:
        """Have another engine, and let in who waits for it."""
        self.restarts += 1
        self.registry = registry
        self._restarted.set()
        self._restarted = trio.Event()

    def nudge(self) -> None:
        """Note that a command may have left something to send, or another deadline."""


class SocketEngine(MediaEngine):
    """An engine with worker threads, UDP sockets and TCP connections."""

    def __init__(self, settings: EngineSettings, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self._engine = _start(settings, settings.addresses)
        # Peers know the port: an engine in this one's place must have the same.
        self._addresses = self._engine.local_addresses()
        self._restarts: deque[float] = deque(maxlen=RESTARTS)
        super().__init__(self._new_registry())

    def candidates(self) -> list[tuple[str, int]]:
        """Return the first worker's addresses: all transports are there."""
        return self._addresses[0]

    def tcp_candidates(self) -> list[tuple[str, int]]:
        """Return where clients may connect to the first worker; none if they may not."""
        return self._engine.tcp_addresses()[0]

    def progress(self) -> list[int]:
        """Return each worker's loop counter; it moves at least every 500 ms."""
        return self._engine.progress()

    def receive_buffer(self) -> int | None:
        """Return the bytes that may wait in a socket, as the kernel counts."""
        return self._engine.receive_buffer()

    def gso(self) -> bool:
        """Return whether UDP segmentation offload is in use."""
        return self._engine.gso()

    async def pump(self) -> None:
        """Bring the engine's events to their transports, for ever.

        Raises MediaError (engine-unstable) when workers panic too often.
        """
        while True:
            await trio.lowlevel.wait_readable(self._engine.event_fd())
            events = self._engine.drain_events(PUMP_BATCH)
            for event in events:
                self.registry.dispatch(event)
            if any(isinstance(event, WorkerPanicked) for event in events):
                await self._restart()

    async def close(self) -> None:
        """Stop the workers; the engine bounds that itself."""
        try:
            await trio.to_thread.run_sync(self._engine.close)
        except BaseException:
            # It may not have come to the thread; a second time does nothing.
            self._engine.close()
            raise

    async def _restart(self) -> None:
        # A panic may have been of any worker; nothing is shared with the new engine.
        now = trio.current_time()
        if len(self._restarts) == RESTARTS and now - self._restarts[0] < RESTART_WINDOW:
            raise MediaError("the packet engine panics again and again", code="engine-unstable")
        self._restarts.append(now)
        self.registry.lose_all("worker-lost", "the packet engine was restarted")
        await self.close()
        self._engine = _start(self._settings, self._addresses[0])
        self._go_on(self._new_registry())
        self._journal.note(EngineRestarted(self.restarts))

    def _new_registry(self) -> Registry:
        return Registry(
            self._engine, silence_timeout=self._settings.silence_timeout, journal=self._journal
        )


def _start(settings: EngineSettings, addresses: Sequence[tuple[str, int]]) -> Engine:
    return Engine(
        addresses=addresses,
        workers=settings.workers,
        consent_timeout_ms=math.ceil(settings.consent_timeout * 1000),
        silence_timeout_ms=math.ceil(settings.silence_timeout * 1000),
        encoding_timeout_ms=math.ceil(settings.encoding_timeout * 1000),
        source_timeout_ms=math.ceil(settings.source_timeout * 1000),
        max_transports=settings.max_transports,
        event_queue=settings.event_queue,
        descriptors=settings.descriptors,
        tcp_port=settings.tcp_port,
        tcp_descriptors=settings.tcp_descriptors,
    )


@asynccontextmanager
async def open_engine(
    settings: EngineSettings, journal: Journal | None = None
) -> AsyncIterator[MediaEngine]:
    """Start an engine and the task that pumps its events; ``journal`` is told of panics.

    Raises OSError when an address cannot be bound, MediaError (engine-unstable) when
    workers panic too often.
    """
    engine = SocketEngine(settings, journal or Journal())
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(engine.pump, name="engine/pump")
            yield engine
            nursery.cancel_scope.cancel()
    finally:
        with trio.move_on_after(CLOSING, shield=True):
            await engine.close()
