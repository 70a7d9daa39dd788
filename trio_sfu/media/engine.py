"""The packet engine in trio: its life, and the pump of its events."""

import math
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

from trio_sfu._native import Commands, Engine, EngineError, WorkerPanicked
from trio_sfu.errors import MediaError
from trio_sfu.events import EngineRestarted, Journal
from trio_sfu.media.placement import Placement
from trio_sfu.media.registry import Registry
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.transport import Transport

PUMP_BATCH: Final = 1_024
CLOSING: Final = 5.0
RESTARTING: Final = 3.0
"""Seconds a new transport waits for an engine that is started anew."""
RESTARTS: Final = 3
RESTART_WINDOW: Final = 60.0


class MediaEngine:
    """An engine and the handles of what lives in it."""

    def __init__(self, registry: Registry, placement: Placement | None = None) -> None:
        self.registry = registry
        self.placement = placement or Placement(1, math.inf)
        self.restarts = 0
        """How often a worker has panicked and was started anew."""
        self._restarted: defaultdict[int, trio.Event] = defaultdict(trio.Event)
        """By worker: who waits for one is not let in by another."""

    @property
    def native(self) -> Commands:
        """The native engine."""
        return self.registry.native

    @asynccontextmanager
    async def transport(
        self, ice_ufrag: str, ice_pwd: str, *, worker: int = 0
    ) -> AsyncIterator[Transport]:
        """Answer ICE checks for these credentials (RFC 8445, ICE-lite), on a worker.

        While that is started anew, waits for it. Raises MediaError:
        too-many-transports, or the engine's own code.
        """
        try:
            try:
                handle = self.native.add_transport(ice_ufrag, ice_pwd, worker=worker)
            except EngineError as error:
                if error.code != "worker-lost":
                    raise
                with trio.move_on_after(RESTARTING):
                    await self._restarted[worker].wait()
                handle = self.native.add_transport(ice_ufrag, ice_pwd, worker=worker)
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

    def candidates(self, worker: int = 0) -> list[tuple[str, int]]:  # noqa: ARG002
        """Return the addresses and UDP ports of a worker's transports, wildcards as they are."""
        return []

    def tcp_candidates(self, worker: int = 0) -> list[tuple[str, int]]:  # noqa: ARG002
        """Return where clients may connect to a worker; none if they may not."""
        return []

    def census(self) -> dict[str, int]:
        """Count what exists in the engine."""
        return self.native.census()

    def counters(self) -> dict[str, int]:
        """Return the engine's monotonic counters, of all workers."""
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

    def _go_on(self, worker: int) -> None:
        """Have a worker again, and let in who waits for it."""
        self.restarts += 1
        self.placement.lost.discard(worker)
        self._restarted.pop(worker, trio.Event()).set()

    def nudge(self) -> None:
        """Note that a command may have left something to send, or another deadline."""


class SocketEngine(MediaEngine):
    """An engine with worker threads, UDP sockets and TCP connections."""

    def __init__(self, settings: EngineSettings, journal: Journal) -> None:
        self._journal = journal
        self._engine = _start(settings)
        self._addresses = self._engine.local_addresses()
        self._tcp_addresses = self._engine.tcp_addresses()
        self._restarts: deque[float] = deque(maxlen=RESTARTS)
        registry = Registry(self._engine, silence_timeout=settings.silence_timeout, journal=journal)
        super().__init__(registry, Placement(settings.workers, settings.spread_above))

    def candidates(self, worker: int = 0) -> list[tuple[str, int]]:
        """Return the addresses and UDP ports of a worker's transports, wildcards as they are."""
        return self._addresses[worker]

    def tcp_candidates(self, worker: int = 0) -> list[tuple[str, int]]:
        """Return where clients may connect to a worker; none if they may not."""
        return self._tcp_addresses[worker]

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
            self.placement.lost |= {
                event.worker for event in events if isinstance(event, WorkerPanicked)
            }
            for event in events:
                self.registry.dispatch(event)
            for event in events:
                if isinstance(event, WorkerPanicked):
                    await self._restart(event.worker)
            self.placement.forwarded(trio.current_time(), self._engine.forwarded())

    async def close(self) -> None:
        """Stop the workers; the engine bounds that itself."""
        try:
            await trio.to_thread.run_sync(self._engine.close)
        except BaseException:
            # It may not have come to the thread; a second time does nothing.
            self._engine.close()
            raise

    async def _restart(self, worker: int) -> None:
        now = trio.current_time()
        if len(self._restarts) == RESTARTS and now - self._restarts[0] < RESTART_WINDOW:
            raise MediaError("the packet engine panics again and again", code="engine-unstable")
        self._restarts.append(now)
        # Peers know its port, which it has again. What is on other workers goes on.
        await trio.to_thread.run_sync(self._engine.restart_worker, worker)
        self._go_on(worker)
        self._journal.note(EngineRestarted(self.restarts))


def _start(settings: EngineSettings) -> Engine:
    return Engine(
        addresses=settings.addresses,
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
