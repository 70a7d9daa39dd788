"""DTLS by aiortc over the engine's transport; the SRTP keys go to the engine.

aiortc asks of its ICE transport only ``_recv``, ``_send`` and ``role``. It is the DTLS
server, so that it chooses the SRTP profile, unless the client is (``a=setup:passive``).
Its names with an underscore are private: the version is pinned, and
``tests/webrtc/test_aiortc_names.py`` fails when they move.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias, cast

import trio
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport, State
from OpenSSL import SSL

from trio_sfu._native import EngineError, Profile
from trio_sfu.errors import MediaError
from trio_sfu.media.transport import Transport
from trio_sfu.webrtc.bridge import Bridge, open_bridge
from trio_sfu.webrtc.certificate import Certificate

PROFILES: Final[Mapping[Profile, rtcdtlstransport.SRTPProtectionProfile]] = {
    "AEAD_AES_128_GCM": rtcdtlstransport.SRTP_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": rtcdtlstransport.SRTP_AEAD_AES_256_GCM,
    "AES128_CM_HMAC_SHA1_80": rtcdtlstransport.SRTP_AES128_CM_SHA1_80,
}
"""The SRTP profiles offered, the preferred one first: AES-128-GCM costs least (RFC 7714)."""
MAX_DATAGRAMS: Final = 64
"""Datagrams that may wait for aiortc; more are dropped, for DTLS retransmits."""
GOODBYE: Final = 0.25
"""Seconds the goodbye (close_notify) may take."""
_RECORD: Final = 1_500
"""Bytes of what is read at once. There is nothing to read: no data channel is open."""


class EngineIce:
    """What aiortc takes for its ICE transport: the engine's transport."""

    role = "controlled"

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.dropped = 0
        self._datagrams: deque[bytes] = deque()
        self._came: asyncio.Future[None] | None = None
        """What the one who reads waits for."""
        transport.control = self.deliver

    def deliver(self, datagram: bytes) -> None:
        """Queue a datagram; drop it when it is not DTLS (RFC 7983) or the queue is full."""
        if not datagram or not 20 <= datagram[0] <= 63 or len(self._datagrams) >= MAX_DATAGRAMS:
            self.dropped += 1
            return
        self._datagrams.append(datagram)
        if self._came is not None:
            _wake(self._came)

    async def next(self, within: float | None = None) -> bytes | None:
        """Return the next datagram, or None when none has come ``within`` so many seconds."""
        if not self._datagrams:
            loop = asyncio.get_running_loop()
            self._came = loop.create_future()
            alarm = None if within is None else loop.call_later(within, _wake, self._came)
            try:
                await self._came
            finally:
                self._came = None
                if alarm is not None:
                    alarm.cancel()
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


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class _EngineDtls(RTCDtlsTransport):
    """aiortc's DTLS transport, with the SRTP keys given to the engine."""

    def __init__(self, ice: EngineIce, certificate: Certificate) -> None:
        super().__init__(cast("Any", ice), [certificate.native])
        self._ice = ice
        self._engine_transport = ice.transport
        self._set_role("server")
        self._srtp_profiles = list(PROFILES.values())

    async def _recv_next(self) -> None:
        """Take in a datagram, or say the last flight again when its time is over.

        aiortc starts a task for each that it waits for (``asyncio.wait_for``), and has SRTP to
        look at, which the engine has. Raises ConnectionError at the other end's close_notify.
        """
        connection = self._ssl
        assert connection is not None  # noqa: S101  (there is one from ``start`` on)
        datagram = await self._ice.next(connection.DTLSv1_get_timeout())
        over = False
        if datagram is None:
            connection.DTLSv1_handle_timeout()
        else:
            connection.bio_write(datagram)
            try:
                connection.recv(_RECORD)
            except SSL.ZeroReturnError:
                over = True
            except SSL.Error:
                pass  # No more than half a flight; what has failed, the next step of it says.
        await self._write_ssl()
        if over:
            raise ConnectionError

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
                self._engine_transport.set_srtp_keys(name, inbound=theirs, outbound=ours)
                return
        self._set_state(State.FAILED)


class Association:
    """One DTLS association, from handshake to close_notify. Lives in one bridge."""

    def __init__(self, bridge: Bridge, ice: EngineIce, certificate: Certificate) -> None:
        self._bridge = bridge
        self._transport = ice.transport
        self._dtls = _EngineDtls(ice, certificate)
        self._ended = trio.Event()
        self._handshaking = trio.CancelScope()
        self._dtls.on("statechange", self._state_changed)
        bridge.on_stray = self._strayed

    def _state_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._ended.set()

    def _strayed(self) -> None:
        self._handshaking.cancel()
        self._ended.set()

    def _check(self) -> None:
        if self._bridge.stray is not None:
            raise self._bridge.stray

    async def handshake(self, remote: RTCDtlsParameters, seconds: float) -> None:
        """Do the handshake and install the keys.

        Raises MediaError: ice-timeout (no check ever came), dtls-timeout, dtls-failed
        (another certificate than announced, no common SRTP profile, a broken flight);
        StrayError.
        """
        with trio.move_on_after(seconds) as deadline:
            self._handshaking = deadline
            if remote.role == "server":
                self._dtls._set_role("client")
                # What is sent before there is a path is lost, and said again a second later.
                await self._transport.reached.wait()
            await self._bridge.call(self._dtls.start, remote)
        self._check()
        if deadline.cancelled_caught:
            if not self._transport.connected:
                raise MediaError(f"no ICE check within {seconds:g} s", code="ice-timeout")
            raise MediaError(f"no DTLS handshake within {seconds:g} s", code="dtls-timeout")
        if self._dtls.state != "connected":
            raise MediaError("the DTLS handshake failed", code="dtls-failed")

    async def wait_closed(self) -> None:
        """Wait until the peer closes the association. Raises StrayError."""
        await self._ended.wait()
        self._check()

    async def close(self) -> None:
        """Say goodbye (close_notify)."""
        await self._bridge.call(self._dtls.stop)


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


Associate: TypeAlias = Callable[[Transport, Certificate], AbstractAsyncContextManager[Secured]]
"""Opens an association; from the call on (not only from entering) datagrams are kept."""


def open_association(
    transport: Transport, certificate: Certificate
) -> AbstractAsyncContextManager[Secured]:
    """Open an association with a loop of its own; leaving it says goodbye."""
    return _open(EngineIce(transport), certificate)


@asynccontextmanager
async def _open(ice: EngineIce, certificate: Certificate) -> AsyncIterator[Secured]:
    async with open_bridge() as bridge:
        association = Association(bridge, ice, certificate)
        try:
            yield association
        finally:
            with trio.move_on_after(GOODBYE, shield=True):
                await association.close()
