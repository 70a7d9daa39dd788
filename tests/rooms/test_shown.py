from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.rooms.scripted import Scene, Someone, scene, settle
from trio_sfu.signaling.carried import Tile
from trio_sfu.signaling.messages import Answer, Leave, Prefer, Slots, View
from trio_sfu.webrtc.events import EncodingIdle, EncodingStarted, EncodingStopped, Path, SlotShows


async def start(someone: Someone, source: str, *rids: str) -> None:
    for rid in rids:
        await someone.happen(EncodingStarted(source, rid))  # type: ignore[arg-type]


async def publisher(someone: Someone) -> None:
    """Offer everything, publish microphone and camera with three encodings."""
    await someone.offer("microphone", "camera", "screen", "screen-audio")
    await someone.publish("microphone")
    await someone.publish("camera")
    await start(someone, "camera", "q", "h", "f")


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[Scene, Someone, Someone]]:
    """Have somebody publish and somebody else see it; gives the scene and both."""
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await publisher(ann)
        await bob.offer()
        yield s, ann, bob


async def test_a_viewer_gets_microphone_and_camera_in_one_pair() -> None:
    async with watched() as (_, ann, bob):
        assert bob.shown == {
            "a0": (ann.id, "microphone"),
            "v0": (ann.id, "camera"),
            "a1": None,
            "v1": None,
            "a2": None,
        }
        assert bob.pc.slots["a0"].shown == [(ann.pc.tracks["microphone"].id, "")]
        assert bob.pc.slots["v0"].shown == [(ann.pc.tracks["camera"].id, "f")]
        assert bob.pc.slots["v1"].shown == []


async def test_the_mapping_follows_the_answer() -> None:
    async with watched() as (_, _, bob):
        kinds = [type(message) for message in bob.link.heard]
        assert kinds.index(Answer) < kinds.index(Slots)


async def test_a_camera_is_mapped_when_its_packets_arrive() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.offer()
        await ann.offer("camera")
        await ann.publish("camera")
        assert bob.shown["v0"] == (ann.id, "camera")
        assert bob.pc.slots["v0"].shown == []
        await start(ann, "camera", "q")
        assert bob.pc.slots["v0"].shown == [(ann.pc.tracks["camera"].id, "q")]


async def test_sharing_swaps_in_the_screen_and_its_end_swaps_back() -> None:
    async with watched() as (_, ann, bob):
        bob.link.forget()
        await ann.publish("screen")
        assert bob.pc.slots["v0"].shown[1:] == []
        await start(ann, "screen", "")
        assert bob.shown["v0"] == (ann.id, "screen")
        await ann.publish("screen", live=False)
        assert bob.shown["v0"] == (ann.id, "camera")
        camera, screen = ann.pc.tracks["camera"].id, ann.pc.tracks["screen"].id
        assert bob.pc.slots["v0"].shown == [(camera, "f"), (screen, ""), None, (camera, "f")]
        assert bob.link.all(Answer) == []


async def test_a_screen_on_which_nothing_moves_stays_on_the_stage() -> None:
    async with watched() as (s, ann, bob):
        await ann.publish("screen")
        await start(ann, "screen", "")
        await ann.happen(EncodingIdle("screen", ""))
        camera, screen = ann.pc.tracks["camera"].id, ann.pc.tracks["screen"].id
        assert bob.shown["v0"] == (ann.id, "screen")
        assert bob.pc.slots["v0"].shown == [(camera, "f"), (screen, "")]
        # Who comes later gets it as well.
        eve = await s.join()
        await eve.offer()
        assert eve.shown["v0"] == (ann.id, "screen")
        assert eve.pc.slots["v0"].shown == [(screen, "")]


async def test_a_screen_that_is_shared_again_is_shown_from_its_first_packet_on() -> None:
    async with watched() as (_, ann, bob):
        await ann.publish("screen")
        await start(ann, "screen", "")
        await ann.publish("screen", live=False)
        await ann.happen(EncodingIdle("screen", ""))
        await ann.publish("screen")
        assert bob.shown["v0"] == (ann.id, "camera")
        await start(ann, "screen", "")
        assert bob.shown["v0"] == (ann.id, "screen")


async def test_a_screen_that_is_over_gives_way_to_the_camera_by_itself() -> None:
    async with watched() as (_, ann, bob):
        await ann.publish("screen")
        await start(ann, "screen", "")
        await ann.happen(EncodingStopped("screen", ""))
        assert bob.shown["v0"] == (ann.id, "camera")
        await start(ann, "screen", "")
        assert bob.shown["v0"] == (ann.id, "screen")


async def test_the_sound_of_a_screen_is_heard_beside_the_microphone() -> None:
    async with watched() as (_, ann, bob):
        await ann.publish("screen-audio")
        assert bob.shown["a0"] == (ann.id, "microphone")
        assert bob.shown["a2"] == (ann.id, "screen-audio")


