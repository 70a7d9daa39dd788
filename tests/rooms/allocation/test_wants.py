"""Which steps of a ladder a viewer has a use for."""

import pytest

from trio_sfu.rooms.allocation.ladder import Step
from trio_sfu.rooms.allocation.wants import useful
from trio_sfu.signaling.carried import Quality

SIMULCAST = tuple(
    Step(rid, None, None, 1e5 * 4**size, 1e5 * 4**size, size, 320 << size, 180 << size)
    for size, rid in enumerate("qhf")
)
LAYERED = tuple(
    Step("q", size if size < 2 else None, None, 1e5 * 4**size, 1e5 * 4**size, size)
    for size in range(3)
)


@pytest.mark.parametrize("ladder", [SIMULCAST, LAYERED], ids=["simulcast", "layered"])
@pytest.mark.parametrize(("quality", "most"), [("low", 0), ("medium", 1), ("high", 2)])
def test_a_quality_is_a_size(ladder: tuple[Step, ...], quality: Quality, most: int) -> None:
    assert [step.size for step in useful(ladder, quality, 0, 0)] == list(range(most + 1))


def test_something_is_left_of_what_is_too_good() -> None:
    assert useful(SIMULCAST[2:], "low", 0, 0) == SIMULCAST[2:]


@pytest.mark.parametrize(("height", "most"), [(90, 0), (200, 0), (400, 1), (720, 2), (2160, 2)])
def test_a_small_tile_needs_a_small_size(height: int, most: int) -> None:
    assert useful(SIMULCAST, "high", height * 16 // 9, height)[-1].size == most
