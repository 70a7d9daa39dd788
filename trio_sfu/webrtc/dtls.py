"""DTLS by aiortc over the engine's transport; the SRTP keys go to the engine.

aiortc asks of its ICE transport only ``_recv``, ``_send`` and ``role``. It is the DTLS
server, so that it chooses the SRTP profile, unless the client is (``a=setup:passive``).
What of it is used awaits nothing of asyncio but what is given to it, so there is no loop:
it runs in the trio task that calls it (``docs/decisions/0006-dtls-without-a-loop.md``).
Its names with an underscore are private: the version is pinned, and
``tests/webrtc/test_aiortc_names.py`` fails when they move.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, Protocol, TypeAlias, cast

import trio
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport, State
from OpenSSL import SSL

from trio_sfu._native import EngineError, Profile
from trio_sfu.errors import MediaError
from trio_sfu.media.transport import Transport
from trio_sfu.webrtc.certificate import Certificate

PROFILES: Final[Mapping[Profile, rtcdtlstransport.SRTPProtectionProfile]] = {
    "AEAD_AES_128_GCM": rtcdtlstransport.SRTP_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": rtcdtlstransport.SRTP_AEAD_AES_256_GCM,
    "AES128_CM_HMAC_SHA1_80": rtcdtlstransport.SRTP_AES128_CM_SHA1_80,
}
"""The SRTP profiles offered, the preferred one first: AES-128-GCM costs least (RFC 7714)."""
MAX_DATAGRAMS: Final = 64
"""Datagrams that may wait for aiortc; more are dropped, for DTLS retransmits."""
_RECORD: Final = 1_500
"""Bytes of what is read at once. There is nothing to read: no data channel is open."""


class EngineIce:
    """What aiortc takes for its ICE transport: the engine's transport."""

    role = "controlled"

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.dropped = 0
        self._datagrams: deque[bytes] = deque()
        self._came = trio.Event()
        transport.control = self.deliver

    def deliver(self, datagram: bytes) -> None:
        """Queue a datagram; drop it when it is not DTLS (RFC 7983) or the queue is full."""
        if not datagram or not 20 <= datagram[0] <= 63 or len(self._datagrams) >= MAX_DATAGRAMS:
            self.dropped += 1
            return
        self._datagrams.append(datagram)
        self._came.set()

    async def next(self, within: float | None = None) -> bytes | None:
        """Return the next datagram, or None when none has come ``within`` so many seconds."""
        if not self._datagrams:
            self._came = trio.Event()
            if within is None:
                # Most of a connection's life: a scope that has no end would be kept for nothing.
                await self._came.wait()
            else:
                with trio.move_on_after(within):
                    await self._came.wait()
        return self._datagrams.popleft() if self._datagrams else None

    async def _recv(self) -> bytes:
        while (datagram := await self.next()) is None:
            pass
        return datagram

    async def _send(self, datagram: bytes) -> None:
        try:
            self.transport.send_control(datagram)
        except EngineError as error:
            raise ConnectionError(str(error)) from error


