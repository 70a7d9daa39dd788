"""A peer that speaks and hears SRTP."""

from random import Random

from pylibsrtp import Policy, Session

from tests.native import binding
from tests.native.peers import Peer
from trio_sfu._native import Codec, Engine, Extension

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
            return self.words(datagram)

    def words(self, datagram: bytes) -> bytes:
        """Return the payload of a packet."""
        packet = self.receiving.unprotect(datagram)
        return packet[12 + 4 + 4 * int.from_bytes(packet[14:16]) :]
