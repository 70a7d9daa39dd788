"""What nobody watches is stopped at its publisher, and comes back when somebody does."""

from typing import cast

import trio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from trio.testing import MockClock

from tests.rooms.scripted import ScriptedLink, Someone, scene, settle
from tests.rooms.test_allocation import publisher, viewer
from trio_sfu.ids import PeerId
from trio_sfu.rooms.dynacast import COMES_WITHIN, HOLD, Dynacast
from trio_sfu.signaling.carried import Tile
from trio_sfu.signaling.messages import SendEncodings, View
from trio_sfu.webrtc.events import EncodingStarted, EncodingStopped, SlotShows


def wanted(someone: Someone) -> list[list[str]]:
    return [cast("SendEncodings", m).rids for m in someone.link.all(SendEncodings)]


def tile(of: Someone, width: int, *, visible: bool = True) -> View:
    height = width * 9 // 16
    return View(tiles=[Tile(peer=of.id, width=width, height=height, visible=visible)])


async def test_what_nobody_watches_is_stopped_after_a_while(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, None)
        bob.link.say(tile(ann, 320))
        await trio.sleep(HOLD - 0.5)
        assert wanted(ann) == []
        await trio.sleep(1)
        assert wanted(ann) == [["q"]]
        bob.link.say(tile(ann, 320, visible=False))
        await trio.sleep(HOLD + 0.5)
        assert wanted(ann) == [["q"], []]


async def test_it_is_asked_for_at_once_and_shown_from_its_first_keyframe_on(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, None)
        camera = ann.pc.tracks["camera"].id
        bob.link.say(tile(ann, 320))
        await settle()
        await bob.happen(SlotShows("v0", camera, "q"))
        await trio.sleep(HOLD + 1)
        for rid in "hf":
            await ann.happen(EncodingStopped("camera", rid))
        bob.link.say(tile(ann, 1280))
        await settle()
        assert wanted(ann) == [["q"], ["f", "h", "q"]]
        # What it shows goes on until then.
        assert bob.pc.slots["v0"].shown[-2:] == [(camera, "q"), (camera, "f")]
        await ann.happen(EncodingStarted("camera", "f"))
        await bob.happen(SlotShows("v0", camera, "f"))
        await trio.sleep(HOLD + 1)
        # The smaller ones are what it falls back to.
        assert wanted(ann)[-1] == ["f", "h", "q"]


async def test_what_does_not_come_is_not_waited_for_but_stays_asked_for(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, None)
        camera = ann.pc.tracks["camera"].id
        bob.link.say(tile(ann, 320))
        await trio.sleep(HOLD + 1)
        for rid in "hf":
            await ann.happen(EncodingStopped("camera", rid))
        await bob.happen(SlotShows("v0", camera, "q"))
        bob.link.say(tile(ann, 1280))
        await trio.sleep(0.1)
        assert bob.pc.slots["v0"].shown[-1] == (camera, "f")
        await trio.sleep(COMES_WITHIN + 0.1)
        assert bob.pc.slots["v0"].shown[-1] == (camera, "q")
        await trio.sleep(60)
        assert "f" in wanted(ann)[-1]
        await ann.happen(EncodingStarted("camera", "f"))
        assert bob.pc.slots["v0"].shown[-1] == (camera, "f")


async def test_an_overloaded_server_stops_what_it_does_not_send(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann = await publisher(s)
        await viewer(s, None)
        await trio.sleep(HOLD + 1)
        assert wanted(ann) == []
        s.rooms.limit_video("low")
        await trio.sleep(HOLD + 1)
        assert wanted(ann)[-1] == ["q"]
        s.rooms.limit_video("high")
        await settle()
        assert wanted(ann)[-1] == ["f", "h", "q"]


async def test_a_publisher_that_is_back_is_told_again_what_is_wanted(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann, bob = await publisher(s), await viewer(s, None)
        bob.link.say(tile(ann, 320))
        await trio.sleep(HOLD + 1)
        assert wanted(ann) == [["q"]]
        # Its socket was lost with the next of these messages.
        bob.link.say(tile(ann, 1280))
        await settle()
        back = Someone(ScriptedLink(), ann.pc)
        s.rooms.resume(ann.joined.resume_token, back.link)
        await settle()
        assert wanted(back) == [["f", "h", "q"]]


async def test_one_viewer_with_a_good_link_is_enough(
    autojump_clock: MockClock,
) -> None:
    async with scene() as s:
        ann = await publisher(s)
        await viewer(s, 300_000)
        await trio.sleep(HOLD + 1)
        assert wanted(ann) == [["q"]]
        await viewer(s, 5_000_000)
        assert wanted(ann)[-1] == ["f", "h", "q"]
        await trio.sleep(HOLD + 1)
        assert wanted(ann)[-1] == ["f", "h", "q"]


PEERS = st.sampled_from([PeerId(name) for name in "abc"])
RIDS = ("q", "h", "f")


class Wishes(RuleBasedStateMachine):
    """Whatever viewers wish for in whatever order, they get it and nothing else for long."""

    def __init__(self) -> None:
        super().__init__()
        self.dynacast = Dynacast()
        self.now = 0.0
        self.wishes: dict[PeerId, frozenset[tuple[PeerId, str]]] = {}
        self.told: dict[PeerId, list[str]] = {}
        self.unchanged_since = 0.0

    @rule(camera=PEERS)
    def offer(self, camera: PeerId) -> None:
        self.dynacast.offer(self.now, camera, RIDS)
        self.told.setdefault(camera, sorted(RIDS))
        self.unchanged_since = self.now

    @rule(viewer=PEERS, wishes=st.frozensets(st.tuples(PEERS, st.sampled_from(RIDS))))
    def wish(self, viewer: PeerId, wishes: frozenset[tuple[PeerId, str]]) -> None:
        self.dynacast.wish(self.now, viewer, wishes)
        self.wishes[viewer] = wishes
        self.unchanged_since = self.now

    @rule(peer=PEERS)
    def leave(self, peer: PeerId) -> None:
        self.dynacast.forget(self.now, peer)
        self.wishes.pop(peer, None)
        self.told.pop(peer, None)
        self.unchanged_since = self.now

    @rule(seconds=st.floats(0.1, 10))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def publishers_send_what_is_wanted(self) -> None:
        for camera, rids in self.dynacast.take(self.now):
            assert self.told[camera] != rids
            self.told[camera] = rids
        assert self.dynacast.take(self.now) == []
        for camera, rids in self.told.items():
            wanted = {r for wishes in self.wishes.values() for c, r in wishes if c == camera}
            assert wanted <= set(rids)
            if self.now >= self.unchanged_since + HOLD:
                assert wanted == set(rids)


TestWishes = Wishes.TestCase
