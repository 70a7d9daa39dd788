"""The policy of a drain, on virtual time."""

from typing import cast

import pytest
import trio
from trio.testing import MockClock

from tests.rooms.scripted import Scene, Someone, scene, settle
from trio_sfu import events
from trio_sfu.config import model
from trio_sfu.errors import RequestError
from trio_sfu.rooms.drain import Drain, DrainFinalError
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.options import RoomOptions
from trio_sfu.signaling.messages import Draining, Leave


def drain_of(at: Scene, deadline: float = 30.0) -> Drain:
    return Drain(model.Drain(deadline=deadline), at.rooms, at.journal)


def told(who: Someone) -> list[float | None]:
    """What a client was told of the drain, in order."""
    return [message.seconds for message in cast("list[Draining]", who.link.all(Draining))]


async def ends_after(drain: Drain) -> float:
    start = trio.current_time()
    await drain.over()
    return trio.current_time() - start


async def test_rooms_go_on_until_the_deadline_and_clients_know_it(
    autojump_clock: MockClock,
) -> None:
    async with scene() as at:
        ann, drain = await at.join(name="ann"), drain_of(at)
        drain.begin(20)
        assert told(ann) == [20]
        await trio.sleep(5)
        bob = await at.join(name="bob")
        assert told(bob) == [15], "who comes later is told what is left"
        drain.begin(60)
        assert told(ann) == [20, 60]
        assert told(bob) == [15, 60]
        assert await ends_after(drain) == 60
        assert ann.link.departure is None, "the end of the rooms is the stop's"


async def test_no_new_room_but_everybody_into_those_there_are(autojump_clock: MockClock) -> None:
    async with scene() as at:
        await at.join("here")
        drain = drain_of(at)
        drain.begin(20)
        with pytest.raises(RequestError) as refused:
            await at.join("new")
        assert refused.value.code == "server-draining"
        assert refused.value.retry_after == 5
        await at.join("here")
        drain.cancel()
        await at.join("new")
        assert events.DrainCancelled() in at.facts


async def test_who_was_in_a_room_until_just_now_gets_it_back(autojump_clock: MockClock) -> None:
    async with scene() as at:
        ann, drain = await at.join("r"), drain_of(at)
        drain.begin(20)
        await Operating(at.rooms).end_room(ann.joined.room)
        assert at.rooms.count() == (0, 0)
        again = await at.join("r", replaces=ann.joined.resume_token)
        assert told(again) == [20]


async def test_taking_it_back_is_told_and_nothing_ends(autojump_clock: MockClock) -> None:
    async with scene() as at:
        ann, drain = await at.join(), drain_of(at)
        drain.begin(20)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain.over)
            await trio.sleep(19)
            drain.cancel()
            assert told(ann) == [20, None]
            await trio.sleep(1_000)
            drain.begin(7)
            assert told(ann) == [20, None, 7]
            assert told(await at.join()) == [7]
            await trio.sleep(6.9)
            assert nursery.child_tasks
            await trio.sleep(0.2)
            assert not nursery.child_tasks


async def test_after_a_signal_the_last_to_leave_ends_it_at_once(
    autojump_clock: MockClock,
) -> None:
    async with scene() as at:
        ann, bob, drain = await at.join("a"), await at.join("b"), drain_of(at)
        drain.terminate()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain.over)
            await trio.sleep(10)
            ann.link.say(Leave())
            await settle()
            assert nursery.child_tasks, "bob is still there"
            bob.link.say(Leave())
            await settle()
            assert not nursery.child_tasks
        assert trio.current_time() < 11


async def test_an_operators_drain_lasts_until_its_deadline_though_nobody_is_left(
    autojump_clock: MockClock,
) -> None:
    async with scene() as at:
        drain = drain_of(at)
        drain.begin(20)
        assert await ends_after(drain) == 20


async def test_with_nobody_there_a_signal_stops_at_once(autojump_clock: MockClock) -> None:
    async with scene() as at:
        drain = drain_of(at)
        drain.terminate()
        assert await ends_after(drain) == 0


async def test_a_second_signal_stops_now(autojump_clock: MockClock) -> None:
    async with scene() as at:
        ann, drain = await at.join(), drain_of(at)
        drain.terminate()
        await trio.sleep(3)
        drain.terminate()
        assert await ends_after(drain) == 0
        assert told(ann) == [30, 0]


async def test_a_signal_during_an_operators_drain_shortens_it_only(
    autojump_clock: MockClock,
) -> None:
    async with scene() as at:
        ann, drain = await at.join(), drain_of(at)
        drain.begin(600)
        drain.terminate()
        assert told(ann) == [600, 30]
        drain.begin(600)
        assert told(ann) == [600, 30], "whoever sent the signal does not wait longer"
        drain.begin(5)
        assert told(ann) == [600, 30, 5]
        with pytest.raises(DrainFinalError):
            drain.cancel()
        assert await ends_after(drain) == 5


async def test_a_signal_leaves_a_nearer_end_as_it_is(autojump_clock: MockClock) -> None:
    async with scene() as at:
        ann, drain = await at.join(), drain_of(at)
        drain.begin(10)
        drain.terminate()
        assert told(ann) == [10]
        assert await ends_after(drain) == 10


async def test_a_drain_is_noted_once_for_each_deadline(autojump_clock: MockClock) -> None:
    async with scene() as at:
        drain = drain_of(at)
        drain.begin(10)
        drain.begin(10)
        drain.terminate()
        assert at.noted(events.DrainBegun) == [events.DrainBegun(10, final=False)]


async def test_after_a_signal_a_room_that_was_created_and_is_empty_holds_nothing_up(
    autojump_clock: MockClock,
) -> None:
    async with scene() as at:
        for room in ("kept", "other"):
            Operating(at.rooms).create_room(room, RoomOptions(empty_timeout=3_600))
        ann, drain = await at.join("kept"), drain_of(at)
        drain.terminate()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain.over)
            await trio.sleep(5)
            assert nursery.child_tasks
            ann.link.say(Leave())
            await settle()
            assert not nursery.child_tasks
        assert at.rooms.count() == (2, 0)
        assert trio.current_time() < 6
