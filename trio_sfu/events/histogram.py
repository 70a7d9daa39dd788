"""Histograms, as Prometheus has them."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Histogram:
    """How many values were not above each of ``bounds`` (seconds, if not said), and their sum."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.total = 0.0
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self.total += value
        self._counts[bisect_left(self._bounds, value)] += 1

    def cumulative(self) -> list[tuple[float, int]]:
        """Return each bound, infinity the last, with how many values are not above it."""
        return list(zip((*self._bounds, inf), accumulate(self._counts), strict=True))
