from hypothesis import given
from hypothesis import strategies as st

from tests.rooms.allocation.ladders import BUDGETS, KBIT, USUAL, camera, viewers, want
from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.share import NOTHING, share
from trio_sfu.rooms.allocation.wants import Want


def cost(wants: list[Want], levels: list[int]) -> float:
    chosen = zip(wants, levels, strict=True)
    return sum(each.ladder[level].bitrate for each, level in chosen if level != NOTHING)


@given(viewers(), BUDGETS)
def test_the_budget_is_never_exceeded(wants: list[Want], budget: float) -> None:
    assert cost(wants, share(budget, wants)) <= budget * 1.000001


@given(viewers(), BUDGETS, BUDGETS)
def test_more_is_never_worse_for_anybody(wants: list[Want], one: float, other: float) -> None:
    poorer, richer = share(min(one, other), wants), share(max(one, other), wants)
    here = [level != NOTHING for level in poorer]
    if here == [level != NOTHING for level in richer]:
        assert all(less <= more for less, more in zip(poorer, richer, strict=True))
    else:
        # Somebody who had been left out is there: nobody weightier has paid for it.
        came = [n for n, level in enumerate(richer) if level != NOTHING and not here[n]]
        weight = max(wants[n].weight for n in came)
        for n, level in enumerate(poorer):
            assert wants[n].weight <= weight or (richer[n] == NOTHING) <= (level == NOTHING)


@given(st.integers(1, 9), BUDGETS)
def test_equals_differ_by_one_step_at_most(count: int, budget: float) -> None:
    levels = share(budget, [want(f"v{n}") for n in range(count)])
    assert max(levels) - min(levels) <= 1


@given(BUDGETS, st.sampled_from([2.0, 4.0, 16.0]))
def test_who_matters_more_never_has_less(budget: float, weight: float) -> None:
    first, second = share(budget, [want("a"), want("b", weight=weight)])
    assert second >= first


@given(viewers(), BUDGETS)
def test_nobody_rises_while_somebody_who_could_be_seen_is_left_out(
    wants: list[Want], budget: float
) -> None:
    levels = share(budget, wants)
    lowest = cost(wants, [min(level, 0) for level in levels])
    for each, level in zip(wants, levels, strict=True):
        if level == NOTHING:
            assert lowest + each.ladder[0].bitrate > budget * 0.999999


def test_all_are_seen_before_anybody_is_large() -> None:
    wants = [want("a", weight=16), want("b"), want("c")]
    assert share(450 * KBIT, wants) == [0, 0, 0]
    assert share(800 * KBIT, wants) == [1, 0, 0]
    assert share(2_000 * KBIT, wants) == [2, 0, 0]
    assert share(2_400 * KBIT, wants) == [2, 1, 0]


def test_what_cannot_be_had_holds_nobody_else_up() -> None:
    screen = want("screen", camera(1_000), weight=8)
    assert share(700 * KBIT, [screen, want("a")]) == [NOTHING, 1]
    assert share(1_200 * KBIT, [screen, want("a")]) == [0, 0]


def test_it_costs_as_much_as_it_has_lately() -> None:
    import dataclasses

    ladder = tuple(dataclasses.replace(step, peak=step.bitrate * 2) for step in USUAL)
    assert share(1_000 * KBIT, [want("a", ladder)]) == [1]
    assert share(900 * KBIT, [want("a", ladder)], lambda step: step.peak) == [0]


@given(viewers(), BUDGETS)
def test_what_is_spare_takes_nothing_from_anybody(wants: list[Want], budget: float) -> None:
    spare = Want("spare", (PeerId("s"), "camera"), USUAL, 16.0, spare=True)
    *levels, its = share(budget, [*wants, spare])
    assert levels == share(budget, wants)
    if its != NOTHING:
        assert levels == [len(each.ladder) - 1 for each in wants]
        assert cost([*wants, spare], [*levels, its]) <= budget * 1.000001
