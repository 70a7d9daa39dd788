"""Rooms by the API: listed, created with options, closed, and gone when nobody needs them."""

from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from tests.http.staging import stage
from tests.rooms.scripted import Someone, settle
from trio_sfu import events
from trio_sfu.errors import RequestError
from trio_sfu.ids import RoomId
from trio_sfu.signaling.messages import RoomLocked, SendCodec, SlotQuality
from trio_sfu.webrtc.events import EncodingStarted

USUAL: dict[str, Any] = {
    "max_peers": None,
    "codecs": [],
    "svc": None,
    "video": "high",
    "empty_timeout": 300,
}


async def test_a_room_that_was_created_is_there_without_anybody() -> None:
    async with stage() as s:
        answer = await s.ask("/rooms", "POST", {"room": "standup"})
        assert (answer.status, answer.headers["location"]) == (201, "/api/v1/rooms/standup")
        made = answer.json()
        assert made == {
            "room": "standup",
            "age": 0.0,
            "locked": False,
            "options": USUAL,
            "peers": [],
        }
        assert await s.told("/rooms/standup") == made
        assert await s.told("/rooms") == {"rooms": [made]}
        [noted] = s.scene.noted(events.Moderation)
        assert (noted.action, noted.by, noted.room) == ("create-room", "operator", "standup")  # type: ignore[attr-defined]
        peer = await s.scene.join("standup")
        assert [each["peer"] for each in (await s.told("/rooms/standup"))["peers"]] == [peer.id]


async def test_a_room_that_a_peer_has_opened_has_no_options() -> None:
    async with stage() as s:
        await s.scene.join("r")
        assert (await s.told("/rooms/r"))["options"] is None


async def test_a_locked_room_lets_nobody_new_in_and_tells_who_is_there() -> None:
    async with stage() as s:
        peer = await s.scene.join("r")
        assert (await s.ask("/rooms/r/lock", "PUT", {"locked": True})).status == 204
        assert (await s.ask("/rooms/r/lock", "PUT", {"locked": True})).status == 204
        assert (await s.told("/rooms/r"))["locked"]
        await settle()
        [told] = cast("list[RoomLocked]", peer.link.all(RoomLocked))
        assert (told.locked, told.by, told.name) == (True, "", "")
        await s.ask("/rooms/r/lock", "PUT", {"locked": False})
        assert not (await s.told("/rooms/r"))["locked"]
        noted = cast("list[events.Moderation]", s.scene.noted(events.Moderation))
        assert [(each.action, each.by) for each in noted] == [
            ("lock", "operator"),
            ("unlock", "operator"),
        ]
        assert (await s.ask("/rooms/other/lock", "PUT", {"locked": True})).status == 404
        assert (await s.ask("/rooms/r/lock", "PUT", {})).status == 400


async def test_it_ends_when_it_has_been_empty_for_long(autojump_clock: MockClock) -> None:
    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r", "empty_timeout": 60})
        await trio.sleep(59)
        peer = await s.scene.join("r")
        await trio.sleep(600)
        assert (await s.told("/rooms/r"))["peers"]
        peer.link.end()
        await trio.sleep(59)
        assert (await s.told("/rooms/r"))["peers"] == []
        await trio.sleep(2)
        assert await s.refused("/rooms/r") == (404, "not-found")
        assert len(s.scene.noted(events.RoomClosed)) == 1
        # It may be created again, and another room of that name is an ordinary one.
        await s.scene.join("r")
        assert (await s.told("/rooms/r"))["options"] is None


async def test_one_nobody_comes_to_ends_too(autojump_clock: MockClock) -> None:
    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r", "empty_timeout": 1})
        await trio.sleep(2)
        assert s.scene.rooms.count() == (0, 0)


async def test_it_has_room_for_as_many_as_it_says() -> None:
    async with stage(max_peers=3) as s:
        await s.told("/rooms", "POST", {"room": "small", "max_peers": 1})
        await s.scene.join("small")
        with pytest.raises(RequestError, match="full"):
            await s.scene.join("small")


async def test_it_has_the_codecs_that_it_says() -> None:
    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r", "codecs": ["av1"], "svc": True})
        told = []
        for room in ("r", "usual"):
            publisher = await s.scene.join(room)
            publisher.pc.encodes = {"camera": ["vp8", "av1"]}
            await publisher.offer("camera")
            told.append(publisher.link.all(SendCodec))
        assert told == [[SendCodec(source="camera", codec="av1", svc=True)], []]


