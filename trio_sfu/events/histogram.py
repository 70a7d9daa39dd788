"""A histogram of seconds, as Prometheus has them."""

from bisect import bisect_left
from itertools import accumulate
from math import inf
from typing import ClassVar


class Histogram:
    """How many values were not above each of ``BOUNDS`` (seconds), and their sum."""

    BOUNDS: ClassVar[tuple[float, ...]] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

    def __init__(self) -> None:
        self.total = 0.0
        self._counts = [0] * (len(self.BOUNDS) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self.total += value
        self._counts[bisect_left(self.BOUNDS, value)] += 1

    def cumulative(self) -> list[tuple[float, int]]:
        """Return each bound, infinity the last, with how many values are not above it."""
        return list(zip((*self.BOUNDS, inf), accumulate(self._counts), strict=True))
