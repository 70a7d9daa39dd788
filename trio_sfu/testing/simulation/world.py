"""A daemon with a simulated engine and door, the network, and the clients."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final, cast

import trio

from trio_sfu import events
from trio_sfu.config.model import Config
from trio_sfu.daemon import Daemon
from trio_sfu.events import Fact, Failure, Journal
from trio_sfu.ids import PeerId
from trio_sfu.listeners.head import parse_head, read_head
from trio_sfu.listeners.replay import ReplayStream
from trio_sfu.listeners.upgrade import serve_signaling
from trio_sfu.media.simulated import Address, open_simulated_engine
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.handshake import open_simulated_association
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.packets import Received
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.story import Story
from trio_sfu.testing.simulation.wire import WireEnd, wire

ENGINE: Final[Address] = ("192.0.2.1", 7882)
ROOMS: Final = ("amber", "birch")
PLANNED: Final = {"InjectedFault", "StrayCancelError"}
"""The errors that the faults of a story come to."""
_HEAD_LIMIT_S: Final = 10.0


@dataclass(eq=False)
class World:
    """Everything there is. Made by ``open_world``."""

    daemon: Daemon
    network: Network
    random: Random
    story: Story
    journal: "WorldJournal"
    server: trio.Nursery
    clients: list[SimulatedClient] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What was seen that must not be."""
    crowded: dict[str, float] = field(default_factory=dict)
    """When a room last had more peers than a viewer has slots for."""
    checked: Counter[str] = field(default_factory=Counter)
    """How often an invariant had something to look at: one that never has proves nothing."""

    def dial(self, host: Host) -> WireEnd:
        """Open a connection from a host to the daemon's port."""
        near, far = wire(self.network, host)
        self.server.start_soon(self._serve, far, name=f"connection of {host.name}")
        return near

    async def _serve(self, stream: WireEnd) -> None:
        # As listeners.port serves an accepted connection: a crash group of its own.
        try:
            await self._dispatch(stream)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* Exception as error:
            name = trio.lowlevel.current_task().name
            failure = Failure.of(error, code="connection-failed", path=name)
            self.daemon.journal.note(events.ConnectionCrashed(failure))
        finally:
            stream.reset()

    async def _dispatch(self, stream: WireEnd) -> None:
        data = b""
        with trio.move_on_after(_HEAD_LIMIT_S):
            data = await read_head(stream)
        head = parse_head(data)
        if head is None or not head.wants_signaling():
            return
        replayed = ReplayStream(data, cast("trio.SocketStream", stream))
        await serve_signaling(
            head, replayed, self.daemon.serve_socket, origins=[], journal=self.daemon.journal
        )

    def media(self, session: ClientSession, mid: str, received: Received) -> None:
        """Check a packet that came to a client."""
        tag = received.tag
        self.checked["packets"] += 1
        if tag.room != session.room:
            self.broken.append(f"{session.label} in {session.room} received {tag}")
        elif tag.sender == session.label:
            self.broken.append(f"{session.label} received its own {tag.source}")
        elif mid == "?":
            self.broken.append(f"{session.label} received {tag} on no slot of its answer")

    def labels(self) -> dict[PeerId, str]:
        """Return the client's name for each peer the daemon has."""
        return {
            peer.id: peer.name
            for room in self.daemon.rooms.rooms.values()
            for peer in room.peers.values()
        }


class WorldJournal:
    """Tells the daemon's facts in the story, and keeps crashes nobody planned."""

    def __init__(self, story: Story) -> None:
        self.crashes: list[str] = []
        self.world: World | None = None
        self._story = story
        self._names: dict[PeerId, str] = {}

    def note(self, fact: Fact) -> None:
        """Note a fact of the daemon."""
        names = self.world.labels() if self.world is not None else {}
        self._names |= names
        words = [type(fact).__name__]
        for name in getattr(fact, "__slots__", ()):
            value = getattr(fact, name)
            if isinstance(value, Failure):
                value = self._crash(fact, value)
            words.append(str(self._names.get(value, value)) if value else "-")
        self._story.tell("daemon", " ".join(words))
        if isinstance(fact, events.PeerLeft):
            self._names.pop(fact.peer, None)

    def _crash(self, fact: Fact, failure: Failure) -> str:
        kinds = [cause.type for cause in failure.causes]
        if not set(kinds) <= PLANNED:
            self.crashes.append(f"{type(fact).__name__} in {failure.path}: {failure.text()}")
        return f"{failure.path} {', '.join(kinds)}"


@asynccontextmanager
async def open_world(seed: int, clients: int) -> AsyncIterator[World]:
    """Start a daemon, and clients that want to be nowhere yet."""
    random = Random(f"world {seed}")
    story = Story()
    network = Network(Random(f"network {seed}"), ENGINE)
    journal = WorldJournal(story)
    noted = Journal(journal.note)
    async with (
        open_simulated_engine(
            network.send_down, candidates=[ENGINE], seed=seed, journal=noted
        ) as engine,
        trio.open_nursery() as nursery,
    ):
        network.serve(lambda source, _, datagram: engine.receive(source, datagram))
        daemon = Daemon(
            Config(),
            engine,
            journal=noted,
            associate=open_simulated_association,
        )
        await nursery.start(daemon.rooms.run, name="rooms")
        nursery.start_soon(network.run, name="network")
        world = journal.world = World(daemon, network, random, story, journal, nursery)
        for number in range(1, clients + 1):
            client = SimulatedClient(
                f"c{number}",
                network,
                Random(f"client {seed} {number}"),
                dial=world.dial,
                story=story,
                on_media=world.media,
                wrong=world.broken.append,
            )
            world.clients.append(client)
            nursery.start_soon(client.live, name=client.name)
        yield world
        nursery.cancel_scope.cancel()
