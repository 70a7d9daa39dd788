"""Whom something new about a peer concerns: nobody else is planned anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from unittest.mock import patch

import trio

from tests.rooms.scripted import Someone, scene, settle
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.rooms.dynacast import HOLD
from trio_sfu.rooms.planning import Planning
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import Tile
from trio_sfu.signaling.messages import Leave, SendEncodings
from trio_sfu.signaling.messages import View as ViewMessage
from trio_sfu.webrtc.events import EncodingIdle, EncodingStarted, EncodingStopped, SlotShows


@contextmanager
def planned() -> Iterator[list[str]]:
    """Have the views that are planned noted."""
    seen: list[str] = []
    real = Planning._plan

    def noted(self: Planning, now: float, peer: str) -> None:
        seen.append(peer)
        real(self, now, peer)  # type: ignore[arg-type]

    with patch.object(Planning, "_plan", noted):
        yield seen


async def film(someone: Someone, *rids: str) -> None:
    await someone.offer("microphone", "camera", "screen", "screen-audio")
    await someone.publish("camera")
    for rid in rids or ("q", "h", "f"):
        await someone.happen(EncodingStarted("camera", rid))


async def test_who_comes_to_watch_changes_nobodys_plan() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await film(ann)
        await bob.offer()
        await settle()
        with planned() as seen:
            cid = await s.join()
            await cid.offer()
            await settle()
        assert set(seen) == {cid.id}
        assert cid.shown["v0"] == (ann.id, "camera")


async def test_who_watched_and_leaves_concerns_those_who_had_a_place_for_them() -> None:
    async with scene() as s:
        ann, bob, cid = await s.join(), await s.join(), await s.join()
        await film(ann)
        for viewer in (bob, cid):
            await viewer.offer()
        await settle()
        with planned() as seen:
            cid.link.say(Leave())
            await settle()
        assert set(seen) == {ann.id, bob.id}
        assert bob.shown["v0"] == (ann.id, "camera")


async def test_who_had_no_place_anywhere_leaves_and_nobody_is_planned() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await film(ann)
        await bob.offer()
        cid = await s.join()
        await cid.offer()
        await settle()
        with planned() as seen:
            cid.link.say(Leave())
            await settle()
        assert seen == []
        assert bob.shown["v0"] == (ann.id, "camera")


async def test_a_screen_that_ends_after_its_first_packet_gives_the_camera_back() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await film(ann)
        await bob.offer()
        for _ in range(2):
            await ann.publish("screen")
            await ann.happen(EncodingStarted("screen", ""))
            assert bob.shown["v0"] == (ann.id, "screen")
            await ann.happen(EncodingIdle("screen", ""))
            assert bob.shown["v0"] == (ann.id, "screen")
            await ann.happen(EncodingStopped("screen", ""))
            await ann.publish("screen", live=False)
            assert bob.shown["v0"] == (ann.id, "camera")


async def test_who_wants_to_see_one_alone_is_not_planned_for_others() -> None:
    async with scene() as s:
        ann, bob, cid = await s.join(), await s.join(), await s.join()
        await film(ann)
        await bob.offer()
        room = s.rooms.rooms[RoomId("r")]
        room.peers[PeerId(bob.id)].view.only = ann.id
        await settle()
        with planned() as seen:
            await film(cid)
            await settle()
        assert bob.id not in seen
        with planned() as seen:
            await ann.publish("camera", muted=True)
            await settle()
        assert bob.id in seen


async def test_one_more_who_publishes_in_a_full_meeting_concerns_nobody() -> None:
    async with scene() as s:
        people = [await s.join() for _ in range(3)]
        for each in people:
            await film(each)
            await each.publish("microphone")
        viewer, cid = await s.join(), await s.join()
        await viewer.offer(pairs=2)
        assert viewer.shown["v1"] == (people[1].id, "camera")
        assert viewer.shown["a2"] == (people[2].id, "microphone")
        with planned() as seen:
            await film(cid)
            await cid.publish("microphone")
        assert viewer.id not in seen
        with planned() as seen:
            await cid.publish("screen")
            await cid.happen(EncodingStarted("screen", ""))
        assert viewer.id in seen, "a screen entitles to a seat"


async def test_while_more_may_be_heard_a_microphone_is_put_into_its_place() -> None:
    async with scene() as s:
        people = [await s.join() for _ in range(3)]
        for each in people:
            await film(each)
        viewer, cid = await s.join(), await s.join()
        await viewer.offer(pairs=2)
        await cid.offer("microphone")
        await cid.publish("microphone")
        assert viewer.shown["a2"] == (cid.id, "microphone")


async def test_a_seat_that_goes_dark_is_for_whoever_publishes_then() -> None:
    async with scene() as s:
        people = [await s.join() for _ in range(3)]
        for each in people:
            await film(each)
        viewer, cid = await s.join(), await s.join()
        await viewer.offer(pairs=2)
        for each in people:
            await each.publish("camera", live=False)
        assert viewer.shown["v0"] is None
        await film(cid)
        assert (cid.id, "camera") in viewer.shown.values()


async def test_who_has_nothing_to_send_takes_no_seat() -> None:
    async with scene() as s:
        bob, *watchers = [await s.join() for _ in range(3)]
        for each in watchers:
            await each.offer()
        await bob.offer(pairs=1)
        ann = await s.join()
        await film(ann)
        assert bob.shown["v0"] == (ann.id, "camera")
        view = s.rooms.rooms[RoomId("r")].peers[PeerId(bob.id)].view
        assert not view.crowded
        assert not any(view.seats(PeerId(each.id)) for each in watchers)


async def test_another_size_on_the_screen_plans_that_viewer_once_and_seats_nobody_anew() -> None:
    async with scene() as s:
        ann, bob, cid = await s.join(), await s.join(), await s.join()
        await film(ann)
        for viewer in (bob, cid):
            await viewer.offer()
        with planned() as seen, patch.object(View, "seat") as seat:
            await look(bob, ann, 320)
            await bob.happen(SlotShows("v0", ann.pc.tracks["camera"].id, "q"))
            await trio.sleep(1)
        assert seen == [bob.id]
        seat.assert_not_called()


async def test_who_is_to_come_before_others_is_seated_at_once() -> None:
    async with scene() as s:
        ann, bob, cid = await s.join(), await s.join(), await s.join()
        for publisher in (ann, cid):
            await film(publisher)
        await bob.offer(pairs=1)
        assert bob.shown["v0"] == (ann.id, "camera")
        bob.link.say(ViewMessage(tiles=[Tile(peer=cid.id, pinned=True)]))
        await trio.sleep(6)
        assert bob.shown["v0"] == (cid.id, "camera")


async def test_an_encoding_stops_when_the_last_slot_has_left_it_and_no_sooner() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await film(ann)
        await bob.offer()
        track = ann.pc.tracks["camera"].id
        await bob.happen(SlotShows("v0", track, "f"))
        await look(bob, ann, 320)
        await trio.sleep(HOLD + 1)
        # The keyframe of the smaller one has not come yet.
        assert all("f" in rids for rids in told(ann))
        await bob.happen(SlotShows("v0", track, "q"))
        await trio.sleep(HOLD + 1)
        assert told(ann)[-1] == ["q"]


def told(publisher: Someone) -> list[list[str]]:
    return [each.rids for each in cast("list[SendEncodings]", publisher.link.all(SendEncodings))]


async def look(viewer: Someone, other: Someone, width: int) -> None:
    tile = Tile(peer=other.id, width=width, height=width * 9 // 16)
    viewer.link.say(ViewMessage(tiles=[tile]))
    await settle()