class _EngineDtls(RTCDtlsTransport):
    """aiortc's DTLS transport, with the SRTP keys given to the engine."""

    def __init__(self, ice: EngineIce, certificate: Certificate) -> None:
        super().__init__(cast("Any", ice), [certificate.native])
        self._ice = ice
        self._certificate = certificate
        self._set_role("server")
        self._srtp_profiles = list(PROFILES.values())

    async def secure(self, remote: RTCDtlsParameters) -> bool:
        """Do the handshake and install the keys; return whether that went well.

        It is what ``start`` does, which then has an asyncio task read on: here that is ``serve``.
        """
        context = self._certificate.native._create_ssl_context(self._srtp_profiles)
        connection = self._ssl = SSL.Connection(context)
        if self._role == "server":
            connection.set_accept_state()
        else:
            connection.set_connect_state()
        self._set_state(State.CONNECTING)
        await self._do_handshake()
        if self._state != State.FAILED:
            self._validate_peer_identity(remote)
        if self._state != State.FAILED:
            self._setup_srtp()
        if self._state == State.FAILED:
            return False
        self._set_state(State.CONNECTED)
        # Our last word; who is not let in does not hear it. Media may come as soon as it is heard.
        await self._write_ssl()
        return True

    async def serve(self) -> None:
        """Take in what comes until the other end closes the association."""
        with suppress(ConnectionError):
            while True:
                await self._recv_next()
        self._set_state(State.CLOSED)

    async def _recv_next(self) -> None:
        """Take in a datagram, or say the last flight again when its time is over.

        aiortc starts a task for each that it waits for (``asyncio.wait_for``), and has SRTP to
        look at, which the engine has. Raises ConnectionError at the other end's close_notify.
        """
        connection = self._ssl
        assert connection is not None  # noqa: S101  (there is one from ``secure`` on)
        datagram = await self._ice.next(connection.DTLSv1_get_timeout())
        over = False
        if datagram is None:
            connection.DTLSv1_handle_timeout()
        else:
            connection.bio_write(datagram)
            if self.encrypted:
                over = self._read(connection)
        await self._write_ssl()
        if over:
            raise ConnectionError

    @staticmethod
    def _read(connection: SSL.Connection) -> bool:
        """Read what has come; return whether it was close_notify.

        Not before the handshake is done, which reads for itself: who reads where nothing is has
        OpenSSL keep a buffer of 16 KiB for what will come, and to most nothing ever does.
        """
        try:
            connection.recv(_RECORD)
        except SSL.ZeroReturnError:
            return True
        except SSL.Error:
            pass  # Nothing that is for us.
        return False

    def goodbye(self) -> None:
        """Say close_notify, if there is somebody to say it to."""
        connection = self._ssl
        if connection is None or self._state not in (State.CONNECTING, State.CONNECTED):
            return
        with suppress(SSL.Error, EngineError):
            connection.shutdown()
            self._ice.transport.send_control(connection.bio_read(_RECORD))

    def _setup_srtp(self) -> None:
        connection = self._ssl
        if connection is None:
            self._set_state(State.FAILED)
            return
        chosen = connection.get_selected_srtp_profile()
        for name, profile in PROFILES.items():
            if profile.openssl_profile == chosen:
                length = 2 * (profile.key_length + profile.salt_length)
                keys = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", length)
                # RFC 5764, section 4.2: the client's key comes first.
                client, server = (profile.get_key_and_salt(keys, each) for each in (0, 1))
                theirs, ours = (client, server) if self._role == "server" else (server, client)
                self._ice.transport.set_srtp_keys(name, inbound=theirs, outbound=ours)
                return
        self._set_state(State.FAILED)


class Association:
    """One DTLS association, from handshake to close_notify. Has no task of its own."""

    def __init__(self, ice: EngineIce, certificate: Certificate) -> None:
        self._transport = ice.transport
        self._dtls = _EngineDtls(ice, certificate)

    async def handshake(self, remote: RTCDtlsParameters, seconds: float) -> None:
        """Do the handshake and install the keys.

        Raises MediaError: ice-timeout (no check ever came), dtls-timeout, dtls-failed
        (another certificate than announced, no common SRTP profile, a broken flight).
        """
        done = False
        with trio.move_on_after(seconds) as deadline:
            if remote.role == "server":
                self._dtls._set_role("client")
                # What is sent before there is a path is lost, and said again a second later.
                await self._transport.reached.wait()
            done = await self._dtls.secure(remote)
        if deadline.cancelled_caught:
            if not self._transport.connected:
                raise MediaError(f"no ICE check within {seconds:g} s", code="ice-timeout")
            raise MediaError(f"no DTLS handshake within {seconds:g} s", code="dtls-timeout")
        if not done:
            raise MediaError("the DTLS handshake failed", code="dtls-failed")

    async def wait_closed(self) -> None:
        """Wait until the peer closes the association."""
        await self._dtls.serve()

    def close(self) -> None:
        """Say goodbye (close_notify)."""
        self._dtls.goodbye()


Remote: TypeAlias = RTCDtlsParameters
"""What the peer's offer says of its end: role and fingerprints."""


class Secured(Protocol):
    """What a peer connection needs of an association."""

    async def handshake(self, remote: Remote, seconds: float) -> None:
        """Install the SRTP keys. Raises MediaError (see ``Association.handshake``)."""
        ...

    async def wait_closed(self) -> None:
        """Wait until the peer closes the association."""
        ...


Associate: TypeAlias = Callable[[Transport, Certificate], AbstractContextManager[Secured]]
"""Opens an association; from the call on (not only from entering) datagrams are kept."""


def open_association(
    transport: Transport, certificate: Certificate
) -> AbstractContextManager[Secured]:
    """Open an association; leaving it says goodbye."""
    return _open(EngineIce(transport), certificate)


@contextmanager
def _open(ice: EngineIce, certificate: Certificate) -> Iterator[Secured]:
    association = Association(ice, certificate)
    try:
        yield association
    finally:
        association.close()
