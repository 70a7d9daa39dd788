"""Who is on one worker is heard by who is on another, and outlives it."""

from collections.abc import Callable

import pytest
import trio

from tests.native import binding
from tests.native.peers import LOOPBACK, Start, next_events
from tests.native.talker import Talker
from trio_sfu._native import EngineError, WorkerPanicked


async def heard(speaker: Talker, listener: Talker) -> None:
    """Have one speak until the other hears it."""
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def speak() -> None:
                while True:
                    await speaker.speak(b"word")
                    await trio.sleep(0.02)

            nursery.start_soon(speak)
            assert (await listener.hear()).endswith(b"word")
            nursery.cancel_scope.cancel()


async def eventually(fact: Callable[[], bool]) -> None:
    with trio.fail_after(5):
        while not fact():  # noqa: ASYNC110 - nobody can tell us
            await trio.sleep(0.02)


async def test_who_speaks_is_heard_on_another_worker(start: Start) -> None:
    engine = start([("127.0.0.1", 0)], workers=3)
    async with (
        Talker(engine, 0, "pubA") as speaker,
        Talker(engine, 1, "vieA") as one,
        Talker(engine, 2, "vieB") as two,
    ):
        track = engine.add_up_track(speaker.transport, "m", "audio")
        await speaker.check(ufrag="pubA")
        for listener in (one, two):
            await listener.check(ufrag=listener.ufrag)
            slot = engine.add_slot(listener.transport, "9", "audio", ssrc=77, cname="c")
            engine.map_slot(slot, track)
            await heard(speaker, listener)
        assert engine.census()["relays"] == 2
        assert engine.census()["up_tracks"] == 1
        assert engine.counters()["relay_dropped"] == 0
        assert [count > 0 for count in engine.forwarded()] == [False, True, True]
        engine.remove_up_track(track)
        await eventually(lambda: engine.census()["relays"] == 0)


async def test_a_worker_that_panics_begins_anew_and_others_go_on(start: Start) -> None:
    engine = start(LOOPBACK, workers=2)
    addresses = engine.local_addresses()
    async with Talker(engine, 0, "pubA") as lost, Talker(engine, 1, "vieA") as listener:
        track = engine.add_up_track(lost.transport, "m", "audio")
        slot = engine.add_slot(listener.transport, "9", "audio", ssrc=77, cname="c")
        await lost.check(ufrag="pubA")
        await listener.check(ufrag="vieA")
        engine.map_slot(slot, track)
        await heard(lost, listener)
        received = engine.counters()["rtp_received"]
        await next_events(engine)
        engine._panic_worker(0, "on purpose")  # type: ignore[attr-defined]
        assert await next_events(engine) == [WorkerPanicked(0, "on purpose")]
        engine.restart_worker(0)
        assert engine.local_addresses() == addresses
        assert engine.counters()["rtp_received"] >= received
        await eventually(lambda: engine.census()["relays"] == 0)
        with pytest.raises(EngineError) as caught:
            engine.map_slot(slot, track)
        assert caught.value.code == "unknown-track"
        assert engine.slot_stats(slot)["up_track"] == 0
        async with Talker(engine, 0, "pubB") as speaker:
            again = engine.add_up_track(speaker.transport, "m", "audio")
            await speaker.check(ufrag="pubB")
            engine.map_slot(slot, again)
            await heard(speaker, listener)
        # The one that watched may be lost as well.
        engine._panic_worker(1, "on purpose")  # type: ignore[attr-defined]
        engine.restart_worker(1)
        assert engine.census()["relays"] == 0


def test_a_worker_that_runs_cannot_be_started_anew(start: Start) -> None:
    engine = start([("127.0.0.1", 0)], workers=1)
    with pytest.raises(OSError, match="has not ended"):
        engine.restart_worker(0)
    engine.add_transport(binding.UFRAG, binding.PASSWORD)
