"""Tasks of the server that make no step for a while, and what that excuses."""

from collections import deque
from collections.abc import Callable
from typing import Final

import trio
from trio.lowlevel import Task

from trio_sfu.testing.checkpoints import Holding

_REMEMBERED: Final = 64
_AFTER: Final = 0.1
"""Seconds after a stall in which what had waited for it catches up."""


class Stalls(Holding):
    """Holds tasks, and remembers when each was held. ``held`` is told of each, when it begins."""

    def __init__(self, held: Callable[[Task, float], None]) -> None:
        super().__init__()
        self._held = held
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def _take(self, task: Task, seconds: float) -> None:
        now = trio.current_time()
        self._stalls.append((now, now + seconds))
        self._held(task, seconds)
        super()._take(task, seconds)

    @property
    def going_on(self) -> bool:
        """Whether a task is held, or was until just now."""
        now = trio.current_time()
        return any(end + _AFTER > now for _, end in self._stalls)

    def since(self, when: float) -> float:
        """Return for how many seconds tasks were held after ``when``, at most."""
        now = trio.current_time()
        return sum(max(0.0, min(end, now) - max(begin, when)) for begin, end in self._stalls)
