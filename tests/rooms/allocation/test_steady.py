from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rooms.allocation.ladders import BUDGETS, KBIT, USUAL, camera, viewers, want
from trio_sfu.rooms.allocation.ladder import Step
from trio_sfu.rooms.allocation.steady import FIRST_HOLD, GRACE, LONGEST_HOLD, Allocator, Allotted
from trio_sfu.rooms.allocation.wants import Want

PERIOD = 0.1


class Viewer:
    """An allocator on a clock of its own, and what it has done."""

    def __init__(self, wants: list[Want]) -> None:
        self.wants = wants
        self.allocator = Allocator()
        self.now = 0.0
        self.allotted: Allotted = {}
        self.changes: dict[str, list[float]] = {each.mid: [] for each in wants}

    def run(
        self, budget: float | None, seconds: float = PERIOD, *, guess: bool = False
    ) -> Allotted:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.step(budget, guess=guess)
        return self.allotted

    def step(self, budget: float | None, *, guess: bool = False) -> None:
        before = self.allotted
        self.allotted = self.allocator.run(self.now, budget, self.wants, guess=guess)
        for mid, chosen in self.allotted.items():
            if before and before.get(mid) != chosen:
                self.changes[mid].append(self.now)
        self.now += PERIOD

    @property
    def cost(self) -> float:
        return sum(step.bitrate for step in self.allotted.values() if step is not None)

    def rid(self, mid: str = "a") -> str | None:
        step = self.allotted[mid]
        return step.rid if step is not None else None


def test_without_an_estimate_everybody_gets_the_best() -> None:
    viewer = Viewer([want("a"), want("b")])
    viewer.run(None)
    assert (viewer.rid("a"), viewer.rid("b")) == ("f", "f")


def test_a_smaller_estimate_counts_at_once() -> None:
    viewer = Viewer([want("a")])
    viewer.run(3_000 * KBIT)
    assert viewer.rid() == "f"
    viewer.run(800 * KBIT)
    assert viewer.rid() == "h"


def test_the_first_choice_is_what_the_first_estimate_carries() -> None:
    viewer = Viewer([want("a")])
    viewer.run(300 * KBIT)
    assert viewer.rid() == "q"


def test_a_guess_is_good_for_a_beginning_alone() -> None:
    viewer = Viewer([want("a")])
    viewer.run(300 * KBIT, guess=True)
    viewer.run(800 * KBIT, 3, guess=True)
    assert viewer.rid() == "q"
    viewer.run(790 * KBIT, 1)
    assert viewer.rid() == "h"


def test_a_guess_that_has_carried_what_was_sent_for_a_while_counts() -> None:
    viewer = Viewer([want("a")])
    viewer.run(300 * KBIT, guess=True)
    viewer.run(800 * KBIT, 5, guess=True)
    assert viewer.rid() == "h"


def test_a_link_that_recovers_has_the_best_again_within_two_seconds() -> None:
    viewer = Viewer([want("a")])
    viewer.run(4_000 * KBIT, 5)
    viewer.run(700 * KBIT, 20)
    viewer.run(4_000 * KBIT, 2.1)
    assert viewer.rid() == "f"


def test_what_is_hardly_enough_is_not_tried() -> None:
    viewer = Viewer([want("a")])
    viewer.run(520 * KBIT, 30)
    assert viewer.rid() == "q"


def test_what_it_has_cost_at_its_worst_needs_no_headroom_besides() -> None:
    lowest, middle, highest = USUAL
    unsteady = replace(middle, peak=middle.bitrate * 1.15), replace(highest, peak=highest.bitrate)
    viewer = Viewer([want("a", (lowest, *unsteady))])
    viewer.run(middle.bitrate * 1.05, 30)
    assert viewer.rid() == "q", "it may cost more at any time"
    viewer.run(middle.bitrate * 1.17, 30)
    assert viewer.rid() == "h"


def test_a_slot_is_paused_after_a_moment_and_comes_back() -> None:
    viewer = Viewer([want("a")])
    viewer.run(1_000 * KBIT, 3)
    viewer.run(100 * KBIT, GRACE / 2)
    assert viewer.rid() == "q"
    viewer.run(100 * KBIT, GRACE)
    assert viewer.rid() is None
    viewer.run(1_000 * KBIT, 5)
    assert viewer.rid() == "h"


