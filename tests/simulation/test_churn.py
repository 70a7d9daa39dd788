"""Ten thousand joins and leaves in every way leave nothing behind (here: a thousand)."""

import os
from collections.abc import Callable

from tests.simulation.churn import ENDINGS, MOMENTS, churn

JOINS = int(os.environ.get("SOAK_SIMULATED_JOINS", "1000"))
GROWTH = 2 * 1024
"""KiB by which the process may grow over the last half."""
TEARDOWN = 0.1
"""Seconds from a peer's end to nothing being left of it, at the 99th percentile."""


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[round(share * (len(values) - 1))]


def test_nothing_is_left_of_those_who_came_and_went(measure: Callable[[str, str], None]) -> None:
    seen = churn(JOINS)
    assert not seen.broken
    assert all(census == seen.baseline for census in seen.left)
    assert len(seen.ways) == len(ENDINGS) * len(MOMENTS)
    assert seen.joins >= JOINS
    assert len(seen.virtual) == seen.joins
    growth = seen.resident[-1] - seen.resident[4]
    virtual, cpu = percentile(seen.virtual, 0.99), percentile(seen.cpu, 0.99)
    measure(f"{JOINS} simulated joins, growth over the last half", f"{growth} KiB")
    measure("simulated teardown, p99", f"{1000 * virtual:.0f} ms, {1000 * cpu:.1f} ms of CPU")
    assert growth < GROWTH
    assert virtual < TEARDOWN
    assert cpu < TEARDOWN