async def test_a_muted_camera_goes_dark() -> None:
    async with watched() as (_, ann, bob):
        await ann.publish("camera", muted=True)
        assert bob.shown["v0"] is None
        assert bob.pc.slots["v0"].shown[-1] is None


async def test_each_viewer_gets_the_quality_it_prefers() -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        await publisher(ann)
        await bob.offer()
        await eve.offer()
        camera = ann.pc.tracks["camera"].id
        for quality in ("low", "medium", "high", "off"):
            bob.link.say(Prefer(peer=ann.id, quality=quality))
            await settle()
        assert bob.pc.slots["v0"].shown == [
            (camera, "f"),
            (camera, "q"),
            (camera, "h"),
            (camera, "f"),
            None,
        ]
        assert bob.shown["v0"] == (ann.id, "camera")
        assert eve.pc.slots["v0"].shown == [(camera, "f")]


async def test_what_nobody_looks_at_is_not_sent() -> None:
    async with watched() as (_, ann, bob):
        camera = ann.pc.tracks["camera"].id
        for view in (
            View(tiles=[Tile(peer=ann.id, width=640, height=360, visible=False)]),
            View(),
            View(hidden=True),
            View(tiles=[Tile(peer=ann.id)]),
        ):
            bob.link.say(view)
            await settle()
        assert bob.pc.slots["v0"].shown == [(camera, "f"), None, (camera, "f"), None, (camera, "f")]
        assert bob.shown["v0"] == (ann.id, "camera")


async def test_an_encoding_that_stops_is_replaced_by_the_nearest() -> None:
    async with watched() as (_, ann, bob):
        for rid in ("f", "h", "q"):
            await ann.happen(EncodingStopped("camera", rid))
        camera = ann.pc.tracks["camera"].id
        assert bob.pc.slots["v0"].shown == [(camera, "f"), (camera, "h"), (camera, "q"), None]


async def test_a_layer_that_pauses_is_replaced_and_a_camera_that_pauses_is_not_dark() -> None:
    async with watched() as (_, ann, bob):
        camera = ann.pc.tracks["camera"].id
        shown = bob.pc.slots["v0"].shown
        for rid in ("f", "h"):
            await ann.happen(EncodingIdle("camera", rid))
        assert shown == [(camera, "f"), (camera, "h"), (camera, "q")]
        await ann.happen(EncodingIdle("camera", "q"))
        assert shown[-1] == (camera, "f")
        await start(ann, "camera", "q")
        assert shown[-1] == (camera, "q")
        await start(ann, "camera", "f")
        assert shown[-1] == (camera, "f")
        assert None not in shown


async def test_a_preference_for_who_has_left_is_no_error() -> None:
    async with scene() as s:
        await s.join()
        bob = await s.join()
        bob.link.say(Prefer(peer="p-gone", quality="low"))
        await settle()
        assert bob.errors == []


async def test_who_leaves_goes_dark_and_the_others_stay_where_they_are() -> None:
    async with scene() as s:
        ann, bob, eve = await s.join(), await s.join(), await s.join()
        await publisher(ann)
        await publisher(bob)
        await eve.offer()
        before = eve.shown
        ann.link.say(Leave())
        await settle()
        assert eve.shown == before | {"a0": None, "v0": None}
        assert eve.pc.slots["v0"].shown[-1] is None


async def test_joining_leaving_and_sharing_cost_the_others_no_sdp() -> None:
    async with scene() as s:
        ann, bob = await s.join(), await s.join()
        await bob.offer()
        bob.link.forget()
        await publisher(ann)
        await ann.publish("screen")
        await start(ann, "screen", "")
        eve = await s.join()
        eve.link.say(Leave())
        ann.link.say(Leave())
        await settle()
        assert bob.link.all(Answer) == []


async def test_a_viewer_on_another_path_gets_keyframes_of_what_is_shown() -> None:
    """What went by the former one may be lost; a browser asks for a keyframe only after 3 s."""
    async with watched() as (_, ann, bob):
        camera, microphone = (ann.pc.tracks[each] for each in ("camera", "microphone"))
        camera.encodings = ("q", "h", "f")
        await bob.happen(Path("192.0.2.1", 1))
        assert camera.keyframes == []

        for mid, track, rid in (("v0", camera, "f"), ("a0", microphone, "")):
            await bob.happen(SlotShows(mid, track.id, rid))
        await bob.happen(Path("192.0.2.2", 1))
        assert (camera.keyframes, microphone.keyframes) == (["f"], [])

        camera.encodings = ("q", "h")  # Of one that has ended there is none.
        await bob.happen(Path("192.0.2.3", 1))
        assert camera.keyframes == ["f"]
