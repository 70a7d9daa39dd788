"""Who is on stage: one who acts, one who is with them, and two in another room.

Whatever is done to a task of the first two or of their room, the two in the other room must
not notice: no packet of theirs may be late.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import permutations
from typing import Final
from unittest.mock import patch

import trio
import trio.testing
from trio.lowlevel import Task

from trio_sfu.events import FACTS, Crash
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.signaling.messages import Error, PeerLeft, ServerMessage
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.invariants import shown_sources
from trio_sfu.testing.simulation.network import Conditions
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.transport import PERIOD
from trio_sfu.testing.simulation.world import World, open_world

STAGE: Final = "amber"
ELSEWHERE: Final = "birch"
GAP: Final = PERIOD + 0.06
"""Seconds between two packets of a source nobody disturbs: the period, and the way."""
FRESH: Final = 2 * PERIOD
"""Seconds within which something has come of a source that somebody sees."""
_STEP: Final = 0.05
_LAST: Final = 20
"""Lines of the story that explain a failure."""


@dataclass(eq=False)
class Scene:
    """A world, and what is seen in it."""

    world: World
    baseline: dict[str, int]
    unsettled: float = 0.0
    """When last somebody was not where they wanted to be."""
    missed: list[str] = field(default_factory=list)
    """What the bystanders missed."""
    fatal: list[tuple[float, str, str]] = field(default_factory=list)
    """When which client was told that its session ends, and the code."""
    left: list[tuple[float, str, str]] = field(default_factory=list)
    """When which client was told that a peer (by its label) has left."""
    watching: trio.CancelScope = field(default_factory=trio.CancelScope)
    _labels: dict[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> SimulatedClient:
        return self.world.clients[0]

    @property
    def companion(self) -> SimulatedClient:
        return self.world.clients[1]

    @property
    def bystanders(self) -> list[SimulatedClient]:
        return self.world.clients[2:]

    @property
    def crashes(self) -> int:
        """How many crash records there are."""
        journal = self.world.daemon.journal
        return sum(journal.count(kind) for kind in FACTS if issubclass(kind, Crash))

    @property
    def sessions(self) -> dict[str, int]:
        """How many sessions each client has begun."""
        return {client.name: client._sessions for client in self.world.clients}

    # ---- whose task it is --------------------------------------------------------------

    def role(self, task: Task) -> str | None:
        """Return whose task it is, of those on stage."""
        up: Task | None = task
        while up is not None:
            found = self._own_role(up.name)
            if found is not None:
                return found
            up = up.parent_nursery.parent_task if up.parent_nursery is not None else None
        return None

    def _own_role(self, name: str) -> str | None:
        if name.startswith("connection of "):
            who = name.removeprefix("connection of ")
            return f"session {who}" if who in (self.actor.name, self.companion.name) else None
        if name.startswith(f"{STAGE}/p-"):
            return f"peer {self._label(name.split('/')[1]).partition('.')[0]}"
        return "room" if name == f"room {STAGE}" or name.startswith(f"{STAGE}/") else None

    def _label(self, peer: str) -> str:
        found = self.world.daemon.rooms.find(PeerId(peer))
        if found is not None:
            self._labels[peer] = found.name
        return self._labels.get(peer, "?")

    def outside(self, scope: trio.CancelScope) -> bool:
        """Return whether to cancel a scope is to cancel what is above all on stage."""
        rooms = self.world.daemon.rooms._nursery
        return scope is self.world.server.cancel_scope or (
            rooms is not None and scope is rooms.cancel_scope
        )

    # ---- what is seen ------------------------------------------------------------------

    def hear(self, session: ClientSession, message: ServerMessage) -> None:
        """Note what a client is told."""
        now, who = trio.current_time(), session.label.partition(".")[0]
        match message:
            case Error() if message.fatal:
                self.fatal.append((now, who, message.code))
            case PeerLeft():
                self.left.append((now, who, self._label(message.peer)))
            case _:
                pass

    async def watch(self) -> None:
        """Note each gap in what the bystanders receive of each other."""
        with self.watching:
            while True:
                await trio.sleep(_STEP)
                if not self.settled():
                    self.unsettled = trio.current_time()
                for viewer, other in (self.bystanders, self.bystanders[::-1]):
                    self.missed.extend(_gaps(viewer, other))

    def present(self) -> Counter[str]:
        """Return the labels of the peers in the room on stage."""
        room = self.world.daemon.rooms.rooms.get(RoomId(STAGE))
        return Counter(peer.name for peer in room.peers.values()) if room is not None else Counter()

    def settled(self) -> bool:
        """Return whether just those are in the room who want to be, and see each other."""
        sessions = [c.session for c in (self.actor, self.companion) if c.goal == STAGE]
        there = [session for session in sessions if session is not None and session.settled]
        return (
            len(there) == len(sessions)
            and self.present() == Counter(session.label for session in there)
            and all(sees(*pair) for pair in permutations(there, 2))
        )

    def state(self) -> str:
        """Say where everybody is, what failed, and the end of the story: for who has to explain."""
        where = ", ".join(_where(client) for client in self.world.clients)
        failed = " | ".join([*self.world.broken, *self.world.journal.crashes][:3]) or "nothing"
        last = "\n".join([*self.world.story.lines][-_LAST:])
        return f"{where}; {self.crashes} records of a failure, unplanned: {failed}\n{last}"


def _where(client: SimulatedClient) -> str:
    session = client.session
    how = "none" if session is None else "settled" if session.settled else "not settled"
    return f"{client.name} wants {client.goal}, session {client._sessions}: {how}"


def sees(viewer: ClientSession, other: ClientSession) -> bool:
    """Return whether something has just come of each source that is shown."""
    now = trio.current_time()
    return all(
        now - viewer.last_media.get((other.label, source), -FRESH) <= FRESH
        for source in shown_sources(other)
    )


def _gaps(viewer: SimulatedClient, other: SimulatedClient) -> Iterator[str]:
    now = trio.current_time()
    if viewer.session is None or other.session is None:
        yield f"{now:.2f}: {viewer.name} or {other.name} has no session"
        return
    for source in ("microphone", "camera"):
        last = viewer.session.last_media.get((other.session.label, source), 0.0)
        if now - last > GAP:
            yield f"{now:.2f}: {viewer.name} lacks {other.name} {source}"


async def until(condition: Callable[[], bool], within: float) -> bool:
    """Wait in steps for something that has no event; return whether it came about."""
    deadline = trio.current_time() + within
    while not condition():
        if trio.current_time() >= deadline:
            return False
        await trio.sleep(_STEP)
    return True


@asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    """Have the bystanders see each other in their room, and the companion in the other."""
    heard = ClientSession._hear
    async with open_world(1, 4) as world, trio.open_nursery() as nursery:
        await trio.testing.wait_all_tasks_blocked()
        scene = Scene(world, world.daemon.census())

        def hear(session: ClientSession, message: ServerMessage) -> None:
            scene.hear(session, message)
            heard(session, message)

        for client in world.clients:
            client.host.conditions = Conditions(delay=0.01, jitter=0.0)
        with patch.object(ClientSession, "_hear", hear):
            scene.companion.want(STAGE)
            for client in scene.bystanders:
                client.want(ELSEWHERE)
            settled = await until(lambda: scene.settled() and _see(*scene.bystanders), 10)
            assert settled, f"not settled: {scene.state()}"
            nursery.start_soon(scene.watch, name="watch")
            yield scene
            nursery.cancel_scope.cancel()


def _see(one: SimulatedClient, other: SimulatedClient) -> bool:
    """Return whether two clients see each other."""
    pair = one.session, other.session
    return all(a is not None and b is not None and sees(a, b) for a, b in (pair, pair[::-1]))
