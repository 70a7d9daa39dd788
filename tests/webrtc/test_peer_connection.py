"""Two aiortc clients, a real engine and the server's peer connections between them."""

import pytest
import trio

from tests.webrtc.calling import CERTIFICATE, as_message, eventually, joined, running_engine
from tests.webrtc.offering import CAMERA, Description, Section, slot
from trio_sfu.errors import NegotiationError
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.bridge import live_loops
from trio_sfu.webrtc.budget import BURST
from trio_sfu.webrtc.events import (
    Connected,
    EncodingIdle,
    EncodingStarted,
    Failed,
    Heard,
    Silent,
    SlotShows,
)
from trio_sfu.webrtc.peer_connection import open_peer_connection
from trio_sfu.webrtc.reception import Reception
from trio_sfu.webrtc.sources import SyntheticVideo, Tone

GREEN = SyntheticVideo(corners=((30, 200, 30),) * 4)
BLUE = SyntheticVideo(corners=((30, 30, 200),) * 4, width=160, height=120)


def near(seen: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(seen, wanted, strict=True))


async def frames(reception: Reception, more: int) -> None:
    """Wait until some more frames have been decoded."""
    wanted = reception.frames + more
    with trio.fail_after(10):
        while reception.frames < wanted:
            await reception.wait()


async def test_each_sees_and_hears_the_other() -> None:
    async with running_engine() as engine, joined(engine) as green, joined(engine) as blue:
        for side, other, camera, tone in (
            (green, blue, GREEN, Tone(440)),
            (blue, green, BLUE, Tone(660)),
        ):
            await side.event(Connected)
            await side.agent.send("camera", camera)
            await side.agent.send("microphone", tone)
            other.slot("video").show(side.up_track("camera"))
            other.slot("audio").show(side.up_track("microphone"))
        for side, wanted in ((green, BLUE), (blue, GREEN)):
            video = side.agent.receptions[side.slot("video").mid]
            audio = side.agent.receptions[side.slot("audio").mid]
            await frames(video, 10)
            while audio.energy < 0.01:
                await frames(audio, 1)
            picture = video.picture
            assert picture is not None
            assert (picture.width, picture.height) == (wanted.width, wanted.height)
            assert all(
                near(seen, there)
                for seen, there in zip(picture.corners(), wanted.corners, strict=True)
            )


async def test_what_happens_to_a_track_is_told() -> None:
    async with (
        running_engine(encoding_timeout=0.3) as engine,
        joined(engine) as publisher,
        joined(engine) as viewer,
    ):
        await publisher.agent.send("camera", GREEN)
        assert await publisher.event(EncodingStarted) == EncodingStarted("camera", "", "vp8")
        track = publisher.up_track("camera")
        assert set(track.encodings) == {""}
        assert track.codec() == "vp8"
        viewer.slot("video").show(track)
        shown = await viewer.event(SlotShows)
        assert shown == SlotShows(viewer.slot("video").mid, track.id, "")
        await publisher.agent.send("camera", None)
        assert await publisher.event(EncodingIdle) == EncodingIdle("camera", "")
        # Its source still reports (RTCP): it is not over.
        assert set(track.encodings) == set(track.idle) == {""}


async def test_a_grown_offer_adds_slots_without_disturbing_what_is_shown() -> None:
    async with running_engine() as engine, joined(engine) as publisher, joined(engine) as viewer:
        await publisher.agent.send("camera", GREEN)
        first = viewer.slot("video")
        first.show(publisher.up_track("camera"))
        await viewer.event(SlotShows)
        await viewer.agent.accept(
            await viewer.pc.negotiate(as_message(await viewer.agent.offer(3), 2))
        )
        assert len(viewer.pc.slots) == 6
        viewer.slot("video", 2).show(publisher.up_track("camera"))
        added = viewer.agent.receptions[viewer.slot("video", 2).mid]
        kept = viewer.agent.receptions[first.mid]
        await frames(added, 5)
        await frames(kept, 5)


async def test_a_refused_offer_leaves_the_connection_as_it_was() -> None:
    async with running_engine() as engine, joined(engine) as side:
        await side.event(Connected)
        census = engine.census()
        offer = as_message(await side.agent.offer(2), 2)
        spoilt = offer.sdp.replace("opus/48000/2", "opus/8000")
        with pytest.raises(NegotiationError) as refused:
            await side.pc.negotiate(
                Offer(id=2, sdp=spoilt, sending=offer.sending, slots=offer.slots)
            )
        assert refused.value.code == "no-common-codec"
        assert engine.census() == census
        await side.agent.accept(await side.pc.negotiate(offer))
        assert len(side.pc.slots) == 4


