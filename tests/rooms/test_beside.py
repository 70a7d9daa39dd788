"""Who presents is seen beside what they present, where a viewer wishes that and has a slot left."""

from collections.abc import Sequence

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.rooms.scripted import Scene, Someone, scene, settle
from tests.rooms.test_allocation import publisher, told
from tests.rooms.test_dynacast import wanted
from tests.rooms.test_slots import lines, peer, showing
from trio_sfu.ids import PeerId
from trio_sfu.media.track import Layer
from trio_sfu.rooms.allocation.steady import GRACE
from trio_sfu.rooms.dynacast import HOLD
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.seats import Wishes
from trio_sfu.rooms.slots import Seating, Showing, assign
from trio_sfu.signaling.carried import Tile
from trio_sfu.signaling.messages import View
from trio_sfu.webrtc.events import EncodingStarted, EncodingStopped, Estimate, LayersMeasured

SCREEN = (
    Layer("", 0, 0, 600_000, 1920, 1080),
    Layer("", 0, 1, 900_000, 1920, 1080),
    Layer("", 0, 2, 1_500_000, 1920, 1080),
)
PRESENTER = peer("ann", camera=False, screen=False)


def seen(
    pairs: int, publishers: Sequence[Publisher], before: Seating | None = None, *wished: str
) -> Seating:
    wishes = Wishes(beside=tuple(map(PeerId, wished)))
    return assign(lines(pairs), publishers, before, wishes)


def another(name: str) -> Showing:
    return Showing(PeerId(name), "camera", beside=True)


def test_the_camera_is_shown_beside_the_screen_on_a_slot_that_is_left() -> None:
    seating = seen(2, [PRESENTER], None, "ann")
    assert seating.showing["v0"] == showing("ann", "screen")
    assert seating.showing["v1"] == another("ann")


def test_without_the_wish_the_screen_is_shown_in_place_of_the_camera() -> None:
    assert seen(2, [PRESENTER]).showing["v1"] is None


def test_it_goes_where_somebody_sits_down_and_is_back_when_they_leave() -> None:
    bob = peer("bob", camera=False)
    alone = seen(2, [PRESENTER], None, "ann")
    both = seen(2, [PRESENTER, bob], alone, "ann")
    assert both.showing["v1"] == showing("bob", "camera")
    assert another("ann") not in both.showing.values()
    assert seen(2, [PRESENTER], both, "ann").showing["v1"] == another("ann")


def test_it_may_be_where_somebody_sits_of_whom_nothing_is_to_be_seen() -> None:
    unseen = peer("bob", microphone=False, camera=True)
    before = seen(2, [PRESENTER, unseen], None, "ann")
    assert before.showing["v1"] == another("ann")
    after = seen(2, [PRESENTER, peer("bob", microphone=False, camera=False)], before, "ann")
    assert after.showing["v1"] == showing("bob", "camera")


def test_it_stays_where_it_is_while_others_come() -> None:
    quiet = peer("bob", camera=True)
    before = seen(3, [PRESENTER, quiet], None, "ann")
    assert before.showing["v2"] == another("ann")
    assert seen(4, [PRESENTER, quiet], before, "ann").showing["v2"] == another("ann")


def test_a_camera_that_is_muted_or_not_there_is_not_shown() -> None:
    for camera in ({"camera": True}, {}):
        assert seen(2, [peer("ann", screen=False, **camera)], None, "ann").showing["v1"] is None


def test_without_a_screen_the_stage_is_the_camera_and_nothing_is_beside_it() -> None:
    seating = seen(2, [peer("ann", camera=False)], None, "ann")
    assert seating.showing["v0"] == showing("ann", "camera")
    assert seating.showing["v1"] is None


TRACKS = st.dictionaries(st.sampled_from(["microphone", "camera", "screen"]), st.booleans())
PEOPLE = st.dictionaries(st.sampled_from("abcdef"), TRACKS, max_size=6)
WISHED = st.lists(st.sampled_from("abcdef"), unique=True)


@given(st.lists(st.tuples(PEOPLE, WISHED), max_size=6), st.integers(0, 5))
def test_nobody_else_is_shown_otherwise_because_of_it(
    rounds: list[tuple[dict[str, dict[str, bool]], list[str]]], pairs: int
) -> None:
    with_it, without = Seating(), Seating()
    for people, wished in rounds:
        # A screen that is muted does not count: a member's publisher has none.
        publishers = [
            peer(name, **{source: m for source, m in tracks.items() if source != "screen" or not m})
            for name, tracks in people.items()
        ]
        with_it = seen(pairs, publishers, with_it, *wished)
        without = seen(pairs, publishers, without)
        besides = {mid: s for mid, s in with_it.showing.items() if s is not None and s.beside}
        assert without.showing == {**with_it.showing, **dict.fromkeys(besides)}
        assert without.crowded == with_it.crowded
        presenting = {s.peer for s in with_it.showing.values() if s and s.source == "screen"}
        shown = [s.peer for s in besides.values()]
        assert set(shown) <= presenting & set(wished)
        assert len(set(shown)) == len(shown)


