"""Fifty people in a room, and one who watches with slots for few of them."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from unittest.mock import patch

import trio

from tests.rooms.talking import FRAME, Sound
from trio_sfu.rooms.listening import Listening
from trio_sfu.rooms.speakers import Speakers as SpeakersOfRoom
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import SlotState, Source
from trio_sfu.signaling.messages import Answer, ServerMessage, Slots, SlotShows, Speakers
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.description import Layout
from trio_sfu.testing.simulation.packets import Received
from trio_sfu.testing.simulation.session import ClientSession
from trio_sfu.testing.simulation.world import World, open_world

ROOM: Final = "amber"
SLOTS: Final = Layout(pairs=3, video_only=6, audio_only=0)
"""Nine slots of video, and three of audio, which are in pairs with the first three."""
NONE: Final = Layout(pairs=0)


@dataclass
class Meeting:
    """A viewer, those who publish, and what the viewer was told and received."""

    world: World
    nursery: trio.Nursery
    told: list[tuple[float, ServerMessage]] = field(default_factory=list)
    heard: list[tuple[float, str, Received]] = field(default_factory=list)
    """When, on which slot, and what: of what came since it was last cleared."""
    cpu: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of CPU time of each call of the control plane that this is about."""

    word: list[float] = field(default_factory=list)
    """Seconds until each new speaker was heard."""
    seen: list[float] = field(default_factory=list)
    """Seconds until each was in front."""
    turns_ended: float = 0.0

    @property
    def viewer(self) -> ClientSession:
        return session_of(self.world.clients[0])

    @property
    def publishers(self) -> list[SimulatedClient]:
        return self.world.clients[1:]

    def talk(self, client: SimulatedClient, sound: Sound, seconds: float) -> None:
        """Have somebody make a sound for so long."""
        self.nursery.start_soon(_talk, session_of(client), sound, seconds)

    def of(self, kind: type[ServerMessage]) -> Iterator[tuple[float, Any]]:
        """Yield the viewer's messages of a kind, with their times."""
        return (each for each in self.told if type(each[1]) is kind)

    def place(self, client: SimulatedClient, source: Source) -> str | None:
        """Return the slot in which the viewer is shown a source of somebody."""
        joined = session_of(client).joined
        assert joined is not None
        return find(self.viewer.slots.values(), joined.peer, source)

    def in_front(self, said: Slots, client: SimulatedClient) -> bool:
        """Return whether a mapping has somebody's camera in a pair with audio."""
        joined = session_of(client).joined
        mid = find(said.slots, joined.peer, "camera") if joined is not None else None
        return mid is not None and int(mid[1:]) < SLOTS.pairs

    def mappings(self, since: float) -> Iterator[tuple[float, Slots]]:
        """Yield the mapping there was then, and each since then, with its time."""
        before = [each for each in self.of(Slots) if each[0] < since][-1:]
        yield from ((since, said) for _, said in before)
        yield from (each for each in self.of(Slots) if each[0] >= since)

    def history(self, mid: str) -> str:
        """Tell what a slot was mapped to, for a test that fails."""
        names = {s.joined.peer: s.label for c in self.publishers if (s := c.session) and s.joined}
        told = ((when, state) for when, said in self.of(Slots) for state in said.slots)
        who = [(when, names.get(state.peer or "")) for when, state in told if state.mid == mid]
        return " ".join(
            f"{when:.2f} {after}" for (_, before), (when, after) in pairwise(who) if after != before
        )

    def changes(self, kind: str) -> dict[str, list[float]]:
        """Return when each slot of audio or video changed from one peer to another."""
        found: dict[str, list[float]] = {}
        maps = [
            (when, {each.mid: each.peer for each in said.slots}) for when, said in self.of(Slots)
        ]
        for (_, before), (when, after) in pairwise(maps):
            for mid, peer in after.items():
                if mid[0] == kind[0] and before.get(mid) not in (None, peer):
                    found.setdefault(mid, []).append(when)
        return found


def session_of(client: SimulatedClient) -> ClientSession:
    assert client.session is not None
    return client.session


def find(slots: Iterable[SlotState], peer: str, source: Source) -> str | None:
    return next((each.mid for each in slots if (each.peer, each.source) == (peer, source)), None)


async def _talk(session: ClientSession, sound: Sound, seconds: float) -> None:
    begun = trio.current_time()
    for number, level in zip(range(round(seconds / FRAME)), sound.levels(), strict=False):
        await trio.sleep_until(begun + number * FRAME)
        session.transport.speak(min(127, max(0, level)))


@asynccontextmanager
async def meeting(publishers: int) -> AsyncIterator[Meeting]:
    """Have them join, and wait until all is calm."""
    async with (
        open_world(0, publishers + 1, remembered=1_000) as world,
        trio.open_nursery() as nursery,
    ):
        room = Meeting(world, nursery)
        with _watched(room), _timed(room.cpu):
            world.clients[0].layout = SLOTS
            world.clients[0].wishes = {}
            for client in world.clients:
                client.layout = client.layout if client is world.clients[0] else NONE
                client.want(ROOM)
                await trio.sleep(0.05)
            await trio.sleep(8)
            assert all(session_of(client).settled for client in world.clients)
            yield room
            nursery.cancel_scope.cancel()
            assert not world.broken
            assert not world.journal.crashes


@contextmanager
def _watched(room: Meeting) -> Iterator[None]:
    """Note what the viewer is told and what comes."""
    hear, media = ClientSession._hear, ClientSession._media

    def note(self: ClientSession, message: ServerMessage) -> None:
        if self.label.startswith("c1.") and isinstance(
            message, Slots | SlotShows | Speakers | Answer
        ):
            room.told.append((trio.current_time(), message))
        hear(self, message)

    def receive(self: ClientSession, mid: str, received: Received) -> None:
        if self.label.startswith("c1."):
            room.heard.append((trio.current_time(), mid, received))
        media(self, mid, received)

    with (
        patch.object(ClientSession, "_hear", note),
        patch.object(ClientSession, "_media", receive),
    ):
        yield


@contextmanager
def _timed(cpu: dict[str, list[float]]) -> Iterator[None]:
    with ExitStack() as stack:
        for what, where, name in (
            ("a level", Listening, "_hear"),
            ("a step", SpeakersOfRoom, "step"),
            ("a plan with twelve slots", View, "plan"),
        ):
            stack.enter_context(
                patch.object(where, name, _clocked(getattr(where, name), cpu, what))
            )
        yield


def _clocked(call: Any, cpu: dict[str, list[float]], what: str) -> Any:
    taken = cpu.setdefault(what, [])

    def clocked(*arguments: Any, **options: Any) -> Any:
        begun = time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            # Those who have no slots are planned in no time.
            if not isinstance(arguments[0], View) or len(arguments[0].lines) > NONE.audio_only:
                taken.append(time.thread_time() - begun)

    return clocked
