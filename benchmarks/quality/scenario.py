"""What a scenario is: a path, a story that people play on it, and what is expected of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.quality.drawing import Panel
from benchmarks.quality.marks import Mark
from benchmarks.quality.people import HD, Cast, Picture
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import Recording

PUBLISHER, VIEWER = "ann", "vera"
TOP = 720
"""The height of the best encoding of ``people.HD``."""
QUEUE = 65_536
DELAY = 40.0

Facts = dict[str, Any]
Play = Callable[[Cast, "Stage"], Facts]


class Stage:
    """Time and the path, for who plays."""

    def __init__(self, go: Callable[[], None]) -> None:
        self._go = go
        self.began = 0.0
        self.began_monotonic = 0.0

    def go(self) -> None:
        """Begin: the path's schedule, and the time of the recording."""
        self._go()
        self.began, self.began_monotonic = time.time(), time.monotonic()

    @property
    def now(self) -> float:
        """Seconds since ``go``."""
        return time.monotonic() - self.began_monotonic

    def until(self, seconds: float) -> None:
        """Let time pass until so many seconds after ``go``."""
        time.sleep(max(0.0, seconds - self.now))


@dataclass(frozen=True)
class Scenario:
    """One run of at most 90 s."""

    name: str
    title: str
    down: Profile
    up: Profile
    seconds: float
    """From ``go`` to the end."""
    play: Play
    judge: Callable[[Recording], list[Mark]]
    panels: Callable[[Recording], Sequence[Panel]]
    picture: Picture = HD
    environment: dict[str, str] = field(default_factory=dict)
    """Settings of the daemon."""


def one_viewer(seconds: float) -> Play:
    """Return a play: somebody films near, somebody looks on from far."""

    def play(cast: Cast, stage: Stage) -> Facts:
        publisher = cast.seat(PUBLISHER, films=True)
        viewer = cast.seat(VIEWER, far=True)
        publisher.join()
        # The publisher's own ramp is not what is measured.
        time.sleep(5)
        joined = time.monotonic()
        viewer.join()
        took = time.monotonic() - joined
        settled = cast.settle(viewer, PUBLISHER, TOP, within=12)
        stage.go()
        stage.until(seconds)
        return {"joined after": took, "top after": settled}

    return play
