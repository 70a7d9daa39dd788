"""Share a number of bits/s among slots. Pure, and the same for the same input.

First every slot gets its lowest step, the weightiest first; one that does not fit is left out.
Then steps are taken in an order that does not depend on the budget, by what they cost
over the slot's weight, until one does not fit. So more bits are never worse for anybody,
except that somebody weightier who had been left out comes before the others' upgrades.
What is spare comes after all that, and only when nobody else has to do with less than the best.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from trio_sfu.rooms.allocation.ladder import Step
from trio_sfu.rooms.allocation.wants import Want

Price: TypeAlias = Callable[[Step], float]
"""What a step is reckoned to cost in bits/s; never less than the step below it."""

NOTHING: Final = -1
"""The level of a slot that gets nothing; 0 is the lowest step of its ladder."""


def as_a_rule(step: Step) -> float:
    """Price a step at what it costs as a rule."""
    return step.bitrate


def share(budget: float, wants: Sequence[Want], price: Price = as_a_rule) -> list[int]:
    """Return the level of each of ``wants``, all together within ``budget`` bits/s."""
    costs = [[price(step) for step in want.ladder] for want in wants]
    levels = [NOTHING] * len(wants)
    needed = [number for number, want in enumerate(wants) if not want.spare]
    left = _share(budget, needed, wants, costs, levels)
    if all(levels[number] == len(costs[number]) - 1 for number in needed):
        spare = [number for number, want in enumerate(wants) if want.spare]
        _share(left, spare, wants, costs, levels)
    return levels


def _share(
    left: float,
    numbers: Sequence[int],
    wants: Sequence[Want],
    costs: Sequence[Sequence[float]],
    levels: list[int],
) -> float:
    """Set the ``levels`` of some of ``wants``; return what is left of the bits/s."""
    for number in sorted(numbers, key=lambda each: -wants[each].weight):
        if costs[number][0] <= left:
            left -= costs[number][0]
            levels[number] = 0
    steps = sorted(
        (cost / wants[number].weight, -wants[number].weight, number, level)
        for number in numbers
        if levels[number] == 0
        for level, cost in enumerate(costs[number][1:], 1)
    )
    for _, _, number, level in steps:
        more = costs[number][level] - costs[number][level - 1]
        if more > left:
            break
        left -= more
        levels[number] = level
    return left
