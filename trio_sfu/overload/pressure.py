"""When to take the next step, and when to go one back. Pure: reads no clock.

A step is taken when its strain has lasted ``RISE`` seconds without a pause, so a hiccup
takes none and each step has time to help before the next. One back needs calm for
``FALL`` seconds; a step back that does not hold doubles that, up to ``LONGEST_FALL``, so
that the picture does not come and go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trio_sfu.overload.levels import Level
from trio_sfu.overload.strain import Resource, Strain

RISE: Final = 2.0
FALL: Final = 10.0
LONGEST_FALL: Final = 160.0
_HELD: Final = 3.0
"""How many times the wait for calm a step back must hold to count as good."""


@dataclass(frozen=True, slots=True)
class Change:
    """A step that was taken, and the resource that decided it.

    Of a step back: the resource that had decided the last one forward.
    """

    before: Level
    level: Level
    because: Resource


class Pressure:
    """The level, as time and strains make it."""

    def __init__(self) -> None:
        self.level = Level.NORMAL
        self._because: Resource = "loop"
        self._fall = FALL
        self._hot_since: float | None = None
        self._calm_since: float | None = None
        self._eased_at: float | None = None

    def update(self, now: float, strains: Sequence[Strain]) -> Change | None:
        """Take the strains at ``now`` (seconds); return the step that follows, if any."""
        if not strains:
            return None
        if self._eased_at is not None and now - self._eased_at > _HELD * self._fall:
            self._fall, self._eased_at = FALL, None
        up = [(each.full if self.level is Level.NORMAL else each.shed, each) for each in strains]
        highest, worst = max(up, key=lambda each: each[0])
        hot = highest >= 1 and self.level is not Level.AUDIO
        calm = self.level is not Level.NORMAL and all(map(self._is_calm, strains))
        self._hot_since = _since(self._hot_since, now, holds=hot)
        self._calm_since = _since(self._calm_since, now, holds=calm)
        if self._hot_since is not None and now - self._hot_since >= RISE:
            self._because = worst.of
            return self._step(now, +1)
        if self._calm_since is not None and now - self._calm_since >= self._fall:
            return self._step(now, -1)
        return None

    def _is_calm(self, strain: Strain) -> bool:
        # What made joins be refused need not pass before the picture comes back.
        value = strain.full if self.level is Level.FULL else strain.shed
        return value < strain.ease

    def _step(self, now: float, by: int) -> Change:
        before, self.level = self.level, Level(self.level + by)
        self._hot_since = self._calm_since = None
        if by < 0:
            self._eased_at = now
        elif self._eased_at is not None:
            self._fall = min(2 * self._fall, LONGEST_FALL)
            self._eased_at = None
        return Change(before, self.level, self._because)


def _since(since: float | None, now: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now if since is None else since
