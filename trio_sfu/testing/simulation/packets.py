"""RTP and RTCP as bytes; each packet has a tag that says whose it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from trio_sfu.signaling.carried import Source
from trio_sfu.testing.simulation.description import (
    AUDIO_LEVEL,
    MID,
    OPUS,
    REPAIRED_RID,
    RID,
    RTX,
    VP8,
)

__all__ = ["VP8", "Encoding", "Received", "Tag", "nack", "original", "pli", "read_packet"]

_PLI: Final = (206, 1)  # payload type and format (RFC 4585, section 6.3.1)
_FIR: Final = (206, 4)  # RFC 5104, section 4.3.1
_NACK: Final = (205, 1)  # RFC 4585, section 6.2.1
_KEPT: Final = 64
"""Packets of an encoding that can be sent again."""
_RR: Final = b"\x80\xc9\x00\x01\x00\x00\x00\x01"
"""An empty receiver report, which a compound packet begins with."""


@dataclass(frozen=True, slots=True)
class Tag:
    """Who sent a packet, in which room, of what."""

    sender: str
    room: str
    source: Source
    rid: str

    def of(self, source: Source, rid: str) -> "Tag":
        """Return the tag of another encoding of the same sender."""
        return replace(self, source=source, rid=rid)

    def encode(self) -> bytes:
        """Return the tag as it is in a payload."""
        return f"<{self.sender}|{self.room}|{self.source}|{self.rid}>".encode()


class Received(NamedTuple):
    """A packet that came in: its SSRC and its tag."""

    ssrc: int
    tag: Tag


def read_packet(packet: bytes) -> Received | None:
    """Return what a decrypted packet says; None when it carries no tag (padding)."""
    begin, end = packet.rfind(b"<"), packet.rfind(b">")
    if not 12 <= begin < end:
        return None
    return Received(int.from_bytes(packet[8:12]), _read_tag(packet[begin + 1 : end]))


@lru_cache(maxsize=1_024)
def _read_tag(tag: bytes) -> Tag:
    sender, room, source, rid = tag.decode().split("|")
    return Tag(sender, room, source, rid)  # type: ignore[arg-type]


class Encoding:
    """One RTP stream: Opus, or VP8 of one packet a frame with RTX (RFC 4588)."""

    def __init__(self, ssrc: int, mid: str, tag: Tag) -> None:
        self.ssrc = ssrc
        self.keyframe_due = True
        self._video = tag.source in ("camera", "screen")
        self._tag = tag.encode()
        self._elements = _elements(mid, RID, tag.rid)
        self._extension = _block(self._elements)
        self._repair = _block(_elements(mid, REPAIRED_RID, tag.rid))
        self._sequence = ssrc % 50_000
        self._timestamp = ssrc
        self._picture = ssrc % 30_000
        self._sent: dict[int, tuple[bytes, bytes]] = {}
        self._repaired = ssrc % 40_000

    def packet(self, elapsed: float, level: int | None = None) -> bytes:
        """Return the next packet, ``elapsed`` seconds after the one before.

        ``level`` is how loud it is (RFC 6464): 0 to 127 dB below full scale.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        clock = 90_000 if self._video else 48_000
        self._timestamp = (self._timestamp + round(elapsed * clock)) & 0xFFFFFFFF
        timestamp, payload = self._timestamp.to_bytes(4), self._payload()
        if self._video:
            self._sent[self._sequence] = timestamp, payload
            if len(self._sent) > _KEPT:
                del self._sent[next(iter(self._sent))]
        header = bytes([0x90, 0x80 | VP8 if self._video else OPUS])
        header += self._sequence.to_bytes(2) + timestamp + self.ssrc.to_bytes(4)
        extension = self._extension if level is None else self._with_level(level)
        return header + extension + payload

    def _with_level(self, level: int) -> bytes:
        return _block(self._elements + bytes([AUDIO_LEVEL << 4, 0x80 | level]))

    def again(self, sequence: int) -> bytes | None:
        """Return the retransmission of a packet that is still kept."""
        if sequence not in self._sent:
            return None
        timestamp, payload = self._sent[sequence]
        self._repaired = (self._repaired + 1) & 0xFFFF
        header = bytes([0x90, 0x80 | RTX]) + self._repaired.to_bytes(2) + timestamp
        header += (self.ssrc ^ 0x8000_0000).to_bytes(4)
        return header + self._repair + sequence.to_bytes(2) + payload

    def _payload(self) -> bytes:
        if not self._video:
            return b"\xfc" + self._tag
        # RFC 7741: X and S; I and L; PictureID; TL0PICIDX; then P of the frame header.
        self._picture = (self._picture + 1) & 0x7FFF
        inter = b"\x00" if self.keyframe_due else b"\x01"
        self.keyframe_due = False
        picture = (0x8000 | self._picture).to_bytes(2)
        return b"\x90\xc0" + picture + bytes([self._picture & 0xFF]) + inter + self._tag


