"""What a simulated client makes of the RTP it receives: gaps, and asking for what is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from trio_sfu.testing.simulation import packets

_TRIES: Final = 3
_MISSING: Final = 64
"""Packets of one stream that are missed at a time; more is asked for as a keyframe."""


@dataclass(slots=True)
class _Stream:
    newest: int
    missing: dict[int, int] = field(default_factory=dict)
    """Sequence numbers that did not come, and how often each was asked for."""
    wants_keyframe: bool = False

    def note(self, sequence: int) -> bool:
        """Note what came; return whether it had been missing."""
        ahead = (sequence - self.newest) & 0xFFFF
        if ahead >= 0x8000 or ahead == 0:
            return self.missing.pop(sequence, None) is not None
        if ahead > _MISSING:
            self.wants_keyframe = True
        else:
            for number in range(1, ahead):
                self.missing[(self.newest + number) & 0xFFFF] = 0
        self.newest = sequence
        while len(self.missing) > _MISSING:
            del self.missing[next(iter(self.missing))]
        return False


class Reception:
    """The video streams of one transport. Call ``feedback`` every tick."""

    def __init__(self) -> None:
        self.repaired = 0
        """Packets that came again after they had been asked for."""
        self._repairs: Mapping[int, int] = {}
        self._streams: dict[int, _Stream] = {}

    def expect(self, repairs: Mapping[int, int]) -> None:
        """Learn which SSRC repeats which (RFC 4588, RFC 5576 FID)."""
        self._repairs = repairs

    def receive(self, packet: bytes) -> bytes:
        """Take a decrypted packet; return it, or the one it repeats."""
        ssrc = int.from_bytes(packet[8:12])
        original = self._repairs.get(ssrc)
        if original is not None:
            packet, ssrc = packets.original(packet, original), original
        if packet[1] & 0x7F == packets.VP8:
            sequence = int.from_bytes(packet[2:4])
            stream = self._streams.setdefault(ssrc, _Stream(sequence))
            self.repaired += stream.note(sequence) and original is not None
        return packet

    def feedback(self) -> Iterator[bytes]:
        """Yield RTCP that asks for what is missing; give up what was asked for in vain."""
        for ssrc, stream in self._streams.items():
            asked = []
            for sequence, tries in list(stream.missing.items()):
                if tries == _TRIES:
                    del stream.missing[sequence]
                    stream.wants_keyframe = True
                else:
                    stream.missing[sequence] = tries + 1
                    asked.append(sequence)
            if asked:
                yield packets.nack(ssrc, asked)
            if stream.wants_keyframe:
                stream.wants_keyframe = False
                yield packets.pli(ssrc)
