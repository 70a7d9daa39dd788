import pytest
import trio
from trio.testing import MockClock

from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from trio_sfu import events
from trio_sfu.errors import RequestError
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.tracing import start_traced
from trio_sfu.signaling.messages import Join, Offer, PeerLeft


async def fail() -> None:
    await trio.lowlevel.checkpoint()
    raise ZeroDivisionError("a defect")


async def break_room(s: Scene, room: str = "r") -> None:
    nursery = s.rooms.rooms[room].nursery  # type: ignore[index]
    assert nursery is not None
    start_traced(nursery, fail, f"{room}/broken")
    await settle()


async def test_an_error_in_a_peers_task_ends_that_peer_only() -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join(room="other")
        bob.link.say(Offer(id=1, sdp="defect"))
        await settle()
        assert bob.link.ended == ["peer-failed"]
        assert bob.pc.closed
        assert ann.left == [(bob.id, "failed")]
        assert ann.link.departure is None
        assert eve.link.departure is None
        assert not ann.pc.closed


async def test_a_peers_error_is_noted_once_with_its_path_and_cause() -> None:
    async with scene() as s:
        await s.join()
        bob = await s.join()
        bob.link.say(Offer(id=1, sdp="defect"))
        await settle()
        (crash,) = s.noted(events.PeerCrashed)
        assert isinstance(crash, events.PeerCrashed)
        assert crash.failure.path == f"r/{bob.id}/requests"
        (cause,) = crash.failure.causes
        assert (cause.type, cause.message) == ("KeyError", "'a defect in negotiation'")


async def test_an_error_of_the_engine_for_a_viewer_ends_the_viewer_not_the_publisher() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await ann.offer("microphone")
        await bob.offer()
        bob.pc.slots["a0"].error = RuntimeError("a defect")
        await ann.publish("microphone")
        assert bob.link.ended == ["peer-failed"]
        assert ann.link.departure is None
        assert ann.left == [(bob.id, "failed")]


async def test_an_error_in_a_rooms_task_ends_that_room_only() -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join(room="other")
        await break_room(s)
        assert ann.link.ended == bob.link.ended == ["room-failed"]
        assert ann.pc.closed
        assert bob.pc.closed
        assert not [m for m in ann.link.heard if isinstance(m, PeerLeft)]
        assert eve.link.departure is None
        assert set(s.rooms.rooms) == {"other"}
        (crash,) = s.noted(events.RoomCrashed)
        assert isinstance(crash, events.RoomCrashed)
        assert crash.failure.path == "r/broken"


async def test_who_is_in_a_room_that_is_ended_is_told_before_the_media_ends() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        s.rooms.rooms[RoomId("r")].end("room-closed")
        assert ann.link.ended == bob.link.ended == ["room-closed"]
        assert not ann.pc.closed
        await settle()
        assert ann.pc.closed
        assert not [m for m in ann.link.heard if isinstance(m, PeerLeft)]


async def stray(s: Scene, peer: str) -> None:
    found = s.rooms.find(PeerId(peer))
    assert found is not None
    assert found.nursery is not None
    found.nursery.cancel_scope.cancel()


@pytest.mark.parametrize("how", ["raised", "cancelled"])
async def test_a_client_is_told_of_an_error_before_its_media_ends(how: str) -> None:
    async with scene() as s:
        bob = await s.join()
        bob.pc.goodbye = trio.Event()
        if how == "raised":
            bob.link.say(Offer(id=1, sdp="defect"))
        else:
            await stray(s, bob.id)
        await settle()
        assert not bob.pc.closed
        assert bob.link.ended == ["peer-failed"]
        bob.pc.goodbye.set()
        await settle()
        (failure,) = s.journal.failures.recent()
        assert bob.link.failure == failure.id
        assert failure.code == "peer-failed"


async def test_what_fails_while_a_failed_peer_ends_is_another_failure() -> None:
    async with scene() as s:
        bob = await s.join()
        bob.pc.goodbye = trio.Event()
        bob.pc.breaks = True
        bob.link.say(Offer(id=1, sdp="defect"))
        await settle()
        bob.pc.goodbye.set()
        await settle()
        last, first = s.journal.failures.recent()
        assert bob.link.failure == first.id
        assert [cause.type for cause in first.causes] == ["KeyError"]
        assert [cause.type for cause in last.causes] == ["OSError"]


async def test_a_rooms_record_names_nobody() -> None:
    async def gossip() -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError("Ann Example and Bob Example")

    async with scene() as s:
        await s.join(name="Ann Example")
        await s.join(name="Bob Example")
        nursery = s.rooms.rooms[RoomId("r")].nursery
        assert nursery is not None
        start_traced(nursery, gossip, "r/gossip")
        await settle()
        (failure,) = s.journal.failures.recent()
        assert failure.causes[0].message == "<name> and <name>"


async def test_a_room_that_failed_is_there_again_for_who_joins() -> None:
    async with scene() as s:
        await s.join()
        await break_room(s)
        ann, bob = await s.join(), await s.join()
        assert [peer.id for peer in bob.joined.peers] == [ann.id]


async def test_a_room_that_fails_three_times_in_a_minute_stays_closed_for_it(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        for _ in range(3):
            await s.join()
            await break_room(s)
            await trio.sleep(1)
        with pytest.raises(RequestError) as refused:
            await s.rooms.join(Join(room="r", name="n"), ScriptedLink())
        assert refused.value.code == "room-unavailable"
        await s.join(room="other")
        await trio.sleep(58)
        assert (await s.join()).joined.room == "r"


async def test_peers_that_were_about_to_start_are_told_too() -> None:
    async with scene() as s:
        await s.join()
        nursery = s.rooms.rooms["r"].nursery  # type: ignore[index]
        assert nursery is not None
        link = ScriptedLink()
        nursery.cancel_scope.cancel()
        start_traced(nursery, fail, "r/broken")
        await s.rooms.join(Join(room="r", name="n"), link)
        await settle()
        assert link.ended == ["room-failed"]


async def test_the_room_forgets_a_peer_before_its_handles_go() -> None:
    async with scene() as s:
        await s.join()
        bob, eve = await s.join(), await s.join()
        bob.link.say(Offer(id=1, sdp="defect"))
        await settle()
        eve.link.end()
        await settle()
        assert bob.pc.told_before_close.count(events.PeerLeft) == 1
        assert eve.pc.told_before_close.count(events.PeerLeft) == 2


async def test_churn_leaves_no_task() -> None:
    def tasks() -> int:
        def below(task: trio.lowlevel.Task) -> int:
            children = [c for nursery in task.child_nurseries for c in nursery.child_tasks]
            return 1 + sum(below(child) for child in children)

        return below(trio.lowlevel.current_task())

    async with scene() as s:
        await settle()
        before = tasks()
        people: list[Someone] = [await s.join(room=f"r{n % 5}") for n in range(25)]
        assert tasks() > before + 25 * 3
        for n, someone in enumerate(people):
            if n % 3 == 0:
                someone.link.say(Offer(id=1, sdp="defect"))
            elif n % 3 == 1:
                someone.link.end()
            else:
                someone.link.say(Join(room="x", name="n"))
        await settle()
        assert tasks() == before
        assert all(connection.closed for connection in s.connections)


async def test_the_last_peer_is_told_of_its_end_before_its_room_ends() -> None:
    async with scene() as s:
        alone = await s.join()
        peer = s.rooms.find(PeerId(alone.id))
        assert peer is not None
        assert peer.nursery is not None
        peer.nursery.cancel_scope.cancel()
        await settle()
        assert alone.link.ended == ["peer-failed"]
        assert not s.rooms.rooms