def _elements(mid: str, number: int, rid: str) -> bytes:
    """Return header extensions of one byte (RFC 8285): MID and a RID."""
    elements = bytes([MID << 4 | (len(mid) - 1)]) + mid.encode()
    return elements + (bytes([number << 4 | (len(rid) - 1)]) + rid.encode() if rid else b"")


def _block(elements: bytes) -> bytes:
    elements += bytes(-len(elements) % 4)
    return b"\xbe\xde" + (len(elements) // 4).to_bytes(2) + elements


def original(packet: bytes, ssrc: int) -> bytes:
    """Return the packet that an RTX packet repeats (RFC 4588, section 4)."""
    begin = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4])
    header = packet[:1] + bytes([packet[1] & 0x80 | VP8]) + packet[begin : begin + 2]
    return header + packet[4:8] + ssrc.to_bytes(4) + packet[12:begin] + packet[begin + 2 :]


def nack(ssrc: int, sequences: Sequence[int]) -> bytes:
    """Return a compound packet that asks for packets again."""
    body = b"".join(sequence.to_bytes(2) + b"\x00\x00" for sequence in sequences)
    head = bytes([0x80 | _NACK[1], _NACK[0]]) + (2 + len(sequences)).to_bytes(2)
    return _RR + head + (1).to_bytes(4) + ssrc.to_bytes(4) + body


def pli(ssrc: int) -> bytes:
    """Return a compound packet that asks for a keyframe."""
    head = bytes([0x80 | _PLI[1], _PLI[0]]) + (2).to_bytes(2)
    return _RR + head + (1).to_bytes(4) + ssrc.to_bytes(4)


def wants_keyframes(rtcp: bytes) -> Iterator[int]:
    """Yield the SSRCs a decrypted compound packet asks keyframes of."""
    for kind, each in _reports(rtcp):
        if kind == _PLI:
            yield int.from_bytes(each[8:12])
        elif kind == _FIR:
            yield from (int.from_bytes(each[at : at + 4]) for at in range(12, len(each), 8))


def wants_again(rtcp: bytes) -> Iterator[tuple[int, int]]:
    """Yield SSRC and sequence number of each packet a compound packet asks for."""
    for kind, each in _reports(rtcp):
        if kind == _NACK:
            ssrc = int.from_bytes(each[8:12])
            for at in range(12, len(each), 4):
                first, more = (int.from_bytes(each[i : i + 2]) for i in (at, at + 2))
                yield ssrc, first
                yield from (
                    (ssrc, (first + 1 + bit) & 0xFFFF) for bit in range(16) if more >> bit & 1
                )


def _reports(rtcp: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield each packet of a compound packet: type and format, and all of it."""
    while len(rtcp) >= 12:
        length = 4 * (int.from_bytes(rtcp[2:4]) + 1)
        yield (rtcp[1], rtcp[0] & 0x1F), rtcp[:length]
        rtcp = rtcp[length:]
