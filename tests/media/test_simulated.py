"""The engine on virtual time: fifteen seconds of silence take none."""

from random import Random

import trio
from trio.testing import MockClock

from tests.native import binding
from tests.native.binding import PASSWORD
from trio_sfu._native import Connected, ConsentExpired, Silent
from trio_sfu.media.simulated import open_simulated_engine

PEER = ("198.51.100.7", 40_000)


async def test_a_check_is_answered_and_its_end_is_noticed(autojump_clock: MockClock) -> None:
    sent: list[tuple[tuple[str, int], bytes]] = []
    async with (
        open_simulated_engine(lambda where, data, _: sent.append((where, data))) as engine,
        engine.transport("alpha", PASSWORD) as transport,
    ):
        request, transaction = binding.request(Random(3), ufrag="alpha")
        engine.receive(PEER, request)
        begun = trio.current_time()
        assert isinstance(await transport.events.receive(), Connected)
        ((where, datagram),) = sent
        assert where == PEER
        assert binding.answer(datagram) == binding.Answer(transaction, PEER)
        assert isinstance(await transport.events.receive(), Silent)
        assert 3.0 <= trio.current_time() - begun < 3.5
        assert isinstance(await transport.events.receive(), ConsentExpired)
        assert 15.0 <= trio.current_time() - begun < 15.5


async def test_what_a_command_sends_leaves_at_once(autojump_clock: MockClock) -> None:
    sent: list[bytes] = []
    async with (
        open_simulated_engine(lambda _where, data, _: sent.append(data)) as engine,
        engine.transport("alpha", PASSWORD) as transport,
    ):
        engine.receive(PEER, binding.request(Random(3), ufrag="alpha")[0])
        await trio.sleep(0.001)
        sent.clear()
        transport.send_control(b"\x16flight")
        await trio.sleep(0.001)
        assert sent == [b"\x16flight"]


async def test_a_track_of_a_lost_engine_is_not_taken_for_one_of_the_next(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_simulated_engine(lambda *_: None) as engine,
        engine.transport("alpha", PASSWORD) as lost,
    ):
        with lost.up_track("0", "video", "camera") as before:
            engine.panic()
            await trio.sleep(1)
            async with (
                engine.transport("bravo", PASSWORD) as publisher,
                engine.transport("charlie", PASSWORD) as viewer,
            ):
                with (
                    publisher.up_track("0", "video", "camera") as track,
                    viewer.slot("1", "video", 0, ssrc=1, rtx_ssrc=2, cname="c") as slot,
                ):
                    assert track.id != before.id
                    slot.show(before)
                    assert slot.stats()["waiting_up_track"] == 0
                    slot.show(track)
                    assert slot.stats()["waiting_up_track"] == track.id
