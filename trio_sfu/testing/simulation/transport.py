"""A simulated client's side of ICE, the stand-in for DTLS, SRTP and RTP."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

import trio
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from trio_sfu.media.simulated import Address
from trio_sfu.signaling.messages import Source
from trio_sfu.testing.simulation import checks, handshake, packets
from trio_sfu.testing.simulation.description import (
    CAMERA_RIDS,
    SENDING,
    Answered,
    Credentials,
)
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.packets import Encoding, Received, Tag

PERIOD: Final = 0.25
"""Seconds between two packets of an encoding: seldom, so that a run is cheap."""
_CHECK: Final = 2.0  # seconds between consent checks (RFC 7675 asks for 5 at most)
_KEYFRAMES: Final = 20  # packets between keyframes nobody asked for
_CONSENT: Final = 15.0

OnMedia = Callable[[str, Received], None]
"""Called with the mid of the slot and what came."""


class ClientTransport:
    """One transport, from offer to goodbye."""

    def __init__(self, network: Network, host: Host, random: Random, on_media: OnMedia) -> None:
        self.closed_by_server = False
        self.counts: Counter[str] = Counter()
        self._network = network
        self._host = host
        self._random = random
        self._on_media = on_media
        self._nonce = random.randbytes(32)
        self.credentials = Credentials(
            ice_ufrag=random.randbytes(4).hex(),
            ice_pwd=random.randbytes(12).hex(),
            fingerprint=handshake.fingerprint(self._nonce),
        )
        self._remote: Answered | None = None
        self._encodings: dict[Source, list[Encoding]] = {}
        self._sending: Session | None = None
        self._receiving: Session | None = None
        self._checked = -_CHECK
        self._begun = trio.current_time()
        self._answered: float | None = None
        self._ticks = 0
        self.closed = False
        self.attach()

    @property
    def secured(self) -> bool:
        """Whether SRTP keys are there."""
        return self._sending is not None

    @property
    def failed(self) -> bool:
        """Whether the client has to take it for dead: closed, or no check was answered."""
        last = self._answered if self._answered is not None else self._begun
        return self.closed_by_server or trio.current_time() - last > _CONSENT

    def attach(self) -> None:
        """Receive at the host's address, which may be another than before."""
        self._network.attach(self._host, self._receive)
        self._checked = -_CHECK

    def connect(self, answered: Answered, ssrcs: Random, sender: str, room: str) -> None:
        """Go on with what the answer says."""
        self._remote = answered
        for source, mid in SENDING.items():
            rids = CAMERA_RIDS if source == "camera" else ("",)
            self._encodings[source] = [
                Encoding(ssrcs.randrange(1, 2**31), mid, Tag(sender, room, source, rid))
                for rid in rids
            ]

    def tick(self, sources: set[Source]) -> None:
        """Do what is due every ``PERIOD``: a check, a hello, a packet of each encoding."""
        if self._remote is None or self.closed:
            return
        now = trio.current_time()
        if now - self._checked >= (_CHECK if self.secured else PERIOD):
            self._checked = now
            self._check(self._remote)
        if self._sending is None:
            if self._answered is not None:
                self._network.send_up(self._host, handshake.hello(self._nonce))
            return
        self._ticks += 1
        for source in sorted(sources):
            for encoding in self._encodings[source]:
                encoding.keyframe_due |= self._ticks % _KEYFRAMES == 0
                packet = self._sending.protect(encoding.packet(PERIOD))
                self._network.send_up(self._host, packet)

    def _check(self, remote: Answered) -> None:
        request = checks.binding_request(
            self._random.randbytes(12),
            username=f"{remote.ice_ufrag}:{self.credentials.ice_ufrag}",
            password=remote.ice_pwd,
        )
        self._network.send_up(self._host, request)

    def _receive(self, _source: Address, datagram: bytes) -> None:
        if self.closed or not datagram:
            return
        if datagram[0] < 4:
            if checks.answers(datagram) is not None:
                self._answered = trio.current_time()
        elif datagram[0] < 64:
            self._control(datagram)
        elif self._receiving is not None:
            self._media(self._receiving, datagram)

    def _control(self, datagram: bytes) -> None:
        if datagram == handshake.goodbye():
            self.closed_by_server = True
        server = handshake.parse_hello(datagram)
        if server is None or self.secured:
            return
        keys = handshake.derive(self._nonce, server)
        profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        self._sending = Session(
            Policy(key=keys.inbound, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        )
        self._receiving = Session(
            Policy(key=keys.outbound, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )

    def _media(self, receiving: Session, datagram: bytes) -> None:
        try:
            if 192 <= datagram[1] <= 223:  # RFC 5761, section 4
                wanted = packets.wants_keyframes(receiving.unprotect_rtcp(datagram))
                for encoding in (each for group in self._encodings.values() for each in group):
                    encoding.keyframe_due |= encoding.ssrc in wanted
                return
            received = packets.read_packet(receiving.unprotect(datagram))
        except SrtpError:
            # A replay (the network doubles), or of a transport that had the address before.
            self.counts["refused"] += 1
            return
        if received is not None and self._remote is not None:
            self.counts["received"] += 1
            self._on_media(self._remote.mids.get(received.ssrc, "?"), received)

    def close(self, *, goodbye: bool) -> None:
        """Send and receive no more."""
        if self.closed:
            return
        if goodbye and self.secured:
            self._network.send_up(self._host, handshake.goodbye())
        self.closed = True
        self._network.detach(self._host.address)
