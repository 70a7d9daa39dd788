"""A locked room: nobody new gets in, and who is inside stays and comes back."""

from typing import cast

import pytest
import trio
from trio.testing import MockClock

from tests.access.minting import NOW, policy, token
from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from tests.rooms.test_rights import ROOM, may, refusal
from trio_sfu import events
from trio_sfu.access import Gate
from trio_sfu.ids import RoomId
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.signaling.messages import LockRoom, RoomLocked
from trio_sfu.webrtc.events import Connected

BOB = may(sub="bob", subscribe=True)
MO = may(sub="mo", moderate=True)
ANYWHERE = token(sub="zoe", name="zoe", room="*", rights={"publish": [], "subscribe": True})


@pytest.fixture
def gate() -> Gate:
    return Gate(policy(), lambda: NOW)


async def lock(peer: Someone, *, locked: bool = True) -> None:
    peer.link.say(LockRoom(locked=locked))
    await settle()


def locked(peer: Someone) -> bool:
    """Return whether the room is locked, as far as somebody knows."""
    told = cast("list[RoomLocked]", peer.link.all(RoomLocked))
    return bool(told) and told[-1].locked


async def locked_room(s: Scene) -> tuple[Someone, Someone]:
    mo, ann = await s.join(ROOM, token=MO), await s.join(ROOM, token=may(sub="ann"))
    await lock(mo)
    return mo, ann


async def test_nobody_new_gets_in_until_it_is_unlocked(gate: Gate) -> None:
    async with scene(gate) as s:
        mo, ann = await locked_room(s)
        assert locked(mo)
        assert locked(ann)
        [told] = cast("list[RoomLocked]", ann.link.all(RoomLocked))
        assert (told.by, told.name) == (mo.id, "mo")
        assert await refusal(s, BOB) == "room-locked"
        assert s.journal.by_label(events.JoinRefused) == {"room-locked": 1}
        await lock(mo, locked=False)
        assert not locked(ann)
        await s.join(ROOM, token=BOB)
        noted = cast("list[events.Moderation]", s.noted(events.Moderation))
        assert [(each.action, each.identity) for each in noted] == [
            ("lock", "mo"),
            ("unlock", "mo"),
        ]


async def test_who_may_not_moderate_locks_nothing(gate: Gate) -> None:
    async with scene(gate) as s:
        ann = await s.join(ROOM, token=may(sub="ann"))
        await lock(ann)
        assert ann.errors == ["moderate-denied"]
        await s.join(ROOM, token=BOB)


async def test_a_moderator_gets_in_for_somebody_has_to_unlock_it(gate: Gate) -> None:
    async with scene(gate) as s:
        mo, ann = await locked_room(s)
        mo.link.vanish(Departure.LEFT)
        await settle()
        other = await s.join(ROOM, token=may(sub="other", moderate=True))
        assert locked(other)
        await lock(other, locked=False)
        assert not locked(ann)


async def test_who_is_inside_resumes_and_rejoins(gate: Gate, autojump_clock: MockClock) -> None:
    async with scene(gate, grace=15) as s:
        _, ann = await locked_room(s)
        await ann.happen(Connected())
        ann.link.vanish(Departure.LOST)
        await settle()
        link = ScriptedLink()
        s.rooms.resume(ann.joined.resume_token, link)
        await settle()
        assert locked(Someone(link, ann.pc))
        again = await s.join(ROOM, token=may(sub="ann"), replaces=ann.joined.resume_token)
        assert locked(again)
        # Its place is gone by now, but it was there until just now.
        again.link.vanish(Departure.LOST)
        await trio.sleep(60)
        assert await s.join(ROOM, token=may(sub="ann"), replaces=again.joined.resume_token)


async def test_a_seat_in_another_room_is_no_key(gate: Gate) -> None:
    async with scene(gate) as s:
        await locked_room(s)
        zoe = await s.join("other", token=ANYWHERE)
        assert await refusal(s, ANYWHERE, replaces=zoe.joined.resume_token) == "room-locked"


async def test_who_was_put_out_does_not_come_back() -> None:
    # Without tokens there is no identity that could be barred.
    async with scene() as s:
        ann, bob = await s.join(ROOM), await s.join(ROOM)
        s.rooms.rooms[RoomId(ROOM)].commons.lock = RoomLocked(locked=True)
        await Operating(s.rooms).remove_peer(ROOM, bob.id)
        assert await refusal(s, None, replaces=bob.joined.resume_token) == "room-locked"
        assert await s.join(ROOM, replaces=ann.joined.resume_token)


async def test_an_operator_moves_somebody_into_a_locked_room(gate: Gate) -> None:
    async with scene(gate) as s:
        await locked_room(s)
        bob = await s.join("other", token=ANYWHERE)
        await Operating(s.rooms).move_peer("other", bob.id, ROOM)
        moved = await s.join(ROOM, token=ANYWHERE, replaces=bob.joined.resume_token)
        assert locked(moved)


async def test_the_lock_outlives_an_error_of_the_room(gate: Gate) -> None:
    async with scene(gate) as s:
        _, ann = await locked_room(s)
        room = s.rooms.rooms[RoomId(ROOM)]
        assert room.nursery is not None

        async def fail() -> None:
            await trio.lowlevel.checkpoint()
            raise RuntimeError("a defect")

        room.nursery.start_soon(fail)
        await settle()
        assert await refusal(s, BOB) == "room-locked"
        again = await s.join(ROOM, token=may(sub="ann"), replaces=ann.joined.resume_token)
        assert locked(again)
        assert await refusal(s, BOB) == "room-locked"


async def test_it_ends_with_the_last_one_inside(gate: Gate) -> None:
    async with scene(gate) as s:
        operating = Operating(s.rooms)
        operating.create_room(ROOM, RoomOptions())
        mo, ann = await locked_room(s)
        assert operating.report_room(ROOM).locked
        for one in (mo, ann):
            one.link.vanish(Departure.LEFT)
            await settle()
        assert not operating.report_room(ROOM).locked
        assert not locked(await s.join(ROOM, token=BOB))
