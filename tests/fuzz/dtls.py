"""Handshakes of a real DTLS client whose flights are cut, bent, repeated, or made up.

The server's end is aiortc's, over a transport that only keeps what it is given. Whatever comes,
the handshake is done or fails as one that failed, keys are installed for the announced
certificate alone, nothing else is raised, and it all ends in bounded time.
"""

from collections import deque
from contextlib import suppress
from functools import cache
from typing import Any, Final, cast

import trio
from OpenSSL import SSL
from trio.testing import MockClock

from tests.fuzz.reading import Input
from trio_sfu.errors import MediaError
from trio_sfu.media.transport import Transport
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.dtls import PROFILES, Association, Remote
from trio_sfu.webrtc.engine_ice import EngineIce

CODES: Final = {"dtls-timeout", "dtls-failed", "ice-timeout"}
HANDSHAKE_S: Final = 3.0
MAX_FLIGHTS: Final = 24

certificate = cache(Certificate.generate)
client_certificate = cache(Certificate.generate)


class KeptTransport:
    """What an association needs of a transport."""

    connected = True

    def __init__(self) -> None:
        self.control: Any = None
        self.sent: deque[bytes] = deque(maxlen=256)
        self.keyed = False

    def send_control(self, datagram: bytes) -> None:
        assert datagram
        assert 20 <= datagram[0] <= 63
        self.sent.append(datagram)

    def set_srtp_keys(self, name: str, *, inbound: bytes, outbound: bytes) -> None:
        assert name in PROFILES
        assert inbound != outbound
        self.keyed = True


def dtls(data: bytes) -> None:
    """Carry out what the bytes say."""
    trio.run(_run, Input(data), clock=MockClock(autojump_threshold=0))


async def _run(source: Input) -> None:
    transport = KeptTransport()
    forged = source.byte() & 7 == 7
    announced = certificate() if forged else client_certificate()
    remote = Remote(fingerprints=announced.native.getFingerprints(), role="client")
    association = Association(EngineIce(cast("Transport", transport)), certificate())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_client, source, transport)
        try:
            await association.handshake(remote, HANDSHAKE_S)
        except MediaError as failed:
            check_refusal(failed, transport)
        else:
            assert transport.keyed
            assert not forged
            with trio.move_on_after(HANDSHAKE_S):
                await association.wait_closed()
        nursery.cancel_scope.cancel()
    association.close()


def check_refusal(failed: MediaError, transport: KeptTransport) -> None:
    assert failed.code in CODES, failed.code
    assert not transport.keyed or failed.code != "dtls-timeout", "keys of no handshake"


async def _client(source: Input, transport: KeptTransport) -> None:
    context = client_certificate().native._create_ssl_context(list(PROFILES.values()))
    client = SSL.Connection(context)
    client.set_connect_state()
    for _ in range(MAX_FLIGHTS):
        with suppress(SSL.Error):
            client.do_handshake()
        choice = source.byte()
        for datagram in _flight(client):
            for bent in _bent(datagram, choice, source):
                transport.control(bent)
        if choice & 0x30 == 0x30:
            transport.control(bytes([20 + source.byte() % 44]) + source.slice())
        if choice & 0x40:
            with suppress(SSL.Error):
                client.send(source.slice() or b"x")
        await trio.sleep((choice & 3) / 4 + 0.01)
        while transport.sent:
            with suppress(SSL.Error):
                client.bio_write(transport.sent.popleft())
        with suppress(SSL.Error):
            client.recv(1500)
        if choice & 0xC0 == 0x80:
            with suppress(SSL.Error):
                client.shutdown()


def _flight(client: SSL.Connection) -> list[bytes]:
    datagrams: list[bytes] = []
    with suppress(SSL.Error):
        while len(datagrams) < MAX_FLIGHTS:
            datagrams.append(client.bio_read(1500))
    return datagrams


def _bent(datagram: bytes, choice: int, source: Input) -> list[bytes]:
    """Return what of a datagram arrives."""
    match choice >> 2 & 3:
        case 0:
            return [datagram]
        case 1:
            bent = bytearray(datagram)
            bent[source.short() % len(bent)] ^= source.byte()
            return [bytes(bent)]
        case 2:
            return [datagram[: source.short() % len(datagram)], datagram]
        case _:
            return [datagram] * (source.byte() & 3)
