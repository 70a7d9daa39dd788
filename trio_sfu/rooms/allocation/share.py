"""Share a number of bits/s among slots. Pure, and the same for the same input.

First every slot gets its lowest step, the weightiest first; one that does not fit is left out.
Then steps are taken in an order that does not depend on the budget, by what they cost
over the slot's weight, until one does not fit. So more bits are never worse for anybody,
except that somebody weightier who had been left out comes before the others' upgrades.
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
    left = budget
    for number in sorted(range(len(wants)), key=lambda each: -wants[each].weight):
        if costs[number][0] <= left:
            left -= costs[number][0]
            levels[number] = 0
    steps = sorted(
        (cost / wants[number].weight, -wants[number].weight, number, level)
        for number, ladder in enumerate(costs)
        if levels[number] == 0
        for level, cost in enumerate(ladder[1:], 1)
    )
    for _, _, number, level in steps:
        more = costs[number][level] - costs[number][level - 1]
        if more > left:
            break
        left -= more
        levels[number] = level
    return levels
