"""What stands for DTLS in a simulation, and what it leaves out.

aiortc's DTLS runs on an asyncio loop with timers of its own, and OpenSSL draws its random
numbers where no seed reaches, so two runs would differ. This exchange takes its place: a
hello and an answer, over the same control datagrams of the same engine, lost and repeated
like them. It keeps what the control plane relies on: the client's hello must fit the
fingerprint in its offer (RFC 8122), both sides derive keys, the server waits at most
``handshake_timeout`` and fails with the same codes, and each side can say goodbye. It
proves nothing about DTLS; ``tests/webrtc/test_dtls.py`` and the browsers do that.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

import trio

from trio_sfu._native import EngineError, Profile
from trio_sfu.errors import MediaError
from trio_sfu.media.transport import Transport
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.dtls import Remote, Secured

PROFILE: Final[Profile] = "AEAD_AES_128_GCM"
_KEYING: Final = 28  # master key and salt of the profile (RFC 7714, section 12)
_HELLO: Final = b"\x16hello"
_ALERT: Final = b"\x15close"
_NONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Master key and salt for each direction, as the server names them."""

    inbound: bytes
    outbound: bytes


def derive(client: bytes, server: bytes) -> Keys:
    """Return what both sides make of the nonces."""
    secret = hashlib.sha512(client + server).digest()
    return Keys(secret[:_KEYING], secret[_KEYING : 2 * _KEYING])


def fingerprint(nonce: bytes) -> str:
    """Return what the client's offer says of its hello."""
    return hashlib.sha256(nonce).digest().hex(":").upper()


def hello(nonce: bytes) -> bytes:
    """Return a hello datagram."""
    return _HELLO + nonce


def goodbye() -> bytes:
    """Return the datagram that closes an association."""
    return _ALERT


def parse_hello(datagram: bytes) -> bytes | None:
    """Return the nonce of a hello."""
    nonce = datagram.removeprefix(_HELLO)
    return nonce if datagram.startswith(_HELLO) and len(nonce) == _NONCE else None


class _SimulatedAssociation:
    """The server's side."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._nonce = secrets.token_bytes(_NONCE)
        self._hello: bytes | None = None
        self._heard = trio.Event()
        self._closed = trio.Event()
        self._accepted = False
        transport.control = self._deliver

    def _deliver(self, datagram: bytes) -> None:
        nonce = parse_hello(datagram)
        if nonce is not None:
            self._hello = self._hello or nonce
            self._heard.set()
            if self._accepted:
                self._answer()
        elif datagram == _ALERT and self._accepted:
            self._closed.set()

    async def handshake(self, remote: Remote, seconds: float) -> None:
        """Install the keys. Raises MediaError: ice-timeout, dtls-timeout, dtls-failed."""
        with trio.move_on_after(seconds):
            await self._heard.wait()
        if self._hello is None:
            code = "dtls-timeout" if self._transport.connected else "ice-timeout"
            raise MediaError(f"no hello within {seconds:g} s", code=code)
        if fingerprint(self._hello) not in {each.value for each in remote.fingerprints}:
            raise MediaError("another certificate than announced", code="dtls-failed")
        keys = derive(self._hello, self._nonce)
        self._transport.set_srtp_keys(PROFILE, keys.inbound, keys.outbound)
        self._accepted = True
        self._answer()

    def _answer(self) -> None:
        self._transport.send_control(hello(self._nonce))

    async def wait_closed(self) -> None:
        """Wait for the client's goodbye."""
        await self._closed.wait()

    def close(self) -> None:
        """Say goodbye."""
        try:
            self._transport.send_control(_ALERT)
        except EngineError:
            return  # The transport went with its worker.


def open_simulated_association(
    transport: Transport, _certificate: Certificate
) -> AbstractContextManager[Secured]:
    """Open the server's side; takes the place of ``webrtc.dtls.open_association``."""
    return _open(_SimulatedAssociation(transport))


@contextmanager
def _open(association: _SimulatedAssociation) -> Iterator[Secured]:
    try:
        yield association
    finally:
        association.close()
