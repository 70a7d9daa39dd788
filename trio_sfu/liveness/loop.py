"""How late the trio loop wakes who waits for it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final

import trio

from trio_sfu.events import Histogram

PERIOD: Final = 0.1
"""Seconds between two beats."""
WINDOW: Final = 5.0
"""Seconds that ``recent`` looks back."""


class LoopLag:
    """Measures the loop it runs in. Times are seconds.

    A loop that hangs cannot say so itself: ``beats``, ``since_beat`` and ``thread`` may be
    read from any thread, the rest only inside the loop.
    """

    def __init__(self) -> None:
        self.histogram = Histogram()
        """Of the lag of every beat since the start."""
        self.thread: int | None = None
        """The ident of the loop's thread while it is measured."""
        self.beats = 0
        """How often the loop has come round; moves every ``PERIOD``."""
        self._beaten_at = 0.0
        self._lags: deque[tuple[float, float]] = deque(maxlen=round(WINDOW / PERIOD))
        self._due = inf

    async def run(
        self,
        late: Callable[[float], object] = lambda _lag: None,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Measure, until cancelled; tell ``late`` the lag of every beat."""
        self._beat()
        self.thread = threading.get_ident()
        task_status.started()
        try:
            while True:
                self._due = trio.current_time() + PERIOD
                await trio.sleep_until(self._due)
                late(self._note(trio.current_time()))
        finally:
            self.thread = None
            self._due = inf

    def recent(self) -> float:
        """Return the worst lag of the last 5 s, with the one that is under way."""
        now = trio.current_time()
        lags = (lag for at, lag in self._lags if now - at <= WINDOW)
        return max(0.0, now - self._due, *lags)

    def since_beat(self) -> float:
        """Return how long ago the loop last came round, on the real clock."""
        return time.monotonic() - self._beaten_at

    def _note(self, now: float) -> float:
        lag = max(0.0, now - self._due)
        self._lags.append((now, lag))
        self.histogram.observe(lag)
        self._beat()
        return lag

    def _beat(self) -> None:
        self._beaten_at = time.monotonic()
        self.beats += 1
