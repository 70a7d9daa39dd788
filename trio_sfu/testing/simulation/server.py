"""The server of a simulation: a daemon with a simulated engine and door, life after life."""

from collections.abc import Callable
from random import Random
from typing import Final, cast

import trio

from trio_sfu import events
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon
from trio_sfu.events import Fact, Failure, Journal
from trio_sfu.listeners.head import parse_head, read_head
from trio_sfu.listeners.replay import ReplayStream
from trio_sfu.listeners.upgrade import serve_signaling
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.simulated import Address, SimulatedMediaEngine, open_simulated_engine
from trio_sfu.testing.simulation.handshake import open_simulated_association
from trio_sfu.testing.simulation.network import TICK, Host, Network
from trio_sfu.testing.simulation.wire import WireEnd, wire

ENGINE: Final[Address] = ("192.0.2.1", 7882)
_HEAD_LIMIT_S: Final = 10.0


class Server:
    """A daemon, and another one at the same address when it was killed. Made by ``open_world``."""

    daemon: Daemon
    engine: SimulatedMediaEngine
    nursery: trio.Nursery
    """The parent of the daemon's tasks."""
    task: trio.lowlevel.Task
    """The one that all of the server's tasks are below."""

    def __init__(
        self, network: Network, note: Callable[[Fact], None], config: Config, seed: int
    ) -> None:
        self.up = False
        self.started = trio.Event()
        """Set when it is up for the first time."""
        self._network = network
        self._note = note
        self._config = config
        media = config.media
        self._settings = EngineSettings(workers=media.workers, spread_above=media.spread_above)
        self._seeds = Random(f"server {seed}")
        self._killed = trio.Event()
        self._down_for = 0.0
        self._panics: list[float] = []
        self._streams: set[WireEnd] = set()

    async def run(self) -> None:
        """Live, and live again after each kill, for ever."""
        self.task = trio.lowlevel.current_task()
        while True:
            await self._live()
            await trio.sleep(self._down_for)

    def may_panic(self, now: float, limit: int, window: float) -> bool:
        """Return whether the engine may panic now without that ending the daemon; note it."""
        self._panics = [then for then in self._panics if now - then < window]
        if len(self._panics) >= limit:
            return False
        self._panics.append(now)
        return True

    def kill(self, down_for: float) -> None:
        """Be killed (-9): nobody is told anything. Another starts after so many seconds."""
        self.up = False
        self._down_for = down_for
        self._network.serve(None)
        # The kernel closes what the process had; nothing else of it reaches anybody.
        for stream in self._streams:
            stream.reset()
        self._streams.clear()
        self._killed.set()

    async def _live(self) -> None:
        self._killed = killed = trio.Event()
        seed = self._seeds.getrandbits(32)
        workers = [(ENGINE[0], ENGINE[1] + each) for each in range(self._settings.workers)]

        def send(destination: Address, datagram: bytes, worker: int) -> None:
            if not killed.is_set():
                self._network.send_down(destination, datagram, workers[worker])

        def note(fact: Fact) -> None:
            if not killed.is_set():
                self._note(fact)

        journal = Journal(note)
        async with (
            open_simulated_engine(
                send,
                settings=self._settings,
                candidates=[ENGINE],
                seed=seed,
                tick=TICK,
                journal=journal,
            ) as self.engine,
            trio.open_nursery() as self.nursery,
        ):
            engine = self.engine

            def receive(source: Address, destination: Address, datagram: bytes) -> None:
                engine.receive(source, datagram, destination[1] - ENGINE[1])

            self._network.serve(receive, self._settings.workers)
            self.daemon = Daemon(
                self._config,
                engine,
                journal=journal,
                associate=open_simulated_association,
            )
            await self.nursery.start(self.daemon.rooms.run, name="rooms")
            self.up = True
            self.started.set()
            await killed.wait()
            self.nursery.cancel_scope.cancel()

    def dial(self, host: Host) -> WireEnd:
        """Open a connection from a host to the daemon's port."""
        near, far = wire(self._network, host)
        if self.up:
            self._streams.add(far)
            self.nursery.start_soon(self._serve, far, name=f"connection of {host.name}")
        else:
            far.reset()
        return near

    async def _serve(self, stream: WireEnd) -> None:
        # As listeners.port serves an accepted connection: a crash group of its own.
        journal = self.daemon.journal
        try:
            await self._dispatch(stream)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* Exception as error:
            name = trio.lowlevel.current_task().name
            failure = Failure.of(error, code="connection-failed", path=name)
            journal.note(events.ConnectionCrashed(failure))
        finally:
            stream.reset()
            self._streams.discard(stream)

    async def _dispatch(self, stream: WireEnd) -> None:
        daemon = self.daemon
        data = b""
        with trio.move_on_after(_HEAD_LIMIT_S):
            data = await read_head(stream)
        head = parse_head(data)
        if head is None or not head.wants_signaling():
            return
        replayed = ReplayStream(data, cast("trio.SocketStream", stream))
        await serve_signaling(
            head, replayed, daemon.serve_socket, origins=[], journal=daemon.journal
        )
