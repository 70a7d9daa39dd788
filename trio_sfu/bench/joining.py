"""The workload of joins."""

from trio_sfu.bench.figures import Spread, spread
from trio_sfu.bench.results import Joined
from trio_sfu.bench.running import Plan
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.joining import Joins, measure_joins


def measure_joining(plan: Plan) -> Joined:
    """Have people join, round by round. Raises TrialError."""
    return joined([measure_joins(plan.a_round) for _ in range(plan.rounds)])


def joined(rounds: list[Joins]) -> Joined:
    """Return the figures of the rounds."""
    return Joined(
        joins=sum(each.count for each in rounds),
        join_ns=_spread([each.each_ns for each in rounds]),
        joins_a_second=_spread([1e9 / each.each_ns for each in rounds]),
        seen_a_second=_spread([each.count / each.seconds for each in rounds]),
    )


def _spread(values: list[float]) -> Spread:
    found = spread(values)
    if found is None:
        raise TrialError("nobody has joined", code="trial-no-join")
    return found