# ---- in a room --------------------------------------------------------------------------


async def presenter(s: Scene) -> Someone:
    someone = await publisher(s)
    await someone.publish("screen")
    await someone.happen(EncodingStarted("screen", ""))
    someone.pc.tracks["screen"].layers = SCREEN
    await someone.happen(LayersMeasured("screen"))
    return someone


def beside(ann: Someone, width: int = 320, *, visible: bool = True) -> View:
    small = Tile(peer=ann.id, source="camera", width=width, height=width * 9 // 16, visible=visible)
    return View(tiles=[Tile(peer=ann.id, width=1920, height=1080), small])


def videos(of: Someone) -> tuple[object, object]:
    return of.shown["v0"], of.shown["v1"]


async def viewer(s: Scene, ann: Someone, estimate: int | None = None, pairs: int = 2) -> Someone:
    someone = await s.join()
    if estimate is not None:
        await someone.happen(Estimate(estimate))
    await someone.offer(pairs=pairs)
    someone.link.say(beside(ann))
    await settle()
    return someone


async def test_a_viewer_sees_both_for_as_long_as_both_are_shared() -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann)
        camera = ann.pc.tracks["camera"].id
        assert videos(bob) == ((ann.id, "screen"), (ann.id, "camera"))
        assert bob.pc.slots["v1"].shown == [(camera, "q")], "it is as small as its tile"
        await ann.publish("camera", muted=True)
        assert videos(bob) == ((ann.id, "screen"), None)
        assert bob.pc.slots["v1"].shown[-1] is None
        await ann.publish("camera")
        assert bob.shown["v1"] == (ann.id, "camera")
        await ann.publish("screen", live=False)
        assert videos(bob) == ((ann.id, "camera"), None)
        assert bob.pc.slots["v1"].shown[-1] is None


async def test_it_begins_with_the_share_and_ends_with_the_wish() -> None:
    async with scene() as s:
        ann = await publisher(s)
        bob = await viewer(s, ann)
        assert bob.shown["v1"] is None
        await ann.publish("screen")
        await ann.happen(EncodingStarted("screen", ""))
        assert bob.shown["v1"] == (ann.id, "camera")
        bob.link.say(View(tiles=[Tile(peer=ann.id, width=1920, height=1080)]))
        await settle()
        assert videos(bob) == ((ann.id, "screen"), None)


async def test_who_comes_takes_its_slot_and_an_offer_of_one_more_brings_it_back() -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann)
        eve = await publisher(s)
        assert bob.shown["v1"] == (eve.id, "camera")
        await bob.offer(pairs=3)
        assert bob.shown["v1"] == (eve.id, "camera")
        assert bob.shown["v2"] == (ann.id, "camera")


async def test_it_has_what_the_screen_leaves(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann, 4_000_000)
        await trio.sleep(5)
        assert told(bob)["v1"].rid == "q"
        await bob.happen(Estimate(1_200_000))
        await trio.sleep(GRACE + 0.5)
        assert (told(bob)["v1"].rid, told(bob)["v1"].paused) == (None, "bandwidth")
        assert told(bob)["v0"].bitrate > SCREEN[0].bitrate, "the screen has what it had"
        assert bob.shown["v1"] == (ann.id, "camera")
        await bob.happen(Estimate(4_000_000))
        await trio.sleep(30)
        assert told(bob)["v0"].bitrate == SCREEN[-1].bitrate
        assert told(bob)["v1"].rid == "q"


async def test_the_camera_is_sent_while_somebody_looks_at_it(autojump_clock: MockClock) -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann)
        await trio.sleep(HOLD + 1)
        assert wanted(ann)[-1] == ["q"]
        bob.link.say(beside(ann, visible=False))
        await trio.sleep(HOLD + 1)
        assert wanted(ann)[-1] == []
        assert told(bob)["v1"].paused == "hidden"
        for rid in "qhf":
            await ann.happen(EncodingStopped("camera", rid))
        bob.link.say(beside(ann))
        await settle()
        assert wanted(ann)[-1] == ["q"]
        assert bob.pc.slots["v1"].shown[-1] == (ann.pc.tracks["camera"].id, "q")


async def test_a_busy_server_shows_screens_and_no_camera_beside_them() -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann)
        s.rooms.limit_video("screens")
        await settle()
        assert videos(bob) == ((ann.id, "screen"), None)
        assert told(bob)["v1"].paused == "overload"


async def test_a_wish_for_somebody_who_leaves_or_never_was_is_nobodys_fault() -> None:
    async with scene() as s:
        ann = await presenter(s)
        bob = await viewer(s, ann)
        await ann.publish("camera", live=False)
        assert bob.shown["v1"] is None
        bob.link.say(View(tiles=[Tile(peer="nobody", source="camera")]))
        await settle()
        assert bob.errors == []
        assert bob.shown["v0"] == (ann.id, "screen")
