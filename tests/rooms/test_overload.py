"""What an overloaded server refuses and what it no longer shows."""

from typing import cast

import pytest

from tests.rooms.scripted import Scene, ScriptedLink, Someone, scene, settle
from trio_sfu.errors import RequestError
from trio_sfu.events import JoinRefused
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.layers import allowed, lower
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.carried import Quality, VideoLimit
from trio_sfu.signaling.messages import Prefer, VideoLimited
from trio_sfu.webrtc.events import Connected, EncodingStarted

LIMITS: list[VideoLimit] = ["high", "medium", "low", "screens", "none"]


def limits(someone: Someone) -> list[str]:
    return [message.most for message in cast("list[VideoLimited]", someone.link.all(VideoLimited))]


async def filmed_and_sharing(s: Scene) -> tuple[Someone, Someone, Someone]:
    """Somebody with a camera, somebody who shares a screen, somebody who watches both."""
    ann, eve, bob = await s.join(), await s.join(), await s.join()
    for one, video in ((ann, "camera"), (eve, "screen")):
        await one.offer("microphone", "camera", "screen")
        await one.publish("microphone")
        await one.publish(video)  # type: ignore[arg-type]
        for rid in ("q", "h", "f") if video == "camera" else ("",):
            await one.happen(EncodingStarted(video, rid))  # type: ignore[arg-type]
    await bob.offer()
    return ann, eve, bob


def newest(someone: Someone, mid: str) -> str | None:
    """The encoding a slot shows, as the engine was told; None: nothing."""
    shown = someone.pc.slots[mid].shown
    return shown[-1][1] if shown and shown[-1] is not None else None


@pytest.mark.parametrize(
    ("limit", "camera", "screen"),
    [
        ("high", "f", ""),
        ("medium", "h", ""),
        ("low", "q", ""),
        ("screens", None, ""),
        ("none", None, None),
    ],
)
async def test_cameras_are_shed_before_screens_and_sound_never(
    limit: VideoLimit, camera: str | None, screen: str | None
) -> None:
    async with scene() as s:
        ann, eve, bob = await filmed_and_sharing(s)
        s.rooms.limit_video(limit)
        await settle()
        assert (newest(bob, "v0"), newest(bob, "v1")) == (camera, screen)
        assert (newest(bob, "a0"), newest(bob, "a1")) == ("", "")
        # The sound has not been touched: no other command than the first.
        assert [len(bob.pc.slots[mid].shown) for mid in ("a0", "a1")] == [1, 1]
        assert bob.shown["v0"] == ((ann.id, "camera") if camera else None)
        assert bob.shown["v1"] == ((eve.id, "screen") if screen is not None else None)


async def test_everybody_is_told_and_gets_back_what_was_shed() -> None:
    async with scene() as s:
        ann, _eve, bob = await filmed_and_sharing(s)
        for limit in ("none", "screens", "low", "high"):
            s.rooms.limit_video(limit)
            await settle()
        assert newest(bob, "v0") == "f"
        assert limits(bob) == limits(ann) == ["none", "screens", "low", "high"]


async def test_who_comes_later_or_back_is_told_too() -> None:
    async with scene() as s:
        ann = await s.join()
        await ann.offer("camera")
        await ann.happen(Connected())
        s.rooms.limit_video("low")
        carl, dave = await s.join(), await s.join("another-room")
        assert limits(carl) == limits(dave) == ["low"]
        ann.link.vanish(Departure.LOST)
        await settle()
        back = ScriptedLink()
        s.rooms.resume(ann.joined.resume_token, back)
        assert [type(message).__name__ for message in back.heard][:2] == ["Resumed", "VideoLimited"]


async def test_without_overload_nothing_is_said() -> None:
    async with scene() as s:
        ann = await s.join()
        assert limits(ann) == []


async def test_a_viewer_that_wants_less_still_gets_less() -> None:
    async with scene() as s:
        ann, _eve, bob = await filmed_and_sharing(s)
        bob.link.say(Prefer(peer=ann.id, quality="low"))
        await settle()
        s.rooms.limit_video("medium")
        await settle()
        assert newest(bob, "v0") == "q"


def test_a_limit_never_raises_and_off_stays_off() -> None:
    order: list[Quality] = ["off", "low", "medium", "high"]
    for wanted in order:
        for limit in LIMITS:
            given = lower(wanted, allowed("camera", limit))
            assert order.index(given) <= order.index(wanted)
    assert [allowed("screen", limit) for limit in LIMITS] == ["high"] * 4 + ["off"]


async def refused(s: Scene, room: str = "r", replaces: str | None = None) -> str | None:
    try:
        await s.join(room, replaces=replaces)
    except RequestError as error:
        return error.code
    return None


async def test_a_full_server_refuses_strangers_and_opens_no_room() -> None:
    async with scene() as s:
        s.level = Level.FULL
        assert await refused(s, "new") == "server-busy"
        assert await refused(s, "new", replaces="made-up") == "server-busy"
        assert s.rooms.rooms == {}
        assert s.journal.by_label(JoinRefused) == {"server-busy": 2}


async def test_a_full_server_takes_back_who_was_there() -> None:
    async with scene(grace=1) as s:
        ann, bob = await s.join(), await s.join()
        s.level = Level.FULL
        # Its peer is still there.
        assert await refused(s, replaces=ann.joined.resume_token) is None
        # Its peer has gone.
        bob.link.vanish(Departure.LOST)
        await settle()
        assert await refused(s, replaces=bob.joined.resume_token) is None


async def test_after_a_room_has_failed_its_clients_may_come_back_to_a_full_server() -> None:
    async with scene() as s:
        ann = await s.join()
        await ann.offer("camera")
        s.level = Level.FULL
        s.rooms.rooms[next(iter(s.rooms.rooms))].end("room-failed")
        await settle()
        assert await refused(s, replaces=ann.joined.resume_token) is None


async def test_peers_in_all_are_limited_and_a_refused_join_opens_no_room() -> None:
    async with scene(max_peers=1_000) as s:
        s.rooms._max_peers_in_all = 2
        await s.join("one")
        await s.join("two")
        assert await refused(s, "three") == "too-many-peers"
        assert sorted(s.rooms.rooms) == ["one", "two"]