async def shown(viewer: Someone) -> list[str | None]:
    """Return why each slot of video that is mapped shows nothing."""
    newest = cast("SlotQuality", viewer.link.all(SlotQuality)[-1])
    return [slot.paused for slot in newest.slots]


@pytest.mark.parametrize(("most", "paused"), [("screens", "room"), ("high", None)])
async def test_it_has_no_more_video_than_it_says(
    most: str, paused: str | None, autojump_clock: MockClock
) -> None:
    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r", "video": most})
        viewer, publisher = await s.scene.join("r"), await s.scene.join("r")
        await viewer.offer()
        await publisher.offer("camera")
        await publisher.happen(EncodingStarted("camera", "h", None))
        await publisher.publish("camera")
        await trio.sleep(1)
        assert await shown(viewer) == [paused]
        # Overload lets less through than that, or the room does.
        s.scene.rooms.limit_video("none")
        await trio.sleep(1)
        assert await shown(viewer) == [paused or "overload"]


async def test_a_room_that_fails_is_what_it_was_before(autojump_clock: MockClock) -> None:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError("a defect")

    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r", "max_peers": 7})
        peer = await s.scene.join("r")
        for failures in (1, 2, 3):
            before = s.scene.rooms.rooms[RoomId("r")]
            assert before.nursery is not None
            before.nursery.start_soon(fail)
            await before.gone.wait()
            await settle()
            if failures < 3:
                assert (await s.told("/rooms/r"))["options"]["max_peers"] == 7
                assert s.scene.rooms.rooms[RoomId("r")] is not before
        assert peer.link.ended == ["room-failed"]
        # It failed too often.
        assert await s.refused("/rooms/r") == (404, "not-found")
        assert await s.refused("/rooms", "POST", {"room": "r"}) == (503, "room-unavailable")


async def test_a_room_is_closed() -> None:
    async with stage() as s:
        await s.told("/rooms", "POST", {"room": "r"})
        peer = await s.scene.join("r")
        assert (await s.ask("/rooms/r", "DELETE")).status == 204
        assert peer.link.ended == ["room-closed"]
        assert await s.refused("/rooms/r", "DELETE") == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "bad-request")),
        ({"room": ""}, (400, "bad-request")),
        ({"room": "a/b"}, (400, "bad-request")),
        ({"room": "r\n"}, (400, "bad-request")),
        ({"room": "r", "max_peer": 3}, (400, "bad-request")),
        ({"room": "r", "max_peers": 0}, (400, "bad-request")),
        ({"room": "r", "max_peers": 201}, (409, "option-refused")),
        ({"room": "r", "codecs": ["h265"]}, (400, "bad-request")),
        ({"room": "r", "codecs": ["vp8", "vp8"]}, (409, "option-refused")),
        ({"room": "r", "empty_timeout": 0}, (400, "bad-request")),
        ({"room": "taken"}, (409, "room-exists")),
        ([], (400, "bad-request")),
    ],
    ids=str,
)
async def test_what_no_room_can_be_like(body: Any, expected: tuple[int, str]) -> None:
    async with stage() as s:
        await s.scene.join("taken")
        assert await s.refused("/rooms", "POST", body) == expected
        assert s.scene.rooms.count() == (1, 1)
        assert not s.scene.noted(events.Moderation)


async def test_a_codec_that_the_settings_leave_out_is_refused() -> None:
    async with stage() as s:
        s.scene.rooms._video.codecs.remove("av1")
        body = {"room": "r", "codecs": ["av1"]}
        assert await s.refused("/rooms", "POST", body) == (409, "option-refused")


async def test_there_are_no_more_rooms_than_may_be() -> None:
    async with stage(max_rooms=1) as s:
        await s.told("/rooms", "POST", {"room": "a"})
        answer = await s.ask("/rooms", "POST", {"room": "b"})
        assert (answer.status, answer.json()["code"]) == (503, "too-many-rooms")
        assert answer.headers["retry-after"] == "10"


async def test_a_daemon_that_is_being_emptied_gets_no_new_ones() -> None:
    async with stage() as s:
        s.scene.rooms.drain(trio.current_time() + 60)
        answer = await s.ask("/rooms", "POST", {"room": "r"})
        assert (answer.status, answer.json()["code"]) == (503, "server-draining")
        assert answer.headers["retry-after"] == "5"
