"""Stories of many seeds: whatever happens, the invariants hold."""

import os
from collections import Counter
from pathlib import Path

from trio_sfu.testing.simulation import simulate, simulate_many

SEEDS = int(os.environ.get("TRIO_SFU_SOAK_SEEDS", "200"))
STEPS = 60
SECONDS = 300.0


def test_nothing_breaks(artifacts: Path) -> None:
    broken: dict[int, str] = {}
    checked: Counter[str] = Counter()
    for outcome in simulate_many(range(SEEDS), STEPS, SECONDS):
        checked.update(outcome.checked)
        if outcome.broken is not None:
            broken[outcome.seed] = outcome.broken
            (artifacts / f"story-{outcome.seed}.txt").write_text(outcome.story)
        else:
            assert outcome.seconds >= SECONDS
    assert not broken, f"trio-sfu simulate --steps {STEPS} --seconds {SECONDS:g} --seed N"
    # What never has anything to look at proves nothing.
    assert checked["packets"] > 1000 * SEEDS
    for name in ("slots", "queues", "connected", "seen"):
        assert checked[name] > 10 * SEEDS, name
    for name in ("hidden", "beside", "screens seen"):
        assert checked[name] > SEEDS // 2, name


def test_nothing_breaks_between_two_workers(artifacts: Path) -> None:
    broken: dict[int, str] = {}
    checked: Counter[str] = Counter()
    seeds = max(SEEDS // 4, 1)
    for outcome in simulate_many(range(seeds), STEPS, SECONDS, workers=2):
        checked.update(outcome.checked)
        if outcome.broken is not None:
            broken[outcome.seed] = outcome.broken
            (artifacts / f"story-{outcome.seed}-workers.txt").write_text(outcome.story)
    assert not broken, f"simulate --workers 2 --steps {STEPS} --seconds {SECONDS:g} --seed N"
    assert checked["seen"] > 10 * seeds


def test_there_was_something_to_check() -> None:
    """Media flows, people are seen, and all of that is looked at."""
    checked = simulate(3, STEPS, seconds=SECONDS).checked
    assert checked["packets"] > 500
    assert checked["slots"] > 100
    assert checked["connected"] > 10
    assert checked["seen"] > 5
