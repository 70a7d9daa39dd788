"""RTP a simulated client sends, each packet with a tag that says whose it is."""

from dataclasses import dataclass
from typing import Final

from trio_sfu.signaling.messages import Source
from trio_sfu.testing.simulation.description import MID, OPUS, RID, VP8

_PLI: Final = (206, 1)  # payload type and format (RFC 4585, section 6.3.1)
_FIR: Final = (206, 4)  # RFC 5104, section 4.3.1


@dataclass(frozen=True, slots=True)
class Tag:
    """Who sent a packet, in which room, of what."""

    sender: str
    room: str
    source: Source
    rid: str

    def encode(self) -> bytes:
        """Return the tag as it is in a payload."""
        return f"<{self.sender}|{self.room}|{self.source}|{self.rid}>".encode()


@dataclass(frozen=True, slots=True)
class Received:
    """A packet that came in: its SSRC and its tag."""

    ssrc: int
    tag: Tag


def read_packet(packet: bytes) -> Received | None:
    """Return what a decrypted packet says; None when it carries no tag (padding)."""
    begin, end = packet.rfind(b"<"), packet.rfind(b">")
    if not 12 <= begin < end:
        return None
    sender, room, source, rid = packet[begin + 1 : end].decode().split("|")
    return Received(int.from_bytes(packet[8:12]), Tag(sender, room, source, rid))  # type: ignore[arg-type]


class Encoding:
    """One RTP stream: Opus, or VP8 of one packet a frame."""

    def __init__(self, ssrc: int, mid: str, tag: Tag) -> None:
        self.ssrc = ssrc
        self.keyframe_due = True
        self._video = tag.source in ("camera", "screen")
        self._tag = tag.encode()
        self._extension = _extension(mid, tag.rid)
        self._sequence = ssrc % 50_000
        self._timestamp = ssrc
        self._picture = ssrc % 30_000

    def packet(self, elapsed: float) -> bytes:
        """Return the next packet, ``elapsed`` seconds after the one before."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        clock = 90_000 if self._video else 48_000
        self._timestamp = (self._timestamp + round(elapsed * clock)) & 0xFFFFFFFF
        marker = 0x80 if self._video else 0
        header = bytes([0x90, marker | (VP8 if self._video else OPUS)])
        header += self._sequence.to_bytes(2) + self._timestamp.to_bytes(4) + self.ssrc.to_bytes(4)
        return header + self._extension + self._payload()

    def _payload(self) -> bytes:
        if not self._video:
            return b"\xfc" + self._tag
        # RFC 7741: X and S; I and L; PictureID; TL0PICIDX; then P of the frame header.
        self._picture = (self._picture + 1) & 0x7FFF
        inter = b"\x00" if self.keyframe_due else b"\x01"
        self.keyframe_due = False
        picture = (0x8000 | self._picture).to_bytes(2)
        return b"\x90\xc0" + picture + bytes([self._picture & 0xFF]) + inter + self._tag


def _extension(mid: str, rid: str) -> bytes:
    """Return a one-byte header extension block (RFC 8285) with MID and RID."""
    block = bytes([MID << 4 | (len(mid) - 1)]) + mid.encode()
    if rid:
        block += bytes([RID << 4 | (len(rid) - 1)]) + rid.encode()
    block += bytes(-len(block) % 4)
    return b"\xbe\xde" + (len(block) // 4).to_bytes(2) + block


def wants_keyframes(rtcp: bytes) -> set[int]:
    """Return the SSRCs a decrypted compound packet asks keyframes of."""
    wanted: set[int] = set()
    while len(rtcp) >= 12:
        length = 4 * (int.from_bytes(rtcp[2:4]) + 1)
        kind = (rtcp[1], rtcp[0] & 0x1F)
        if kind == _PLI:
            wanted.add(int.from_bytes(rtcp[8:12]))
        elif kind == _FIR:
            wanted.update(
                int.from_bytes(rtcp[at : at + 4]) for at in range(12, min(length, len(rtcp)), 8)
            )
        rtcp = rtcp[length:]
    return wanted
