"""A fault at every checkpoint of every flow: what the failure table says, and the baseline."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pytest

from tests.checkpoints.flows import FLOWS
from tests.checkpoints.planted import PLANTED
from tests.checkpoints.sweep import KINDS, Kind, perform, rehearse, sweep
from tests.conftest import Measure

STRIDES: Final[dict[Kind, int]] = {"raise": 1, "cancel": 1, "hold": 4}
"""Every so many checkpoints there is a fault; ``SOAK_CHECKPOINTS`` makes it each."""
EVERY: Final = bool(os.environ.get("SOAK_CHECKPOINTS"))
LEAST: Final = 9
MOST: Final = 200
"""Checkpoints a flow may have."""
PROCESSES: Final = min(4, os.cpu_count() or 1)

runs = Counter[Kind]()


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_fault_ends_what_it_may_and_leaves_nothing(
    flow: str, kind: Kind, processes: ProcessPoolExecutor, artifacts: Path, measure: Measure
) -> None:
    stride = 1 if EVERY else STRIDES[kind]
    parts = [range(first * stride, MOST, PROCESSES * stride) for first in range(PROCESSES)]
    swept = [processes.submit(sweep, flow, kind, part) for part in parts]
    done = [each.result() for each in swept]
    runs[kind] += sum(each.runs for each in done)
    measure("faults at checkpoints", ", ".join(f"{n} of {each}" for each, n in runs.items()))
    wrong = {number: line for each in done for number, line in each.wrong.items()}
    for each in done:
        for number, story in each.stories.items():
            (artifacts / f"{number}.txt").write_text(story)
    lines = [line for _, line in sorted(wrong.items())][:20]
    command = f"python -m tests.checkpoints.sweep '{flow}' {kind} NUMBER"
    assert not wrong, "\n".join([*lines, f"{len(wrong)} in all; {command}"])


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_has_checkpoints(flow: str) -> None:
    """A sweep over nothing would find nothing."""
    checkpoints = rehearse(flow).checkpoints
    assert LEAST <= len(checkpoints) <= MOST
    assert any(each.role.startswith("peer") for each in checkpoints)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(name: str) -> None:
    """The verdict can be another: each defect is noticed at some checkpoint."""
    planted = PLANTED[name]
    with planted.plant():
        rehearsal = rehearse(planted.flow)
        for number in range(len(rehearsal.checkpoints)):
            wrong = " ".join(perform(planted.flow, planted.kind, number, rehearsal).wrong)
            if planted.said in wrong:
                return
    pytest.fail(f"nobody noticed the {name}")
