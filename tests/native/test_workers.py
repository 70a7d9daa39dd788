"""Who is on one worker is heard by who is on another, and outlives it."""

from collections.abc import Callable
from random import Random

import pytest
import trio
from pylibsrtp import Policy, Session

from tests.native import binding
from tests.native.peers import LOOPBACK, Peer, Start, next_events
from trio_sfu._native import Codec, Engine, EngineError, Extension, WorkerPanicked

OPUS: tuple[int, Codec, int, None] = (111, "opus", 48_000, None)
MID: tuple[int, Extension] = (4, "mid")


class Talker(Peer):
    """A peer with SRTP keys, on a worker of the engine."""

    def __init__(self, engine: Engine, worker: int, ufrag: str) -> None:
        super().__init__(engine.local_addresses()[worker][0])
        self.engine, self.ufrag = engine, ufrag
        keys = [Random(ufrag).randbytes(28), Random(f"{ufrag} in").randbytes(28)]
        self.transport = engine.add_transport(ufrag, binding.PASSWORD, worker=worker)
        engine.set_negotiated(self.transport, extensions=[MID], codecs=[OPUS])
        engine.set_srtp_keys(self.transport, "AEAD_AES_128_GCM", *keys)
        profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        any_out, any_in = Policy.SSRC_ANY_OUTBOUND, Policy.SSRC_ANY_INBOUND
        self.sending = Session(Policy(key=keys[0], ssrc_type=any_out, srtp_profile=profile))
        self.receiving = Session(Policy(key=keys[1], ssrc_type=any_in, srtp_profile=profile))
        self.sequence = 0

    async def speak(self, word: bytes) -> None:
        self.sequence += 1
        header = b"\x90\x6f" + self.sequence.to_bytes(2) + (960 * self.sequence).to_bytes(4)
        header += (0xABCD).to_bytes(4) + b"\xbe\xde\x00\x01" + b"\x40m\x00\x00"
        await self.send(self.sending.protect(header + word))

    async def hear(self) -> bytes:
        """Return the payload of the next packet of media."""
        while True:
            datagram, _ = await self.receive()
            if 64 <= datagram[1] & 0x7F <= 95:
                continue  # RTCP
            packet = self.receiving.unprotect(datagram)
            return packet[12 + 4 + 4 * int.from_bytes(packet[14:16]) :]


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
