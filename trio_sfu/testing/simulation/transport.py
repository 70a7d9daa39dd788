"""A simulated client's side of ICE, the stand-in for DTLS, SRTP and RTP."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from trio_sfu.media.simulated import Address
from trio_sfu.signaling.carried import Source
from trio_sfu.testing.simulation import handshake, packets
from trio_sfu.testing.simulation.agent import IceAgent
from trio_sfu.testing.simulation.description import CAMERA_RIDS, SENDING, Answered
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.packets import Encoding, Received, Tag
from trio_sfu.testing.simulation.receiving import Reception

PERIOD: Final = 0.25
"""Seconds between two packets of an encoding: seldom, so that a run is cheap."""
_KEYFRAMES: Final = 20  # packets between keyframes nobody asked for

OnMedia = Callable[[str, Received], None]
"""Called with the mid of the slot and what came."""


class ClientTransport:
    """One transport, from offer to goodbye."""

    def __init__(self, network: Network, host: Host, random: Random, on_media: OnMedia) -> None:
        self.closed_by_server = False
        self.counts: Counter[str] = Counter()
        self._network = network
        self._host = host
        self._on_media = on_media
        self._nonce = random.randbytes(32)
        self.ice = IceAgent(network, random, handshake.fingerprint(self._nonce), host.address)
        self._mids: dict[int, str] | None = None
        self._encodings: dict[Source, list[Encoding]] = {}
        self._by_ssrc: dict[int, Encoding] = {}
        self.reception = Reception()
        self._sending: Session | None = None
        self._receiving: Session | None = None
        self._ticks = 0
        self.closed = False
        self.hung = False
        """Whether it does nothing any more, and its client has not noticed."""
        network.attach(host, host.address, self._receive)

    @property
    def secured(self) -> bool:
        """Whether SRTP keys are there."""
        return self._sending is not None

    @property
    def failed(self) -> bool:
        """Whether the client has to take it for dead."""
        return not self.hung and (self.closed_by_server or self.ice.failed)

    def move(self) -> None:
        """Come from the host's address of now without noticing, as when a NAT forgets."""
        former = self.ice.path.local
        self.ice.path.local = self._host.address
        self._renew(former)

    def restart(self, *, keep: bool) -> None:
        """Open a path from the host's address of now; keep the one before until it is answered."""
        former = self.ice.path.local
        self.ice.restart(self._host.address, keep=keep)
        self._network.attach(self._host, self._host.address, self._receive)
        if not keep and former != self._host.address:
            self._network.detach(former)

    def _renew(self, former: Address) -> None:
        if former not in self.ice.locals:
            self._network.detach(former)
        self._network.attach(self._host, self.ice.path.local, self._receive)

    def answered(self, answered: Answered, ssrcs: Random, tag: Tag) -> str | None:
        """Go on with what an answer says; return what is wrong with it."""
        self.ice.answer(answered)
        if self._mids is not None:
            return None if self._mids == answered.mids else "another answer has other SSRCs"
        self._mids = dict(answered.mids)
        self.reception.expect(answered.repairs)
        for source, mid in SENDING.items():
            rids = CAMERA_RIDS if source == "camera" else ("",)
            self._encodings[source] = [
                Encoding(ssrcs.randrange(1, 2**31), mid, tag.of(source, rid)) for rid in rids
            ]
            self._by_ssrc |= {each.ssrc: each for each in self._encodings[source]}
        return None

    def tick(self, sources: set[Source]) -> None:
        """Do what is due every ``PERIOD``: a check, a hello, a packet of each encoding."""
        if self._mids is None or self.closed or self.hung:
            return
        self.ice.tick()
        if self._sending is None:
            if self.ice.path.answered is not None:
                self._send(handshake.hello(self._nonce))
            return
        self._ticks += 1
        for source in sorted(sources):
            for encoding in self._encodings[source]:
                encoding.keyframe_due |= self._ticks % _KEYFRAMES == 0
                self._send(self._sending.protect(encoding.packet(PERIOD)))
        for feedback in self.reception.feedback():
            self._send(self._sending.protect_rtcp(feedback))

    def speak(self, level: int, seconds: float = 0.02) -> None:
        """Send ``seconds`` of sound that is so loud (RFC 6464), besides what ``tick`` sends."""
        if self._sending is not None and not self.closed:
            encoding = self._encodings["microphone"][0]
            self._send(self._sending.protect(encoding.packet(seconds, level)))

    def _send(self, datagram: bytes) -> None:
        remote = self.ice.path.remote
        worker = remote.address if remote is not None else None
        self._network.send_up(self.ice.path.local, datagram, worker)

    def _receive(self, _source: Address, local: Address, datagram: bytes) -> None:
        if self.closed or self.hung or not datagram:
            return
        if datagram[0] < 4:
            before = self.ice.receive(local, datagram)
            if before is not None:
                self._renew(before.local)
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
                self._feedback(receiving.unprotect_rtcp(datagram))
                return
            packet = receiving.unprotect(datagram)
        except SrtpError:
            # A replay (the network doubles), or of a transport that had the address before.
            self.counts["refused"] += 1
            return
        packet = self.reception.receive(packet)
        received = packets.read_packet(packet)
        if received is not None and self._mids is not None:
            self.counts["received"] += 1
            self._on_media(self._mids.get(received.ssrc, "?"), received)

    def _feedback(self, rtcp: bytes) -> None:
        assert self._sending is not None  # noqa: S101  (both directions have keys, or none)
        for ssrc in packets.wants_keyframes(rtcp):
            if ssrc in self._by_ssrc:
                self._by_ssrc[ssrc].keyframe_due = True
        for ssrc, sequence in packets.wants_again(rtcp):
            if ssrc in self._by_ssrc:
                again = self._by_ssrc[ssrc].again(sequence)
                if again is not None:
                    self.counts["sent again"] += 1
                    self._send(self._sending.protect(again))

    def close(self, *, goodbye: bool) -> None:
        """Send and receive no more."""
        if self.closed:
            return
        if goodbye and self.secured:
            self._send(handshake.goodbye())
        self.closed = True
        for local in self.ice.locals:
            self._network.detach(local)
