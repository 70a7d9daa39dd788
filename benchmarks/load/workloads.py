"""What is forwarded. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from benchmarks.load.sdp import Kind

TRACES: Final = Path(__file__).with_name("traces")
Shape: TypeAlias = Literal["lecture", "meeting", "rooms", "layers"]
"""One publishes and ``size`` others watch; or ``size`` people all publish and watch each other;
or ``size`` rooms have ``A_FEW`` people each, who do so; or one publishes a camera in several
encodings, and ``size`` others watch one or the other of them."""
A_FEW: Final = 3

LEN: Final = 1_100
"""Bytes of a made-up packet before encryption."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A load. ``schedules`` are those of a plan, by kind, and taken in turn by the tracks."""

    name: str
    about: str
    shape: Shape
    size: int
    schedules: Mapping[Kind, Sequence[str]]
    kinds: Sequence[Kind] = ("video",)
    transport_cc: bool = True
    """Whether receivers negotiate transport-wide feedback, where it is offered. It makes a server
    pace what it sends, at 100 Mbit/s at most, so there is none where as much is sent as goes."""
    slots: int | None = None
    """How many others somebody in a meeting sees, the first ones; without it all."""
    change_every: float = 0.0
    """Seconds after which a viewer wants another encoding."""

    def traces(self) -> list[str]:
        """Return the names of the traces that are needed."""
        words = (each.split() for all_of in self.schedules.values() for each in all_of)
        return sorted({each[1] for each in words if each[0] == "trace"})

    @property
    def subscribers(self) -> int:
        """How many receive, of whom each is a process's memory more."""
        return {
            "lecture": self.size,
            "layers": self.size,
            "meeting": self.size - 1,
            "rooms": self.size * A_FEW,
        }[self.shape]

    @property
    def people(self) -> int:
        """How many there are in a room, who all publish."""
        return A_FEW if self.shape == "rooms" else self.size

    @property
    def seen(self) -> int:
        """How many of the others somebody there sees."""
        others = self.people - 1
        return others if self.slots is None else min(self.slots, others)

    def fanout(self, place: int) -> int:
        """Return how many see the person who is the ``place``-th in a room."""
        # Who is before it has one less before it.
        earlier = place if place - 1 < self.seen else 0
        return earlier + (self.people - 1 - place if place < self.seen else 0)

    def sized(self, size: int | None) -> "Workload":
        """Return the same for another number of people."""
        return self if size is None else replace(self, size=size)


def _ticks(microseconds: int, packets: int) -> dict[Kind, list[str]]:
    return {"video": [f"every {microseconds} {packets} {LEN}"]}


def _meeting(name: str, size: int, slots: int | None = None) -> Workload:
    about = "cameras and a screen as Chromium sends them, and microphones"
    if slots is not None:
        about += f"; everybody sees {slots}"
    return Workload(name, about, "meeting", size, _cameras(), kinds=("audio", "video"), slots=slots)


def _cameras() -> dict[Kind, list[str]]:
    """Cameras of three rates and a screen, none of them in step with another."""
    names = ["300k", "1500k", "4000k", "1500k", "300k", "screen"]
    return {
        "video": [f"trace {name} {number * 370_000}" for number, name in enumerate(names)],
        "audio": ["every 20000 1 120"],
    }


ALL: Final = {
    each.name: each
    for each in (
        Workload(
            "saturating",
            "frames of 8 packets, as many as go",
            "lecture",
            50,
            {"video": [f"window 4 8 {LEN}"]},
            transport_cc=False,
        ),
        Workload(
            "single",
            "frames of one packet, as many as go",
            "lecture",
            50,
            {"video": [f"window 8 1 {LEN}"]},
            transport_cc=False,
        ),
        Workload("paced-20k", "2 packets every 5 ms", "lecture", 50, _ticks(5_000, 2)),
        Workload("paced-50k", "5 packets every 5 ms", "lecture", 50, _ticks(5_000, 5)),
        Workload("bursts-50k", "33 packets every 33 ms", "lecture", 50, _ticks(33_333, 33)),
        Workload("even-100", "a packet every millisecond", "lecture", 100, _ticks(1_000, 1)),
        _meeting("meeting", 10),
        _meeting("meeting-4", 4),
        _meeting("meeting-25", 25, slots=9),
        Workload(
            "layers",
            "a camera in three encodings, between which viewers change every 2 s",
            "layers",
            21,
            # 150 and 500 kbit/s, and 1.5 Mbit/s.
            {"video": ["trace 300k 370000 487", "trace 1500k 0 326", "trace 1500k 0 977"]},
            change_every=2.0,
        ),
        Workload(
            "rooms",
            "rooms of 3: cameras of 300 kbit/s as Chromium sends them, and microphones",
            "rooms",
            200,
            {"video": ["trace 300k 370000"], "audio": ["every 20000 1 120"]},
            kinds=("audio", "video"),
        ),
        Workload(
            "audio",
            "everybody's microphone",
            "meeting",
            8,
            {"audio": ["every 20000 1 120"]},
            kinds=("audio",),
        ),
        Workload("idle", "nobody sends anything", "lecture", 200, {}),
    )
}
