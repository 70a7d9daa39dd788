"""A server, the network, the clients, and what is seen of them."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from math import inf
from random import Random
from typing import Final

import trio

from trio_sfu import events
from trio_sfu.config.model import Config, Media
from trio_sfu.daemon import Daemon
from trio_sfu.events import Fact, Failure
from trio_sfu.ids import PeerId
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.conversation import Agreement
from trio_sfu.testing.simulation.network import Network
from trio_sfu.testing.simulation.packets import Received
from trio_sfu.testing.simulation.server import ENGINE, Server
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.stalls import Stalls
from trio_sfu.testing.simulation.story import Story
from trio_sfu.testing.simulation.transport import PERIOD

ROOMS: Final = ("amber", "birch")
PLANNED: Final = {"InjectedFault", "StrayCancelError"}
"""The errors that the faults of a story come to."""


@dataclass(eq=False)
class World:
    """Everything there is. Made by ``open_world``."""

    process: Server
    network: Network
    random: Random
    story: Story
    journal: "WorldJournal"
    clients: list[SimulatedClient] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What was seen that must not be."""
    crowded: dict[str, float] = field(default_factory=dict)
    """When a room last had more peers than a viewer has slots for."""
    troubled: float = 0.0
    """When something last happened to the server that everybody has to get over."""
    deafened: float = -inf
    """When a connection of the server last ended by an error: a goodbye on it is not heard."""
    checked: Counter[str] = field(default_factory=Counter)
    """How often an invariant had something to look at: one that never has proves nothing."""

    def __post_init__(self) -> None:
        self.stalls = Stalls(self._stalled)
        self.agreement = Agreement()

    def _stalled(self, task: trio.lowlevel.Task, seconds: float) -> None:
        self.story.tell("stall", f"{task.name} makes no step for {seconds:g} s")
        self.trouble(for_more=seconds)

    @property
    def daemon(self) -> Daemon:
        """The daemon that lives now, or the one that lived last."""
        return self.process.daemon

    @property
    def server(self) -> trio.Nursery:
        """The parent of the daemon's tasks."""
        return self.process.nursery

    def trouble(self, *, for_more: float = 0.0) -> None:
        """Note that everybody has to get over something."""
        self.troubled = trio.current_time()
        for client in self.clients:
            client.trouble(for_more=for_more)

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
        self._names: dict[str, str] = {}

    def note(self, fact: Fact) -> None:
        """Note a fact of the daemon."""
        if self.world is not None and isinstance(fact, events.ConnectionCrashed):
            self.world.deafened = trio.current_time()
        names = self.world.labels() if self.world is not None else {}
        self._names.update(names.items())
        words = [type(fact).__name__]
        for value in (getattr(fact, each.name) for each in fields(fact)):
            told = self._crash(fact, value) if isinstance(value, Failure) else value
            words.append(str(self._names.get(told, told)) if told else "-")
        self._story.tell("daemon", " ".join(words))
        if isinstance(fact, events.PeerLeft):
            self._names.pop(fact.peer, None)

    def _crash(self, fact: Fact, failure: Failure) -> str:
        kinds = [cause.type for cause in failure.causes]
        # The only panics there are come from a story's own step.
        if not (set(kinds) <= PLANNED or isinstance(fact, events.EngineFailed)):
            self.crashes.append(f"{type(fact).__name__} in {failure.path}: {failure.text()}")
        return f"{failure.path} {', '.join(kinds)}"


@asynccontextmanager
async def open_world(
    seed: int, clients: int, *, remembered: int | None = None, workers: int = 1
) -> AsyncIterator[World]:
    """Start a server, and clients that want to be nowhere yet.

    ``remembered``: how many lines of the story are kept; None: all. ``workers`` of the engine
    share the peers of each room.
    """
    random = Random(f"world {seed}")
    story = Story(remembered)
    network = Network(Random(f"network {seed}"), ENGINE)
    journal = WorldJournal(story)
    config = Config(media=Media(workers=workers, spread_above=1 if workers > 1 else 100_000))
    server = Server(network, journal.note, config, seed)
    world = World(server, network, random, story, journal)
    journal.world = world
    async with trio.open_nursery() as nursery:
        with world.stalls.watching():
            nursery.start_soon(server.run, name="server")
            await server.started.wait()
            nursery.start_soon(network.run, name="network")
            for number in range(1, clients + 1):
                client = SimulatedClient(
                    f"c{number}",
                    network,
                    Random(f"client {seed} {number}"),
                    dial=server.dial,
                    story=story,
                    on_media=world.media,
                    wrong=world.broken.append,
                )
                world.clients.append(client)
                nursery.start_soon(client.live, name=client.name)
            nursery.start_soon(_tick, world.clients, name="ticks")
            yield world
            nursery.cancel_scope.cancel()


async def _tick(clients: Sequence[SimulatedClient]) -> None:
    # All at the same moments, and by one task: a run costs what its moments and tasks cost.
    while True:
        await trio.sleep_until((trio.current_time() // PERIOD + 1) * PERIOD)
        for client in clients:
            if client.session is not None:
                client.session.tick()
