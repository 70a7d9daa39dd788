"""What must be so after a fault on stage: the failure table, and the baseline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import trio
from trio.lowlevel import Task

from tests.checkpoints.scene import STAGE, Scene, until
from trio_sfu.events import PeerCrashed, RoomCrashed
from trio_sfu.ids import RoomId
from trio_sfu.testing.simulation.invariants import check

TOLD: Final = 1.0
"""Seconds within which a client is told why its session ends, and the others who has left."""
EMPTY: Final = 20.0
"""Seconds after the last leave within which nothing is left."""


@dataclass(eq=False)
class Hit:
    """What was when the fault came."""

    when: float
    role: str
    crashes: set[int] = field(default_factory=lambda: {0})
    """How many records of a failure there may be."""
    opening: bool = False
    """Whether the client's socket is not open yet."""
    listening: set[str] = field(default_factory=set)
    """Clients with a session that has not ended."""
    members: dict[str, str] = field(default_factory=dict)
    """The label each client has in the room on stage."""

    @classmethod
    def of(cls, scene: Scene, task: Task) -> "Hit":
        """Return what is now."""
        hit = cls(trio.current_time(), scene.role(task) or "")
        clients = {client.name: client.session for client in scene.world.clients}
        present = {
            name
            for name, session in clients.items()
            # What is said on a socket that is lost without a word is said to nobody.
            if session and not session.over and not session.resuming
        }
        session = clients.get(hit.whose or "")
        hit.opening = session is not None and not session.connected
        room = scene.world.daemon.rooms.rooms.get(RoomId(STAGE))
        if room is not None:
            for member in room.state.members.values():
                name = member.name.partition(".")[0]
                hit.members[name] = member.name
                if name in present and room.peers[member.id].link.departure is None:
                    hit.listening.add(name)
        return hit

    @property
    def whose(self) -> str | None:
        """Whose task it was; None when it was the room's."""
        return self.role.partition(" ")[2] or None


async def judge(scene: Scene, hit: Hit, sessions: Mapping[str, int], *, within: float) -> list[str]:
    """Return what is wrong; ``sessions`` is how many each client begins without a fault."""
    wrong = await judge_end(scene, within=within)
    wrong += _contained(scene, hit, sessions)
    wrong += _told(scene, hit)
    if scene.crashes not in hit.crashes:
        wrong.append(f"{scene.crashes} records of a failure instead of {hit.crashes}")
    return wrong


def _contained(scene: Scene, hit: Hit, sessions: Mapping[str, int]) -> Iterator[str]:
    """Yield who was disturbed without having been hit."""
    hurt = {hit.whose} if hit.whose else {scene.actor.name, scene.companion.name}
    for name, count in scene.sessions.items():
        if name not in hurt and count != sessions[name]:
            yield f"{name} began {count} sessions instead of {sessions[name]}"


def _told(scene: Scene, hit: Hit) -> Iterator[str]:
    """Yield what somebody was not told in time of the room or the peer that failed."""
    journal = scene.world.daemon.journal
    if journal.count(RoomCrashed):
        for name in hit.listening - _told_code(scene, hit, "room-failed"):
            yield f"{name} was not told that the room has failed"
    label = hit.members.get(hit.whose or "")
    if not journal.count(PeerCrashed) or label is None:
        return
    if hit.whose in hit.listening - _told_code(scene, hit, "peer-failed"):
        yield f"{label} was not told that it has failed"
    for name in hit.listening - {hit.whose}:
        told = [when for when, who, gone in scene.left if (who, gone) == (name, label)]
        if len(told) != 1 or told[0] - hit.when > TOLD:
            yield f"{name} was told that {label} has left at {told}, the fault was at {hit.when}"


def _told_code(scene: Scene, hit: Hit, expected: str) -> set[str]:
    """Return who was told a code soon after the fault."""
    return {
        who for when, who, code in scene.fatal if code == expected and 0 <= when - hit.when <= TOLD
    }


async def judge_end(scene: Scene, *, within: float) -> list[str]:
    """Return what is wrong when everybody has had time to come back, and then to leave."""
    wrong: list[str] = []
    if not await until(scene.settled, within):
        wants = [c.name for c in (scene.actor, scene.companion) if c.goal]
        wrong.append(f"present are {dict(scene.present())}, while {wants} want to be")
    scene.watching.cancel()
    wrong += [*check(scene.world), *scene.missed[:3]]
    for client in scene.world.clients:
        client.want(None)
        client.end_session("left")
    daemon = scene.world.daemon
    if not await until(lambda: daemon.census() == scene.baseline, EMPTY):
        more = {name: count - scene.baseline[name] for name, count in daemon.census().items()}
        wrong.append(f"left behind: { {name: count for name, count in more.items() if count} }")
    return wrong
