"""The rooms that a machine is measured in, and what one more of them asks for. Pure."""

from dataclasses import dataclass
from typing import Final

from trio_sfu.trial.streams import AUDIO_PACKETS, AUDIO_WIRE, VIDEO_PACKETS, VIDEO_WIRE

ENCODINGS: Final = 1.4
"""What a camera sends in all, of what its best encoding is: two smaller ones come along."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Packets and streams, a second."""

    peers: int
    received: float
    """Packets that come in, of both kinds."""
    video: float
    """Packets of video that go out."""
    audio: float

    @property
    def sent_bits(self) -> float:
        """Bits/s on the wire that go out."""
        return self.video / VIDEO_PACKETS * VIDEO_WIRE + self.audio / AUDIO_PACKETS * AUDIO_WIRE

    def __add__(self, other: "Traffic") -> "Traffic":
        """Return both together."""
        return Traffic(
            self.peers + other.peers,
            self.received + other.received,
            self.video + other.video,
            self.audio + other.audio,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """A kind of room, as what there is at least and what comes with one more ``unit``."""

    name: str
    """What people call it."""
    unit: str
    """What there can be more of."""
    base: Traffic
    each: Traffic
    grows: bool
    """Whether it is one room that grows; else there are more rooms."""

    @property
    def size(self) -> int:
        """Peers of a room that does not grow."""
        return self.each.peers


NOTHING: Final = Traffic(0, 0, 0, 0)
PUBLISHED: Final = VIDEO_PACKETS * ENCODINGS + AUDIO_PACKETS
"""Packets a second of somebody who is seen and heard."""


def lecture() -> Room:
    """Return one camera and microphone for many, in one room."""
    watcher = Traffic(1, 0, VIDEO_PACKETS, AUDIO_PACKETS)
    return Room(
        "a lecture: 1 camera to N", "viewers", Traffic(1, PUBLISHED, 0, 0), watcher, grows=True
    )


def meeting(name: str, people: int, voices: int) -> Room:
    """Return rooms of so many people who all see the others, and hear ``voices`` at most."""
    others = people - 1
    whole = Traffic(
        people,
        people * PUBLISHED,
        people * others * VIDEO_PACKETS,
        people * min(others, voices) * AUDIO_PACKETS,
    )
    return Room(name, "rooms", NOTHING, whole, grows=False)


def kinds(voices: int) -> list[Room]:
    """Return the rooms that are told of."""
    return [
        lecture(),
        meeting("calls of two", 2, voices),
        meeting("meetings of four", 4, voices),
        meeting("meetings of ten with 9 pictures", 10, voices),
    ]
