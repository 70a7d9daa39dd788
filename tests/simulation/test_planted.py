"""The simulation can fail: a defect of each kind is found, and by its own check."""

import re

import pytest

from tests.simulation.planted import PLANTED
from trio_sfu.testing.simulation import simulate

SEEDS = 40
"""Most seeds that are tried; each defect is found in the first few."""


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(name: str) -> None:
    plant, said = PLANTED[name]
    with plant():
        for seed in range(SEEDS):
            outcome = simulate(seed, 60)
            if outcome.broken is not None:
                break
    assert outcome.broken is not None, f"nobody noticed the {name}"
    assert re.search(said, outcome.broken), outcome.broken
    assert outcome.story.splitlines()[-1].endswith(outcome.broken)
