"""The handshake: bounded, bound to the announced certificate, and with a goodbye."""

import asyncio
import socket
from random import Random

import pytest
import trio

from tests.native import binding
from tests.webrtc.calling import as_message, joined, running_engine
from tests.webrtc.offering import CAMERA, Description, Section
from trio_sfu.errors import NegotiationError
from trio_sfu.media.engine import MediaEngine
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.bridge import StrayError, live_loops
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.dtls import PROFILES
from trio_sfu.webrtc.engine_ice import MAX_DATAGRAMS, EngineIce
from trio_sfu.webrtc.events import Connected, EncodingStarted, Failed
from trio_sfu.webrtc.peer_connection import PeerConnection, open_peer_connection
from trio_sfu.webrtc.sources import Tone
from trio_sfu.webrtc.user_agent import open_user_agent

CERTIFICATE = Certificate.generate()
OFFER = Offer(id=1, sdp=Description([Section("0")]).sdp(), sending=[CAMERA])


async def failure(pc: PeerConnection) -> Failed:
    with trio.fail_after(5):
        async for event in pc.events:
            if isinstance(event, Failed):
                return event
    raise AssertionError("the events ended")


async def check(engine: MediaEngine, answer: str, *datagrams: bytes) -> None:
    """Send an ICE check with the answer's credentials, then datagrams."""
    lines = dict(
        line[2:].split(":", 1)
        for line in answer.splitlines()
        if line.startswith(("a=ice-u", "a=ice-p"))
    )
    request, _ = binding.request(
        Random(1), ufrag=lines["ice-ufrag"], password=lines["ice-pwd"], nominate=True
    )
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        await udp.connect(engine.candidates()[0])
        await udp.send(request)
        await udp.recv(1500)
        for datagram in datagrams:
            await udp.send(datagram)


async def test_a_client_that_never_checks_is_an_ice_timeout() -> None:
    async with (
        running_engine() as engine,
        open_peer_connection(engine, CERTIFICATE, handshake_timeout=0.2) as pc,
    ):
        await pc.negotiate(OFFER)
        assert (await failure(pc)).code == "ice-timeout"


async def test_a_client_that_checks_and_says_no_more_is_a_dtls_timeout() -> None:
    async with (
        running_engine() as engine,
        open_peer_connection(engine, CERTIFICATE, handshake_timeout=0.5) as pc,
    ):
        await check(engine, await pc.negotiate(OFFER))
        assert (await failure(pc)).code == "dtls-timeout"


async def test_garbage_instead_of_a_handshake_ends_in_a_timeout_or_a_failure() -> None:
    async with (
        running_engine() as engine,
        open_peer_connection(engine, CERTIFICATE, handshake_timeout=0.5) as pc,
    ):
        random = Random(2)
        garbage = [bytes([20 + n % 44]) + random.randbytes(n * 7) for n in range(100)]
        await check(engine, await pc.negotiate(OFFER), *garbage)
        assert (await failure(pc)).code in ("dtls-timeout", "dtls-failed")


async def test_another_certificate_than_announced_is_refused() -> None:
    def forge(sdp: str) -> str:
        lines = [
            line[:-2] + ("00" if line[-2:] != "00" else "11")
            if line.startswith("a=fingerprint:")
            else line
            for line in sdp.splitlines()
        ]
        return "\r\n".join(lines)

    async with running_engine() as engine, joined(engine, spoil=forge) as side:
        assert (await side.event(Failed)).code == "dtls-failed"
        assert not any(isinstance(event, Connected) for event in side.events)


async def test_the_cheapest_profile_is_chosen_and_media_flows_with_it() -> None:
    async with running_engine() as engine, joined(engine) as side:
        await side.event(Connected)
        stats = side.pc.stats()
        assert stats["transport"]["keyed"] == 1


def passive(sdp: str) -> str:
    return sdp.replace("a=setup:actpass", "a=setup:passive")


async def test_a_client_that_waits_for_the_handshake_gets_it_at_once() -> None:
    async with running_engine() as engine, joined(engine, spoil=passive) as side:
        with trio.fail_after(5):
            await side.agent.wait_state("connected")
        # Both directions have the keys of the other: its sound is heard, its goodbye too.
        await side.event(Connected)
        await side.agent.send("microphone", Tone())
        await side.event(EncodingStarted)
        await side.agent.close()
        assert (await side.event(Failed)).code == "dtls-closed"


