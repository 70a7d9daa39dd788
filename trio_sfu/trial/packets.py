"""What a publisher sends: VP8 and Opus in RTP, as browsers packetize them."""

from typing import Final

from trio_sfu.trial.streams import AUDIO_PACKET, FRAMES_A_SECOND, PACKETS_A_FRAME, VIDEO_PACKET

OPUS, VP8, RTX = 111, 96, 97
MID, TRANSPORT_CC, AUDIO_LEVEL = 1, 3, 4
"""Ids of the header extensions (RFC 8285)."""
AUDIO_MID, VIDEO_MID = "0", "1"
FILL: Final = 0xA5
"""What every payload ends in."""
_LOUDNESS: Final = 0x80 | 30
"""Voice, 30 dB below full scale (RFC 6464)."""
_KEYFRAME: Final = b"\x10\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02"
"""Of 1280 by 720 pixels (RFC 6386, section 9.1)."""
_DELTA: Final = b"\x11\x00\x00"
_PLI: Final = bytes((206,))
_TRANSPORT_WIDE: Final = 16
"""Bits of the numbers that feedback is given for."""


class Camera:
    """Frames of VP8 with a keyframe first, and whenever one was asked for."""

    def __init__(
        self,
        ssrc: int,
        *,
        packets: int = PACKETS_A_FRAME,
        size: int = VIDEO_PACKET,
        frames_a_second: float = FRAMES_A_SECOND,
    ) -> None:
        """Make one with so many packets a frame, of ``size`` bytes each."""
        self.ssrc = ssrc
        self.packets = packets
        self.keyframe_due = True
        self._size = size
        self._ticks = 90_000 / frames_a_second
        self._frame = self._sequence = 0

    def frame(self, wide: int) -> list[bytes]:
        """Return the next frame's packets; ``wide`` numbers the first of them for feedback."""
        key, self.keyframe_due = self.keyframe_due, False
        timestamp = round(self._frame * self._ticks)
        picture = (0x8000 | self._frame & 0x7FFF).to_bytes(2)
        packets = []
        for position in range(self.packets):
            first, last = position == 0, position == self.packets - 1
            # RFC 7741: X and S; I, L and T; PictureID; TL0PICIDX; TID and Y.
            head = bytes([0x90 if first else 0x80, 0xE0]) + picture
            head += bytes([self._frame & 0xFF, 0x00])
            if first:
                head += _KEYFRAME if key else _DELTA
            elements = _element(MID, VIDEO_MID.encode()) + _numbered(wide + position)
            packets.append(
                _packet(
                    VP8,
                    self._sequence,
                    timestamp,
                    self.ssrc,
                    elements,
                    head,
                    self._size,
                    last=last,
                )
            )
            self._sequence += 1
        self._frame += 1
        return packets


class Microphone:
    """Opus, 20 ms a packet, with somebody speaking."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self._sequence = 0

    def packet(self, wide: int) -> bytes:
        """Return the next packet; ``wide`` numbers it for feedback."""
        elements = _element(MID, AUDIO_MID.encode()) + _numbered(wide)
        elements += _element(AUDIO_LEVEL, bytes([_LOUDNESS]))
        timestamp = self._sequence * 960
        packet = _packet(
            OPUS, self._sequence, timestamp, self.ssrc, elements, b"\xfc", AUDIO_PACKET, last=False
        )
        self._sequence += 1
        return packet


def asks_for_keyframe(rtcp: bytes) -> bool:
    """Return whether a decrypted compound packet has a PLI in it (RFC 4585, section 6.3.1)."""
    while len(rtcp) >= 4:
        if rtcp[1:2] == _PLI and rtcp[0] & 0x1F == 1:
            return True
        rtcp = rtcp[4 * (int.from_bytes(rtcp[2:4]) + 1) :]
    return False


def wide_number(packet: bytes | bytearray, size: int) -> int | None:
    """Return the transport-wide number of a packet of so many bytes; None when it has none."""
    if size < 16 or not packet[0] & 0x10:
        return None
    at = 16 + 4 * (packet[0] & 0x0F)
    end = min(size - 2, at + 4 * int.from_bytes(packet[at - 2 : at]))
    while at < end:
        head = packet[at]
        if head >> 4 == TRANSPORT_CC:
            return packet[at + 1] << 8 | packet[at + 2]
        at += 1 if head == 0 else 2 + (head & 0x0F)
    return None


def _element(number: int, value: bytes) -> bytes:
    return bytes([number << 4 | (len(value) - 1)]) + value


def _numbered(wide: int) -> bytes:
    return _element(TRANSPORT_CC, (wide & ((1 << _TRANSPORT_WIDE) - 1)).to_bytes(2))


def _packet(
    kind: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    elements: bytes,
    head: bytes,
    size: int,
    *,
    last: bool,
) -> bytes:
    elements += bytes(-len(elements) % 4)
    header = bytes([0x90, 0x80 | kind if last else kind]) + (sequence & 0xFFFF).to_bytes(2)
    header += (timestamp & 0xFFFFFFFF).to_bytes(4) + ssrc.to_bytes(4)
    header += b"\xbe\xde" + (len(elements) // 4).to_bytes(2) + elements + head
    return header + bytes([FILL]) * (size - len(header))
