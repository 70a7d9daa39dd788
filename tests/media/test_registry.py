"""Where events go, and what becomes of those that nobody took or that were lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.native.binding import PASSWORD
from trio_sfu import _native
from trio_sfu.media.engine import MediaEngine
from trio_sfu.media.registry import Registry
from trio_sfu.media.resync import resync
from trio_sfu.media.track import UpTrack
from trio_sfu.media.transport import INBOX, Transport, TransportLost


@asynccontextmanager
async def one_transport() -> AsyncIterator[tuple[MediaEngine, Transport]]:
    native = _native.SimulatedEngine()
    engine = MediaEngine(Registry(native, silence_timeout=3.0))
    async with engine.transport("alpha", PASSWORD) as transport:
        yield engine, transport


async def test_a_peer_that_takes_no_events_loses_its_transport_and_none_of_the_events() -> None:
    async with one_transport() as (engine, transport):
        for _ in range(INBOX + 1):
            engine.registry.dispatch(_native.Silent(transport.id))
        taken = [event async for event in transport.events]
        assert len(taken) == INBOX
        assert transport.lost is not None
        assert transport.lost.code == "events-lost"


async def test_events_of_what_is_gone_are_dropped() -> None:
    async with one_transport() as (engine, transport):
        gone = 2**40
        for event in (
            _native.Connected(gone, "192.0.2.1", 1),
            _native.ControlDatagram(gone, b"\x16"),
            _native.EncodingStarted(gone, "", 1, "vp8"),
            _native.EncodingIdle(gone, ""),
            _native.EncodingStopped(gone, ""),
            _native.LayersMeasured(gone, []),
            _native.SlotSwitched(gone, gone, ""),
            _native.EstimateChanged(gone, 1),
            _native.AudioLevel(gone, 30, voice=True, levels=b"\x1e"),
        ):
            engine.registry.dispatch(event)
        with pytest.raises(trio.WouldBlock):
            transport.events.receive_nowait()


async def test_a_transport_knows_its_estimate() -> None:
    async with one_transport() as (engine, transport):
        assert transport.estimate is None
        engine.registry.dispatch(_native.EstimateChanged(transport.id, 800_000))
        assert transport.estimate == 800_000
        transport.set_demand(2_500_000)
        assert transport.stats()["demand"] == 2_500_000


async def test_a_track_knows_what_its_layers_cost() -> None:
    async with (
        one_transport() as (engine, transport),
        transport.up_track("0", "video", "camera", rids=["q", "f"]) as track,
    ):
        assert not track.layers
        measured = [("q", 0, 0, 90_000, 320, 180), ("q", 0, 1, 150_000, 320, 180)]
        engine.registry.dispatch(_native.LayersMeasured(track.id, measured))
        assert [layer.bitrate for layer in track.layers] == [90_000, 150_000]
        assert (track.layers[0].width, track.layers[1].temporal) == (320, 1)


async def test_a_slot_is_limited_to_layers_until_it_is_closed() -> None:
    async with one_transport() as (engine, transport):
        async with transport.slot("1", "video", 0, ssrc=7, rtx_ssrc=8, cname="x") as slot:
            slot.limit(0, 2)
            slot.limit(None, None)
        slot.limit(1, 1)
        # Nobody waits for the answer, so whoever is late is not told.
        engine.native.limit_slot(slot.id, 0, 0)
        with pytest.raises(_native.EngineError) as refused:
            slot.stats()
        assert refused.value.code == "unknown-slot"


async def test_a_track_knows_its_live_encodings() -> None:
    async with (
        one_transport() as (engine, transport),
        transport.up_track("0", "video", "camera", rids=["q", "f"]) as track,
    ):
        engine.registry.dispatch(_native.EncodingStarted(track.id, "q", 1, "vp8"))
        engine.registry.dispatch(_native.EncodingStarted(track.id, "f", 2, "vp8"))
        engine.registry.dispatch(_native.EncodingIdle(track.id, "f"))
        engine.registry.dispatch(_native.EncodingIdle(track.id, "q"))
        engine.registry.dispatch(_native.EncodingStopped(track.id, "q"))
        assert set(track.encodings) == set(track.idle) == {"f"}
        assert (track.codec("f"), track.codec("q")) == ("vp8", None)


async def test_levels_go_to_who_listens_and_fill_no_inbox() -> None:
    async with (
        one_transport() as (engine, transport),
        transport.up_track("0", "audio", "microphone") as track,
    ):
        told: list[_native.AudioLevel] = []
        level = _native.AudioLevel(track.id, 30, voice=True, levels=b"\x1e")
        engine.registry.dispatch(level)
        track.listener = told.append
        engine.registry.dispatch(level)
        assert told == [level]
        with pytest.raises(trio.WouldBlock):
            transport.events.receive_nowait()


async def test_lost_events_are_made_up_for() -> None:
    async with one_transport() as (engine, transport):
        async with transport.up_track("0", "video", "camera") as track:
            # As if the stop, the silence and the loss of consent had been among the lost.
            engine.registry.dispatch(_native.Connected(transport.id, "192.0.2.1", 1))
            engine.registry.dispatch(_native.EncodingStarted(track.id, "", 1, "vp8"))
            engine.registry.dispatch(_native.EventsLost(9))
            assert not track.encodings
        kinds = [type(transport.events.receive_nowait()) for _ in range(4)]
        assert kinds[2:] == [_native.ConsentExpired, _native.EncodingStopped]


class Told(UpTrack):
    """A track with the numbers the engine would give."""

    told: dict[str, int | str]

    def stats(self) -> list[dict[str, int | str]]:
        return [{"rid": "", "ssrc": 1, "codec": "vp8", **self.told}]


@pytest.mark.parametrize(
    ("known", "live", "idle", "made_up"),
    [
        ("started", 1, 0, []),
        ("started", 1, 1, [_native.EncodingIdle]),
        ("started", 0, 0, [_native.EncodingStopped]),
        ("idle", 1, 0, [_native.EncodingStarted]),
        ("idle", 1, 1, []),
        ("idle", 0, 0, [_native.EncodingStopped]),
        ("nothing", 1, 1, [_native.EncodingStarted, _native.EncodingIdle]),
        ("nothing", 0, 0, []),
    ],
)
async def test_a_lost_pause_is_made_up_for(
    known: str, live: int, idle: int, made_up: list[type[_native.Event]]
) -> None:
    async with one_transport() as (engine, transport):
        track = Told(engine.native, 1, mid="0", kind="video", source="screen", nudge=lambda: None)
        track.told = {"live": live, "idle": idle}
        if known != "nothing":
            track.note(_native.EncodingStarted(1, "", 1, "vp8"))
        if known == "idle":
            track.note(_native.EncodingIdle(1, ""))
        events = list(resync(engine.native, transport, [track], silence_timeout=3.0))
        assert [type(event) for event in events] == made_up
        for event in events:
            track.note(event)  # type: ignore[arg-type]
        assert (bool(track.encodings), bool(track.idle)) == (bool(live), bool(idle))


async def test_a_lost_transport_hears_nothing_more() -> None:
    async with one_transport() as (engine, transport):
        engine.registry.lose(0, "worker-lost", "it panicked")
        engine.registry.dispatch(_native.Silent(transport.id))
        assert [event async for event in transport.events] == [
            TransportLost("worker-lost", "it panicked")
        ]