def test_at_first_the_weightiest_is_shown_even_if_nothing_seems_to_fit() -> None:
    screen = want("a", camera(300), weight=8)
    viewer = Viewer([want("b"), screen])
    viewer.run(100 * KBIT)
    assert viewer.allotted == {"a": screen.ladder[0], "b": None}
    viewer.run(100 * KBIT, GRACE + PERIOD)
    assert viewer.allotted == {"a": None, "b": None}
    viewer.run(100 * KBIT, 60)
    assert len(viewer.changes["a"]) == 1, "what was found not to fit is not tried again"
    viewer.run(2_000 * KBIT, 5)
    assert viewer.allotted["a"] == screen.ladder[0]


def test_at_first_nothing_is_tried_beside_what_fits() -> None:
    viewer = Viewer([want("a", camera(90)), want("b", camera(300), weight=8)])
    viewer.run(100 * KBIT, 30)
    assert viewer.allotted["b"] is None
    assert viewer.changes["b"] == []


def test_a_dip_does_not_pause() -> None:
    viewer = Viewer([want("a")])
    for _ in range(10):
        viewer.run(200 * KBIT, 2)
        viewer.run(100 * KBIT, GRACE / 2)
    assert viewer.changes["a"] == []


def test_who_is_pinned_gets_it_from_the_others_at_once() -> None:
    viewer = Viewer([want("a"), want("b")])
    viewer.run(2_500 * KBIT, 3)
    assert (viewer.rid("a"), viewer.rid("b")) == ("f", "h")
    viewer.wants = [want("a"), want("b", weight=16)]
    viewer.run(2_500 * KBIT, 1)
    assert (viewer.rid("a"), viewer.rid("b")) == ("h", "f")


def test_a_smaller_tile_gets_a_smaller_picture_at_once() -> None:
    viewer = Viewer([want("a")])
    viewer.run(5_000 * KBIT, 1)
    viewer.wants = [want("a", USUAL[:1])]
    viewer.run(5_000 * KBIT)
    assert viewer.rid() == "q"


def test_waiting_for_more_is_looked_at_again_by_itself() -> None:
    viewer = Viewer([want("a")])
    viewer.run(4_000 * KBIT, 1)
    viewer.run(600 * KBIT)
    viewer.run(4_000 * KBIT)
    while viewer.rid() != "f":
        assert viewer.allocator.due <= viewer.now + 1
        viewer.now = max(viewer.now, viewer.allocator.due)
        viewer.step(4_000 * KBIT)
        assert viewer.now < 10


def test_a_step_that_fails_again_and_again_is_tried_less_and_less() -> None:
    # The link takes "h" for a while each time, and then does not: a queue that fills.
    viewer = Viewer([want("a", camera(150, 500))])
    tries: list[float] = []
    while viewer.now < 300:
        viewer.step((700 if viewer.rid() != "h" else 450) * KBIT if viewer.allotted else 700_000)
        if viewer.rid() == "h" and (not tries or tries[-1] < viewer.now - 1):
            tries.append(viewer.now)
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert [round(pause) for pause in pauses] == sorted(round(pause) for pause in pauses)
    assert max(pauses) > LONGEST_HOLD * 0.9


def test_a_fall_over_several_steps_is_one_failure() -> None:
    viewer = Viewer([want("a")])
    viewer.run(300 * KBIT)
    viewer.run(3_000 * KBIT, 3)
    assert viewer.rid() == "f"
    for budget in (800 * KBIT, 300 * KBIT):
        viewer.run(budget, 0.5)
    fell = viewer.now
    while viewer.rid() == "q":
        viewer.step(800 * KBIT)
    assert viewer.now - fell < 2 * FIRST_HOLD + 1


def test_another_link_is_not_judged_by_what_failed_on_the_one_before() -> None:
    viewer = Viewer([want("a")])
    while viewer.now < 60:
        viewer.step((700 if viewer.rid() != "h" else 450) * KBIT if viewer.allotted else 700_000)
    viewer.run(4_000 * KBIT, 3)
    assert viewer.rid() == "f"


