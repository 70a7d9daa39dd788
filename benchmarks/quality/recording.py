"""What one run has left behind: pages' notes, the path's log and the engine's numbers."""

import csv
import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

UDP, TCP = 17, 6


class Packet(NamedTuple):
    """A line of the path's log. Times are seconds since ``go``."""

    entered: float
    left: float
    out: float
    bytes: int
    fate: str
    protocol: int

    @property
    def delivered(self) -> bool:
        """Whether it came out."""
        return self.fate in ("delivered", "duplicate")


class Frame(NamedTuple):
    """A frame that was shown. ``at``: seconds since ``go``."""

    at: float
    width: int
    height: int


@dataclass
class Recording:
    """One run. All times are seconds since ``go``."""

    folder: Path
    began: float
    """Unix time of ``go``, and the same moment of the monotonic clock."""
    began_monotonic: float
    seconds: float
    notes: dict[str, dict[str, Any]]
    """By name, what ``watch.js`` noted."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What a scenario has seen for itself."""

    @cached_property
    def packets(self) -> dict[str, list[Packet]]:
        """The packets of each direction (``up``, ``down``), by time of entry."""
        found: dict[str, list[Packet]] = {"up": [], "down": []}
        log = self.folder / "path.csv"
        if log.exists():
            with log.open() as file:
                for line in csv.DictReader(file):
                    found[line["direction"]].append(self._packet(line))
        for packets in found.values():
            packets.sort()
        return found

    def _packet(self, line: dict[str, str]) -> Packet:
        entered, left, out = (
            int(line[key]) / 1e6 - self.began_monotonic for key in ("entered", "left", "out")
        )
        size, protocol = int(line["bytes"]), int(line["protocol"])
        return Packet(entered, left, out, size, line["fate"], protocol)

    def frames(self, viewer: str, name: str) -> list[Frame]:
        """Return the frames of ``name`` that ``viewer`` was shown."""
        shown = self.notes[viewer]["frames"].get(name, [])
        return [Frame(at / 1000 - self.began, width, height) for at, width, height, *_ in shown]

    def samples(self, name: str) -> Iterator[tuple[float, dict[str, Any]]]:
        """Yield what a page's statistics said, with the time."""
        for sample in self.notes[name]["samples"]:
            yield sample["at"] / 1000 - self.began, sample

    @cached_property
    def engine(self) -> list[tuple[float, dict[str, Any]]]:
        """The engine's numbers of all peers, in the order of time."""
        with (self.folder / "engine.jsonl").open() as file:
            # The last line may be torn: the daemon was being stopped.
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [(line["at"] - self.began, line) for line in lines]

    def estimates(self, name: str) -> list[tuple[float, int]]:
        """Return the estimates of the path to ``name``, bits/s, with their times."""
        return [
            (at, line["transport"]["estimate"])
            for at, line in self.engine
            if line["peer"] == name and line["transport"].get("estimate")
        ]


def between(packets: Sequence[Packet], start: float, end: float) -> Sequence[Packet]:
    """Return those that entered in [start, end)."""
    first = bisect_left(packets, start, key=lambda packet: packet.entered)
    last = bisect_left(packets, end, key=lambda packet: packet.entered)
    return packets[first:last]
