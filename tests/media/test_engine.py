"""The engine in trio: events come without polling, handles go with their blocks."""

import gc
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from tests.media.stun_peer import stun_peer
from tests.native.binding import PASSWORD
from trio_sfu._native import Connected, Engine, Silent
from trio_sfu.errors import MediaError
from trio_sfu.media.engine import RESTARTS, MediaEngine, open_engine
from trio_sfu.media.settings import EngineSettings
from trio_sfu.media.transport import Transport, TransportEvent, TransportLost
from trio_sfu.stun.check import check_path
from trio_sfu.stun.place import Place

RMEM_MAX = Path("/proc/sys/net/core/rmem_max")


async def next_event(transport: Transport) -> TransportEvent:
    with trio.fail_after(5):
        return await transport.events.receive()


def panic(engine: MediaEngine) -> None:
    native = engine.native
    assert isinstance(native, Engine)
    native._panic_worker(0, "on purpose")  # type: ignore[attr-defined]


async def test_an_event_comes_to_its_transport_and_to_no_other() -> None:
    async with (
        open_engine(EngineSettings()) as engine,
        engine.transport("alpha", PASSWORD) as one,
        engine.transport("bravo", PASSWORD) as two,
        stun_peer(engine) as peer,
    ):
        await peer.check("bravo")
        assert isinstance(await next_event(two), Connected)
        assert two.connected
        with pytest.raises(trio.WouldBlock):
            one.events.receive_nowait()


async def test_what_a_socket_can_hold_is_told() -> None:
    async with open_engine(EngineSettings()) as engine:
        held = engine.receive_buffer()
    limit = int(RMEM_MAX.read_text())  # noqa: ASYNC240  (not a disk)
    assert held is not None
    # The kernel doubles what is asked for; with CAP_NET_ADMIN 8 MiB are, whatever the limit.
    assert held == 16 << 20 or held == 2 * min(limit, 8 << 20)


async def test_silence_is_told_without_anybody_asking() -> None:
    settings = EngineSettings(silence_timeout=0.2)
    async with (
        open_engine(settings) as engine,
        engine.transport("alpha", PASSWORD) as transport,
        stun_peer(engine) as peer,
    ):
        await peer.check("alpha")
        assert isinstance(await next_event(transport), Connected)
        assert isinstance(await next_event(transport), Silent)
        assert transport.silent


async def test_dtls_goes_straight_to_who_takes_it() -> None:
    async with (
        open_engine(EngineSettings()) as engine,
        engine.transport("alpha", PASSWORD) as transport,
        stun_peer(engine) as peer,
    ):
        await peer.check("alpha")
        await peer.udp.send(b"\x16 nobody takes it: no error")
        await peer.check("alpha")
        put, taken = trio.open_memory_channel[bytes](8)
        transport.control = put.send_nowait
        await peer.udp.send(b"\x16 flight")
        with trio.fail_after(5):
            # The one before may still have been on its way when there was a taker.
            while await taken.receive() != b"\x16 flight":
                pass
            transport.send_control(b"\x16 answer")
            assert await peer.udp.recv(1500) == b"\x16 answer"


async def test_handles_go_with_their_blocks() -> None:
    async with open_engine(EngineSettings()) as engine:
        empty = engine.census()
        async with engine.transport("alpha", PASSWORD) as transport:
            with (
                transport.up_track("0", "video", "camera") as track,
                transport.slot("1", "video", 0, ssrc=1, rtx_ssrc=2, cname="c") as slot,
            ):
                counts = engine.census()
                assert (counts["transports"], counts["up_tracks"], counts["slots"]) == (1, 1, 1)
                slot.show(track)
            counts = engine.census()
            assert (counts["transports"], counts["up_tracks"], counts["slots"]) == (1, 0, 0)
            # Late calls on what is gone are no error: the other side cannot know.
            slot.show(None)
            track.request_keyframe()
        assert engine.census() == empty
        assert not engine.registry.transports
        assert not engine.registry.up_tracks
        assert not engine.registry.slots