@given(viewers(), st.lists(BUDGETS, min_size=1, max_size=12), st.floats(0.1, 3))
def test_nothing_is_sent_beyond_the_budget_but_lowest_steps_for_a_moment(
    wants: list[Want], budgets: list[float], each: float
) -> None:
    viewer = Viewer(wants)
    for budget in budgets:
        over_since = None  # Another fall gives others their moment.
        for _ in range(round(each / PERIOD)):
            viewer.step(budget)
            if viewer.cost <= budget * 1.000001:
                over_since = None
                continue
            over_since = over_since if over_since is not None else viewer.now
            assert viewer.now - over_since < GRACE + PERIOD
            lowest = sum(
                each.ladder[0].bitrate for each in wants if viewer.allotted[each.mid] is not None
            )
            above = viewer.cost - lowest
            assert above <= budget


@given(viewers(), BUDGETS, BUDGETS)
@settings(max_examples=40)
def test_it_comes_to_rest(wants: list[Want], before: float, budget: float) -> None:
    viewer = Viewer(wants)
    viewer.run(before, 3)
    viewer.run(budget, LONGEST_HOLD)
    viewer.changes = {each.mid: [] for each in wants}
    viewer.run(budget, 20)
    assert not any(viewer.changes.values())


def test_a_pause_does_not_end_for_a_moment_beside_what_had_no_headroom_anyway() -> None:
    # Together 106; the third has no headroom in the smallest budget of a while, but is shown.
    unsteady = replace(camera(66)[0], peak=99 * KBIT)
    wants = [want("a", camera(20), 0.5), want("b", camera(20), 0.5), want("c", (unsteady,))]
    viewer, noise = Viewer(wants), Random(1)
    viewer.run(100 * KBIT, 5)
    until = viewer.now + 60
    while viewer.now < until:
        viewer.step(100 * KBIT * noise.uniform(0.85, 1.15))
    assert all(len(changes) <= 3 for changes in viewer.changes.values())


@given(viewers(), st.floats(100_000, 8_000_000), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_noise_does_not_make_layers_flap(wants: list[Want], budget: float, seed: int) -> None:
    viewer, noise = Viewer(wants), Random(seed)
    viewer.run(budget, 5)
    viewer.changes = {each.mid: [] for each in wants}
    seconds = 60
    until = viewer.now + seconds
    while viewer.now < until:
        viewer.step(budget * noise.uniform(0.85, 1.15))
    for changes in viewer.changes.values():
        assert len(changes) <= seconds / 5


@pytest.mark.parametrize("link", [500, 800, 1_000, 2_000, 3_000, 5_000])
def test_a_link_is_used(link: int) -> None:
    ladder = (
        Step("q", None, 0, 90_000, 90_000, 0),
        Step("q", None, None, 150_000, 150_000, 0),
        Step("h", None, 1, 370_000, 370_000, 1),
        Step("h", None, None, 500_000, 500_000, 1),
        Step("f", None, 1, 1_250_000, 1_250_000, 2),
        Step("f", None, None, 1_700_000, 1_700_000, 2),
    )
    viewer = Viewer([want("a", ladder)])
    viewer.run(link * 0.95 * KBIT, 30)
    better = [step for step in ladder if step.bitrate <= link * 0.95 * KBIT / 1.1]
    assert viewer.allotted["a"] == better[-1]


def test_what_is_spare_goes_when_somebody_else_could_have_more() -> None:
    spare = replace(want("spare"), spare=True)
    viewer = Viewer([spare, want("a")])
    viewer.run(4_000 * KBIT, 10)
    assert (viewer.rid("a"), viewer.rid("spare")) == ("f", "f")
    viewer.run(700 * KBIT)
    viewer.run(700 * KBIT, GRACE + PERIOD)
    assert (viewer.rid("a"), viewer.rid("spare")) == ("h", None)
    viewer.run(4_000 * KBIT, LONGEST_HOLD)
    assert (viewer.rid("a"), viewer.rid("spare")) == ("f", "f")


@given(viewers(), st.lists(BUDGETS, min_size=1, max_size=12))
@settings(max_examples=50)
def test_what_is_spare_is_never_there_for_long_beside_somebody_who_waits_for_bits(
    wants: list[Want], budgets: list[float]
) -> None:
    spare = replace(want("spare"), spare=True)
    viewer = Viewer([*wants, spare])
    for budget in budgets:
        viewer.run(budget, GRACE + 2 * PERIOD)
        if sum(each.ladder[-1].bitrate for each in wants) + spare.ladder[0].bitrate > budget:
            assert viewer.rid("spare") is None
