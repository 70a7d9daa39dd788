"""How much somebody speaks, from the audio levels of their packets (RFC 6464). Pure.

After Volfin and Cohen, "Dominant speaker identification for multipoint videoconferencing"
(Computer Speech and Language, 2013): speech is told from noise on three scales of time, at
each of which the units below that are active are counted, and the count is scored by how
much likelier it is in speech than in noise. Their lowest units are sub-bands of a frame,
which levels do not have; here they are steps of loudness. Also from levels alone:

- The noise of a place is the quietest level of the last two seconds (speech has a gap in
  any two seconds): what does not stand out from it is not active.
- What does not vary is no speech, however loud: speech rises and falls with its syllables.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import comb, log
from typing import Final

FLOOR_WINDOWS: Final = 20
"""Windows (of 100 ms) whose quietest level is the noise of the place."""
MARGIN: Final = 9
"""dB by which speech stands out from it."""
QUIET: Final = 60
"""The level of a place that is as quiet as need be; the engine tells of nothing below."""
VARIES: Final = 6
"""dB between the loudest and the quietest frame of what may be speech."""
STEP: Final = 3
"""dB of a step of loudness."""

SHORT: Final = 13
"""Steps: the units of the immediate scale."""
MEDIUM: Final = 15
"""Frames of 20 ms, in 300 ms: the units of the medium scale."""
LONG: Final = 10
"""Windows of 100 ms, in one second: the units of the long scale."""
ACTIVE: Final = 3
"""Active frames of an active window, of five."""

_SILENT: Final = 127
_WINDOW: Final = 0.1
_LEAST: Final = 1e-9


def scores(units: int, rate: float) -> tuple[float, ...]:
    """Return the score of each count of active units: the log of a likelihood ratio.

    In speech each unit is active half of the time; in noise few are, exponentially fewer
    with ``rate`` (which is so great that more activity is always likelier to be speech).
    What is likelier in noise has the least score there is.
    """
    speech = [log(comb(units, count)) - units * log(2) for count in range(units + 1)]
    noise = [log(rate) - rate * count for count in range(units + 1)]
    ratios = (one - other for one, other in zip(speech, noise, strict=True))
    return tuple(max(ratio, _LEAST) for ratio in ratios)


_SHORT_SCORES: Final = scores(SHORT, 2.6)
_MEDIUM_SCORES: Final = scores(MEDIUM, 2.8)
_LONG_SCORES: Final = scores(LONG, 2.4)


@dataclass(frozen=True, slots=True)
class Activity:
    """The scores of somebody at one moment."""

    immediate: float = _LEAST
    medium: float = _LEAST
    long: float = _LEAST
    windows: int = 0
    """Active windows of the last second."""


_NONE: Final = Activity()


class Voice:
    """What was heard of one microphone."""

    def __init__(self) -> None:
        self.heard_at = float("-inf")
        """When there last was an active window."""
        self.level = float(_SILENT)
        """How loud it is while it is active, in dB below full scale."""
        self._quietest: deque[tuple[float, int]] = deque(maxlen=FLOOR_WINDOWS)
        self._frames: deque[int] = deque(maxlen=MEDIUM)
        self._frames_at = float("-inf")
        self._windows: deque[tuple[float, int, int]] = deque(maxlen=2 * LONG)

    def hear(self, now: float, level: int, levels: bytes) -> bool:
        """Note a window, and return whether it is active."""
        quietest = max(levels, default=_SILENT)
        floor = self._floor(now, quietest)
        if now - self._frames_at > 2 * _WINDOW:
            # Not the frames of one moment: the pause in between is the variation.
            self._frames.clear()
            self._frames.append(_SILENT)
        self._frames_at = now
        self._frames.extend(levels)
        active = 0
        loudest = min(self._frames, default=_SILENT)
        if levels and max(self._frames) - loudest >= VARIES:
            share = sum(each <= floor - MARGIN for each in levels) / len(levels)
            active = round(5 * share)
        if active < ACTIVE:
            if active:
                self._windows.append((now, active, 0))
            return False
        steps = min(SHORT, max(0, floor - level) // STEP)
        self._windows.append((now, active, steps))
        self.level = float(level) if self._is_new(now) else 0.7 * self.level + 0.3 * level
        self.heard_at = now
        return True

    def _floor(self, now: float, quietest: int) -> int:
        since = now - FLOOR_WINDOWS * _WINDOW
        while self._quietest and self._quietest[0][0] < since:
            self._quietest.popleft()
        # Windows nobody was told of were quiet.
        quiet = len(self._quietest) < FLOOR_WINDOWS - 2
        self._quietest.append((now, quietest))
        loud = max(each for _, each in self._quietest)
        return QUIET if quiet else min(QUIET, loud)

    def _is_new(self, now: float) -> bool:
        return now - self.heard_at > LONG * _WINDOW

    def frames(self, now: float) -> int:
        """Return how many frames of the last 300 ms were active, in fifths of a window."""
        return sum(active for _, active, _ in _within(self._windows, now - 3 * _WINDOW))

    def activity(self, now: float) -> Activity:
        """Return how much it speaks."""
        while self._windows and self._windows[0][0] <= now - LONG * _WINDOW:
            self._windows.popleft()
        if not self._windows:
            return _NONE
        short = _within(self._windows, now - 1.5 * _WINDOW)
        windows = min(LONG, sum(active >= ACTIVE for _, active, _ in self._windows))
        return Activity(
            _SHORT_SCORES[max((steps for _, _, steps in short), default=0)],
            _MEDIUM_SCORES[min(MEDIUM, self.frames(now))],
            _LONG_SCORES[windows],
            windows,
        )


def _within(
    windows: Iterable[tuple[float, int, int]], since: float
) -> list[tuple[float, int, int]]:
    return [window for window in windows if window[0] > since]