async def test_who_begins_is_settled_by_the_first_offer() -> None:
    waits = Offer(id=1, sdp=passive(OFFER.sdp), sending=[CAMERA])
    async with running_engine() as engine:
        async with open_peer_connection(engine, CERTIFICATE) as pc:
            assert "a=setup:active\r\n" in await pc.negotiate(waits)
            assert "a=setup:active\r\n" in await pc.negotiate(OFFER)
        async with open_peer_connection(engine, CERTIFICATE) as pc:
            assert "a=setup:passive\r\n" in await pc.negotiate(OFFER)
            with pytest.raises(NegotiationError) as refused:
                await pc.negotiate(waits)
            assert refused.value.code == "offer-invalid"


async def test_a_client_that_closes_is_told_apart_from_one_that_is_lost() -> None:
    async with running_engine() as engine, joined(engine) as side:
        await side.event(Connected)
        await side.agent.close()
        assert (await side.event(Failed)).code == "dtls-closed"


async def test_a_client_hears_the_goodbye_of_the_server() -> None:
    async with running_engine() as engine, open_user_agent(loopback=True) as agent:
        async with open_peer_connection(engine, CERTIFICATE) as pc:
            await agent.accept(await pc.negotiate(as_message(await agent.offer(1))))
            assert await agent.wait_state("connected", "failed") == "connected"
        with trio.fail_after(5):
            assert await agent.wait_state("closed", "failed") == "closed"


@pytest.mark.parametrize("when", ["in the handshake", "in the call"])
async def test_an_error_in_the_association_is_an_error_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    take = EngineIce._take
    connected = trio.Event()

    def broken(self: EngineIce) -> bytes | None:
        if connected.is_set() is (when == "in the call"):
            raise ZeroDivisionError("broken")
        return take(self)

    async def call() -> None:
        async with running_engine() as engine, joined(engine) as side:
            if when == "in the call":
                await side.event(Connected)
                connected.set()
                await side.agent.close()
            with trio.fail_after(5):
                await trio.sleep_forever()

    monkeypatch.setattr(EngineIce, "_take", broken)
    with pytest.RaisesGroup(pytest.RaisesExc(ZeroDivisionError), flatten_subgroups=True):
        await call()


async def test_an_error_that_nobody_awaits_in_the_loop_is_an_error_of_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stray() -> None:
        raise ZeroDivisionError("stray")

    receive = EngineIce.next_in_loop

    async def strays(self: EngineIce, within: float | None = None) -> bytes | None:
        asyncio.get_running_loop().call_soon(stray)
        return await receive(self, within)

    async def call() -> None:
        async with running_engine() as engine, joined(engine):
            with trio.fail_after(5):
                await trio.sleep_forever()

    monkeypatch.setattr(EngineIce, "next_in_loop", strays)
    strayed = pytest.RaisesExc(
        StrayError, check=lambda error: isinstance(error.__cause__, ZeroDivisionError)
    )
    with pytest.RaisesGroup(strayed, flatten_subgroups=True):
        await call()


async def test_the_loop_ends_with_the_handshake() -> None:
    async with running_engine() as engine:
        async with joined(engine) as side:
            await side.event(Connected)
            assert live_loops() == 1  # the client's
        assert live_loops() == 0


async def test_the_queue_of_datagrams_is_bounded_and_takes_dtls_only() -> None:
    async with running_engine() as engine, engine.transport("ufrag", "p" * 24) as transport:
        ice = EngineIce(transport)
        for datagram in (b"", b"\x00\x01", b"\x80\x60", b"\xff"):
            ice.deliver(datagram)
        assert ice.dropped == 4
        for _ in range(MAX_DATAGRAMS + 3):
            ice.deliver(b"\x16")
        assert ice.dropped == 7


def test_a_certificate_makes_its_context_once_and_keeps_no_sessions() -> None:
    native = Certificate.generate().native
    profiles = list(PROFILES.values())
    context = native._create_ssl_context(profiles)
    assert native._create_ssl_context(profiles) is context
    assert context.get_session_cache_mode() == 0


def test_two_certificates_differ() -> None:
    assert Certificate.generate().fingerprint != CERTIFICATE.fingerprint
