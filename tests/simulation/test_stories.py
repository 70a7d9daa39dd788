"""Stories of many seeds: whatever happens, the invariants hold."""

import os
import re
from pathlib import Path

import pytest

from trio_sfu.testing.simulation import simulate

SEEDS = int(os.environ.get("TRIO_SFU_SOAK_SEEDS", "24"))
STEPS = 40


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_breaks(seed: int, artifacts: Path) -> None:
    outcome = simulate(seed, STEPS)
    if outcome.broken is not None:
        (artifacts / "story.txt").write_text(outcome.story)
    assert outcome.broken is None, f"trio-sfu simulate --seed {seed} --steps {STEPS}"


def test_there_was_something_to_check() -> None:
    """Media flows, people are seen, and all of that is looked at."""
    checked = re.search(r"checked +(.*)$", simulate(3, STEPS).story.rstrip())
    assert checked is not None
    counts = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", checked[1])}
    assert counts["packets"] > 500
    assert counts["slots"] > 100
    assert counts["connected"] > 10
    assert counts["seen"] > 10