async def test_a_slot_that_is_to_show_a_closed_track_shows_nothing() -> None:
    async with (
        open_engine(EngineSettings()) as engine,
        engine.transport("alpha", PASSWORD) as transport,
    ):
        with transport.slot("1", "video", 0, ssrc=1, rtx_ssrc=2, cname="c") as slot:
            with transport.up_track("0", "video", "camera") as track:
                pass
            slot.show(track)
            assert slot.stats()["up_track"] == 0


async def test_too_many_transports_are_an_error_with_a_code() -> None:
    async with (
        open_engine(EngineSettings(max_transports=1)) as engine,
        engine.transport("alpha", PASSWORD),
    ):
        with pytest.raises(MediaError) as refused:
            async with engine.transport("bravo", PASSWORD):
                pass
        assert refused.value.code == "too-many-transports"


async def test_an_engine_leaves_no_thread_and_no_descriptor() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def workers() -> int:
        names = (each.joinpath("comm").read_text() for each in Path("/proc/self/task").iterdir())
        return sum(name.startswith("sfu-worker") for name in names)

    async def live() -> None:
        async with open_engine(EngineSettings()) as engine:
            assert workers() == 1
            begun = engine.progress()[0]
            await trio.sleep(0.6)
            assert engine.progress()[0] > begun

    gc.collect()  # what tests before this one left to the collector
    before = descriptors()
    gc.disable()
    try:
        await live()
    finally:
        gc.enable()
    assert workers() == 0
    assert descriptors() == before


async def test_after_a_panic_transports_are_lost_and_new_ones_work_on_the_same_port() -> None:
    async with open_engine(EngineSettings()) as engine:
        addresses = engine.candidates()
        async with engine.transport("alpha", PASSWORD) as lost:
            panic(engine)
            event = await next_event(lost)
            assert isinstance(event, TransportLost)
            assert event.code == "worker-lost"
            with pytest.raises(trio.EndOfChannel):
                await next_event(lost)
            await restarted(engine, addresses)
            async with engine.transport("bravo", PASSWORD) as transport, stun_peer(engine) as peer:
                await peer.check("bravo")
                assert isinstance(await next_event(transport), Connected)
        assert engine.candidates() == addresses


async def test_after_a_panic_connections_are_taken_on_the_same_port() -> None:
    async with open_engine(EngineSettings(tcp_port=0)) as engine:
        addresses = engine.candidates()
        async with await trio.open_tcp_stream(*addresses[0]) as former:
            panic(engine)
            with trio.fail_after(5), suppress(trio.BrokenResourceError):
                assert await former.receive_some() == b"", "it ends with its worker"
        with trio.fail_after(5):
            while engine.restarts == 0:  # noqa: ASYNC110
                await trio.sleep(0.01)
        assert engine.tcp_candidates() == addresses
        async with engine.transport("bravo", PASSWORD):
            host, port = addresses[0]
            assert await check_path(Place(host, port, "tcp"), "bravo", PASSWORD) == host


async def test_a_transport_that_comes_in_the_middle_of_a_restart_waits_for_its_end() -> None:
    async with open_engine(EngineSettings()) as engine:
        panic(engine)
        assert engine.restarts == 0
        async with engine.transport("alpha", PASSWORD) as transport, stun_peer(engine) as peer:
            assert engine.restarts == 1
            await peer.check("alpha")
            assert isinstance(await next_event(transport), Connected)


async def restarted(engine: MediaEngine, addresses: list[tuple[str, int]]) -> None:
    """Wait for the worker that is started anew, of which nobody is told."""
    before = engine.restarts
    with trio.fail_after(5):
        while engine.restarts == before:  # noqa: ASYNC110
            await trio.sleep(0.01)
    assert engine.candidates() == addresses


async def test_an_engine_that_panics_again_and_again_ends() -> None:
    with pytest.RaisesGroup(
        pytest.RaisesExc(MediaError, check=lambda error: error.code == "engine-unstable")
    ):
        async with open_engine(EngineSettings()) as engine:
            addresses = engine.candidates()
            for _ in range(RESTARTS):
                panic(engine)
                await restarted(engine, addresses)
            panic(engine)
            with trio.fail_after(5):
                await trio.sleep_forever()
