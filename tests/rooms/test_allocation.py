"""What a viewer's link, screen and attention have to do with what it is sent."""

from typing import cast

import trio
from trio.testing import MockClock

from tests.rooms.scripted import Scene, Someone, scene, settle
from trio_sfu.media.track import Layer
from trio_sfu.rooms.allocation.steady import FIRST_HOLD, GRACE
from trio_sfu.signaling.carried import SlotLayer, Tile
from trio_sfu.signaling.messages import SlotQuality, View
from trio_sfu.webrtc.events import EncodingStarted, Estimate, LayersMeasured, SlotShows

LAYERS = (
    Layer("q", 0, 0, 90_000, 320, 180),
    Layer("q", 0, 1, 120_000, 320, 180),
    Layer("q", 0, 2, 150_000, 320, 180),
    Layer("h", 0, 0, 300_000, 640, 360),
    Layer("h", 0, 1, 400_000, 640, 360),
    Layer("h", 0, 2, 500_000, 640, 360),
    Layer("f", 0, 0, 1_000_000, 1280, 720),
    Layer("f", 0, 1, 1_300_000, 1280, 720),
    Layer("f", 0, 2, 1_700_000, 1280, 720),
)


async def publisher(s: Scene) -> Someone:
    someone = await s.join()
    await someone.offer("camera", "microphone", "screen")
    await someone.publish("camera")
    await someone.publish("microphone")
    for rid in "qhf":
        await someone.happen(EncodingStarted("camera", rid))
    someone.pc.tracks["camera"].layers = LAYERS
    await someone.happen(LayersMeasured("camera"))
    return someone


async def viewer(s: Scene, estimate: int | None, pairs: int = 2) -> Someone:
    someone = await s.join()
    if estimate is not None:
        await someone.happen(Estimate(estimate))
    await someone.offer(pairs=pairs)
    return someone


def told(someone: Someone) -> dict[str, SlotLayer]:
    newest = cast("SlotQuality", someone.link.all(SlotQuality)[-1])
    return {layer.mid: layer for layer in newest.slots}


async def test_the_first_picture_is_what_the_first_estimate_carries() -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 300_000)
        assert bob.pc.slots["v0"].shown == [(ann.pc.tracks["camera"].id, "q")]


async def test_a_link_that_gets_worse_gets_a_smaller_picture_at_once(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 4_000_000)
        camera, slot = ann.pc.tracks["camera"].id, bob.pc.slots["v0"]
        await bob.happen(SlotShows("v0", camera, "f"))
        await bob.happen(Estimate(800_000))
        # Until the keyframe of the smaller one only the lowest layer is sent.
        assert slot.shown == [(camera, "f"), (camera, "h")]
        assert slot.limits == [(None, 0)]
        await bob.happen(SlotShows("v0", camera, "h"))
        assert slot.limits == [(None, 0), (None, None)]
        await bob.happen(Estimate(4_000_000))
        await trio.sleep(FIRST_HOLD + 3)
        assert slot.shown[-1] == (camera, "f")


async def test_a_little_less_costs_frame_rate_alone() -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 4_000_000)
        camera, slot = ann.pc.tracks["camera"].id, bob.pc.slots["v0"]
        await bob.happen(SlotShows("v0", camera, "f"))
        await bob.happen(Estimate(1_600_000))
        assert slot.shown == [(camera, "f")]
        assert slot.limits == [(None, 1)]


async def test_a_viewer_without_bits_is_told_so(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 1_000_000)
        await bob.happen(Estimate(60_000))
        assert told(bob)["v0"].paused is None
        await trio.sleep(GRACE + 0.2)
        assert bob.pc.slots["v0"].shown[-1] is None
        assert bob.pc.slots["a0"].shown == [(ann.pc.tracks["microphone"].id, "")]
        assert told(bob)["v0"].paused == "bandwidth"
        assert bob.shown["v0"] == (ann.id, "camera")


async def test_the_pinned_tile_comes_first(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, eve = await publisher(s), await publisher(s)
        bob = await viewer(s, 2_500_000)
        assert {told(bob)[mid].rid for mid in ("v0", "v1")} == {"h", "f"}
        for pinned in (ann, eve, ann):
            bob.link.say(View(tiles=[Tile(peer=pinned.id, pinned=True)]))
            await trio.sleep(1)
            sent = {bob.shown[mid]: told(bob)[mid].rid for mid in ("v0", "v1")}
            assert sent[pinned.id, "camera"] == "f"
            assert set(sent.values()) != {"f"}


async def test_a_small_tile_gets_a_small_picture() -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, None)
        for width, rid in ((320, "q"), (640, "h"), (800, "h"), (1280, "f"), (3840, "f")):
            bob.link.say(View(tiles=[Tile(peer=ann.id, width=width, height=width * 9 // 16)]))
            await settle()
            assert told(bob)["v0"].rid == rid
            assert bob.pc.slots["v0"].shown[-1] == (ann.pc.tracks["camera"].id, rid)


async def test_what_is_hidden_costs_nothing_and_says_so() -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 2_000_000)
        assert bob.pc.demands[-1] > 2_000_000
        bob.link.say(View(tiles=[Tile(peer=ann.id, visible=False)]))
        await settle()
        assert bob.pc.slots["v0"].shown[-1] is None
        assert told(bob)["v0"].paused == "hidden"
        assert bob.pc.demands[-1] == 0


async def test_a_screen_keeps_its_size_and_gives_up_frames() -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, 1_000_000)
        await ann.publish("screen")
        await ann.happen(EncodingStarted("screen", ""))
        ann.pc.tracks["screen"].layers = (
            Layer("", 0, 0, 600_000, 1920, 1080),
            Layer("", 0, 1, 900_000, 1920, 1080),
            Layer("", 0, 2, 1_500_000, 1920, 1080),
        )
        await ann.happen(LayersMeasured("screen"))
        await bob.happen(Estimate(990_000))
        assert bob.pc.slots["v0"].shown[-1] == (ann.pc.tracks["screen"].id, "")
        assert bob.pc.slots["v0"].limits[-1] == (None, 0)
        assert (told(bob)["v0"].width, told(bob)["v0"].height) == (1920, 1080)


async def test_the_figures_come_while_somebody_looks_at_them(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        await publisher(s)
        bob = await viewer(s, 4_000_000)
        count = len(bob.link.all(SlotQuality))
        await trio.sleep(5)
        assert len(bob.link.all(SlotQuality)) == count
        bob.link.say(View(statistics=True))
        await trio.sleep(5.05)
        assert 4 <= len(bob.link.all(SlotQuality)) - count <= 6
        newest = cast("SlotQuality", bob.link.all(SlotQuality)[-1])
        assert newest.estimate == 4_000_000
        assert newest.slots[0].loss == 0.25