async def test_before_anything_is_measured_nothing_is_known_to_be_lost() -> None:
    async with running_engine() as engine, open_peer_connection(engine, CERTIFICATE) as pc:
        assert pc.loss == 0
        sdp = Description([Section("0"), Section("1", "video", "recvonly")]).sdp()
        await pc.negotiate(Offer(id=1, sdp=sdp, sending=[CAMERA], slots=[slot("1")]))
        assert pc.loss == 0


async def test_a_line_that_an_offer_stops_ends_in_the_engine_too() -> None:
    lines = [Section("0"), Section("1", "video", "recvonly"), Section("2", "video", "recvonly")]
    slots = [slot("1"), slot("2", pair=1)]
    async with running_engine() as engine, open_peer_connection(engine, CERTIFICATE) as pc:
        sdp = Description(lines).sdp()
        await pc.negotiate(Offer(id=1, sdp=sdp, sending=[CAMERA], slots=slots))
        stopped = [Section("0", port=0), lines[1], Section("2", "video", "recvonly", port=0)]
        sdp = Description(stopped, bundle="BUNDLE 1").sdp()
        answer = await pc.negotiate(Offer(id=2, sdp=sdp, slots=slots[:1]))
        counts = engine.census()
        assert (counts["transports"], counts["up_tracks"], counts["slots"]) == (1, 0, 1)
        assert pc.up_track("camera") is None
        assert list(pc.slots) == ["1"]
        assert "a=group:BUNDLE 1\r\n" in answer


async def test_offers_that_come_too_often_are_refused() -> None:
    async with running_engine() as engine, joined(engine) as side:
        nonsense = Offer(id=1, sdp="nonsense")
        codes = set()
        for _ in range(BURST + 1):
            with pytest.raises(NegotiationError) as refused:
                await side.pc.negotiate(nonsense)
            codes.add(refused.value.code)
        assert codes == {"offer-invalid", "too-many-offers"}


async def test_too_many_transports_are_an_error_with_a_code() -> None:
    async with running_engine(max_transports=1) as engine, joined(engine):
        with pytest.RaisesGroup(
            pytest.RaisesExc(NegotiationError, check=lambda e: e.code == "too-many-transports"),
            flatten_subgroups=True,
        ):
            async with joined(engine):
                pass


async def test_a_client_that_vanishes_falls_silent_and_then_loses_consent() -> None:
    async with (
        running_engine(silence_timeout=0.5, consent_timeout=1.5) as engine,
        joined(engine) as side,
    ):
        await side.event(Connected)
        await side.agent.send("microphone", Tone())
        side.agent.vanish()
        await side.event(Silent)
        assert (await side.event(Failed)).code == "consent-expired"


async def test_a_client_that_is_silent_for_a_while_is_heard_again() -> None:
    # aiortc checks its consent every five seconds: between the checks it is silent.
    async with running_engine(silence_timeout=0.5) as engine, joined(engine) as side:
        await side.event(Silent)
        await side.agent.send("microphone", Tone())
        await side.event(Heard)


async def test_nothing_is_left_of_a_peer() -> None:
    async with running_engine() as engine:
        empty = engine.census()
        async with joined(engine) as first, joined(engine) as second:
            await first.event(Connected)
            await second.event(Connected)
            assert live_loops() == 2  # the clients': the server has none
            assert engine.census()["transports"] == 2
        assert engine.census() == empty
        assert live_loops() == 0


async def test_a_peer_is_gone_within_a_tenth_of_a_second_of_being_cancelled() -> None:
    async with running_engine() as engine, joined(engine) as side:
        await side.event(Connected)
        scope = trio.CancelScope()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_hold, engine, scope)
            await eventually(lambda: engine.census()["transports"] == 2)
            begun = trio.current_time()
            scope.cancel()
        assert engine.census()["transports"] == 1
        assert trio.current_time() - begun < 0.5  # aiortc's client included


async def _hold(engine: object, scope: trio.CancelScope) -> None:
    with scope:
        async with joined(engine) as side:  # type: ignore[arg-type]
            await side.event(Connected)
            await trio.sleep_forever()


async def test_cancelled_at_any_moment_a_peer_leaves_nothing() -> None:
    async with running_engine() as engine:
        empty = engine.census()
        for milliseconds in range(0, 160, 4):
            with trio.move_on_after(milliseconds / 1000):
                async with joined(engine) as side:
                    await side.event(Connected)
                    await trio.sleep_forever()
            assert engine.census() == empty
            assert live_loops() == 0
