"""Who only tests its connection: let in as for the room, and seen by nobody there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock

from tests.access.minting import NOW, policy, token
from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from tests.rooms.test_rights import ROOM, may
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.config.model import Overload, Video
from trio_sfu.errors import RequestError
from trio_sfu.events import Journal
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.trials import Trials
from trio_sfu.signaling.messages import Join, Offer
from trio_sfu.webrtc.events import Connected

TRIAL, OTHER = "0123456789abcdef", "fedcba9876543210"


@dataclass
class Trying:
    """A scene, and the trials beside its rooms."""

    scene: Scene
    trials: Trials
    facts: list[object] = field(default_factory=list)

    async def join(self, trial: str = TRIAL, text: str | None = None, room: str = ROOM) -> Someone:
        link = ScriptedLink()
        await self.trials.join(Join(room=room, name="test", token=text, trial=trial), link)
        await settle()
        return Someone(link, self.scene.connections[-1])


@asynccontextmanager
async def trying(gate: Gate | None = None) -> AsyncIterator[Trying]:
    async with scene(gate) as s, trio.open_nursery() as nursery:
        facts: list[object] = []
        trials = Trials(
            s._connect,
            Journal(facts.append),
            Admission(Overload(), lambda: Level.NORMAL),
            gate or Gate(),
            relays=lambda _peer: [],
            video=Video(),
        )
        nursery.start_soon(trials.run)
        await settle()
        yield Trying(s, trials, facts)
        nursery.cancel_scope.cancel()


async def test_the_parties_of_a_trial_meet_and_nobody_else_sees_them() -> None:
    async with trying() as t:
        ann = await t.scene.join(ROOM)
        first, second = await t.join(), await t.join()
        stranger = await t.join(OTHER)
        assert [peer.id for peer in second.joined.peers] == [first.id]
        assert first.joined.room == f"{ROOM}/{TRIAL}"
        assert stranger.joined.peers == []
        assert ann.news_of(first) == []
        assert t.scene.rooms.count() == (1, 1)
        assert t.facts == []


async def test_a_trial_uses_no_token_up_and_needs_one_that_is_right() -> None:
    gate = Gate(policy(), lambda: NOW)
    once = token(jti="1", once=True, room=ROOM)
    async with trying(gate) as t:
        for _ in range(2):
            await t.join(text=once)
        await t.scene.join(ROOM, token=once)
        with pytest.raises(RequestError) as used:
            await t.join(text=once)
        assert used.value.code == "token-used"
        with pytest.raises(RequestError) as wrong:
            await t.join(text=may(), room="another")
        assert wrong.value.code == "token-room-wrong"


async def test_a_party_comes_back() -> None:
    async with trying() as t:
        party = await t.join()
        await party.happen(Connected())
        party.link.vanish(Departure.LOST)
        await settle()
        assert t.trials.resume(party.joined.resume_token, ScriptedLink())
        assert not t.trials.resume("nobody's", ScriptedLink())


async def test_a_trial_is_no_room_to_stay_in(autojump_clock: MockClock) -> None:
    async with trying() as t:
        party = await t.join()
        await party.happen(Connected())
        await trio.sleep(119)
        assert party.link.ended == []
        await trio.sleep(2)
        assert party.link.ended == ["trial-over"]
        await t.join()


async def test_an_error_in_a_trial_is_noted_and_nothing_else_is() -> None:
    async with trying() as t:
        party = await t.join()
        party.link.say(Offer(id=1, sdp="defect"))
        await settle()
        assert [type(fact) for fact in t.facts] == [events.PeerCrashed]
        assert party.link.ended == ["peer-failed"]
