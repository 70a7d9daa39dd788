"""DTLS by aiortc over the engine's transport; the SRTP keys go to the engine.

aiortc asks of its ICE transport only ``_recv``, ``_send`` and ``role``. It is the DTLS
server, so that it chooses the SRTP profile, unless the client is (``a=setup:passive``).
The handshake is bridged through trio-asyncio, in a loop that ends with it. What is left after
it (a last flight that is asked for again, close_notify) awaits nothing of asyncio, so it is
served by the trio task that calls it (``docs/decisions/0006-a-loop-for-the-handshake.md``).
Its names with an underscore are private: the version is pinned, and
``tests/webrtc/test_aiortc_names.py`` fails when they move.
"""

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
from trio_sfu.webrtc.bridge import open_bridge
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.engine_ice import EngineIce

PROFILES: Final[Mapping[Profile, rtcdtlstransport.SRTPProtectionProfile]] = {
    "AEAD_AES_128_GCM": rtcdtlstransport.SRTP_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": rtcdtlstransport.SRTP_AEAD_AES_256_GCM,
    "AES128_CM_HMAC_SHA1_80": rtcdtlstransport.SRTP_AES128_CM_SHA1_80,
}
"""The SRTP profiles offered, the preferred one first: AES-128-GCM costs least (RFC 7714)."""
_RECORD: Final = 1_500
"""Bytes of what is read at once. There is nothing to read: no data channel is open."""


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

        In a loop. It is what ``start`` does, which then has a task of the loop read on: here that
        is ``serve``, and the loop ends.
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
        return True

    async def confirm(self) -> None:
        """Say our last word, which whoever is not let in does not hear. In a trio task."""
        with suppress(ConnectionError):
            await self._write_ssl()

    async def serve(self) -> None:
        """Take in what comes until the other end closes the association. In a trio task."""
        with suppress(ConnectionError):
            goes_on = True
            while goes_on:
                goes_on = self._take(await self._ice.next(self._patience()))
                await self._write_ssl()
        self._set_state(State.CLOSED)

    async def _recv_next(self) -> None:
        """Take in a datagram, or say the last flight again when its time is over.

        Of the handshake, in a loop: it says by itself what is wrong with what came. aiortc starts
        a task for each datagram that it waits for (``asyncio.wait_for``), and has SRTP to look
        at, which the engine has.
        """
        self._take(await self._ice.next_in_loop(self._patience()))
        await self._write_ssl()

    def _patience(self) -> float | None:
        """Return the seconds until the last flight has to be said again, if it has."""
        assert self._ssl is not None  # noqa: S101  (there is one from ``secure`` on)
        return self._ssl.DTLSv1_get_timeout()

    def _take(self, datagram: bytes | None) -> bool:
        """Take in what came, or that nothing did; return whether the association goes on."""
        connection = self._ssl
        assert connection is not None  # noqa: S101  (there is one from ``secure`` on)
        if datagram is None:
            connection.DTLSv1_handle_timeout()
            return True
        connection.bio_write(datagram)
        return not (self.encrypted and self._read(connection))

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
    """One DTLS association, from handshake to close_notify. Has no task of its own after that."""

    def __init__(self, ice: EngineIce, certificate: Certificate) -> None:
        self._transport = ice.transport
        self._dtls = _EngineDtls(ice, certificate)

    async def handshake(self, remote: RTCDtlsParameters, seconds: float) -> None:
        """Do the handshake and install the keys.

        Raises MediaError: ice-timeout (no check ever came), dtls-timeout, dtls-failed
        (another certificate than announced, no common SRTP profile, a broken flight);
        StrayError.
        """
        done = False
        stray = None
        with trio.move_on_after(seconds) as deadline:
            if remote.role == "server":
                self._dtls._set_role("client")
                # What is sent before there is a path is lost, and said again a second later.
                await self._transport.reached.wait()
            async with open_bridge() as bridge:
                bridge.on_stray = deadline.cancel
                try:
                    done = await bridge.call(self._dtls.secure, remote)
                finally:
                    # The loop's nurseries would wrap an error; so it is brought out as a value.
                    stray = bridge.stray
        if stray is not None:
            raise stray
        if deadline.cancelled_caught:
            if not self._transport.connected:
                raise MediaError(f"no ICE check within {seconds:g} s", code="ice-timeout")
            raise MediaError(f"no DTLS handshake within {seconds:g} s", code="dtls-timeout")
        if not done:
            raise MediaError("the DTLS handshake failed", code="dtls-failed")
        # Only now, with the loop gone, can the client know: its media comes as soon as it does.
        await self._dtls.confirm()

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
