"""What is forwarded. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from trio_sfu._native import Profile
from trio_sfu.trial.packets import AUDIO_MID, VIDEO_MID
from trio_sfu.trial.streams import (
    AUDIO_PACKET,
    AUDIO_PACKETS,
    FRAMES_A_SECOND,
    PACKETS_A_FRAME,
    VIDEO_PACKET,
)

Shape: TypeAlias = Literal["lecture", "rooms"]
"""One publishes and all others watch; or rooms of three who all publish and watch each other."""
LEN: Final = 1_100
"""Bytes of a made-up packet of video before encryption."""
A_CALL: Final = 50
"""Packets that a publisher sends at once, at most: more are too many bytes for one call."""
ROOM: Final = 3
"""People of a room, where there are many."""
PROFILES: Final[dict[str, Profile]] = {
    "gcm": "AEAD_AES_128_GCM",
    "cm": "AES128_CM_HMAC_SHA1_80",
}
"""By what operators call them."""
JOINS: Final = "joins"
"""The workload in which nothing is forwarded: people come and go."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A load, for any number of subscribers."""

    name: str
    about: str
    shape: Shape = "lecture"
    mid: str = VIDEO_MID
    size: int = LEN
    """Bytes of a packet."""
    packets: int = 1
    """Packets of a frame, which are sent at once."""
    forwarded: float | None = None
    """Packets a second to all subscribers together, whatever their number; None: see ``frames``."""
    every: float | None = None
    """Seconds between two frames, which have as many packets as that takes; None: ``packets``."""
    frames: float = FRAMES_A_SECOND
    """A second, of each publisher."""
    feedback: float = 0.1
    """Seconds between two messages of feedback of a client."""


@dataclass(frozen=True, slots=True)
class Load:
    """A workload for so many subscribers."""

    workload: Workload
    people: int
    fan_out: int
    """Those who get what one publishes."""
    packets: int
    """Of a frame."""
    frames_a_second: float
    """Of each publisher."""

    @property
    def publishers(self) -> range:
        """The numbers of those who publish."""
        return range(self.people if self.workload.shape == "rooms" else 1)

    @property
    def subscribers(self) -> int:
        """How many receive something."""
        return self.people if self.workload.shape == "rooms" else self.people - 1

    @property
    def forwarded(self) -> float:
        """Packets a second that are to come to the subscribers, all together."""
        frames = self.frames_a_second * len(self.publishers)
        return frames * self.packets * self.fan_out


def load(workload: Workload, subscribers: int) -> Load:
    """Return the workload for so many; rooms of three are as many as they fill, at least one."""
    packets, frames = workload.packets, workload.frames
    if workload.shape == "rooms":
        people = max(1, subscribers // ROOM) * ROOM
        return Load(workload, people, ROOM - 1, packets, frames)
    if workload.forwarded is not None:
        published = workload.forwarded / subscribers
        if workload.every is not None:
            packets = min(max(1, round(published * workload.every)), A_CALL)
        frames = published / packets
    return Load(workload, subscribers + 1, subscribers, packets, frames)


def _paced(forwarded: int) -> Workload:
    about = f"bursts 5 ms apart, as publishers have them, {forwarded:,} packets/s forwarded"
    return Workload(f"video-paced-{forwarded // 1_000}k", about, forwarded=forwarded, every=0.005)


ALL: Final = {
    "video-bursts": (
        Workload(
            "video-bursts",
            "frames of 8 packets, 50,000 packets/s forwarded",
            packets=8,
            forwarded=50_000,
        ),
    ),
    "video-paced": (_paced(20_000), _paced(50_000)),
    "even": (Workload("even", "single packets, 20,000 packets/s forwarded", forwarded=20_000),),
    "audio": (
        Workload(
            "audio",
            "one microphone, a packet every 20 ms",
            mid=AUDIO_MID,
            size=AUDIO_PACKET,
            frames=AUDIO_PACKETS,
            feedback=0.25,
        ),
    ),
    "many-rooms": (
        Workload(
            "many-rooms",
            "rooms of three cameras of 1.5 Mbit/s",
            shape="rooms",
            size=VIDEO_PACKET,
            packets=PACKETS_A_FRAME,
        ),
    ),
}
"""By the names that operators give; one may stand for several."""
NAMES: Final = (*ALL, JOINS)


def chosen(names: tuple[str, ...]) -> list[Workload]:
    """Return what forwards of these, in the usual order; no names: all."""
    return [each for name, those in ALL.items() if not names or name in names for each in those]
