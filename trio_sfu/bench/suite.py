"""All workloads that were asked for, one after the other."""

from collections.abc import Callable

from trio_sfu.bench.clock import clock
from trio_sfu.bench.doubts import NOTES, doubts
from trio_sfu.bench.joining import measure_joining
from trio_sfu.bench.results import Report
from trio_sfu.bench.running import Plan, measure
from trio_sfu.bench.workloads import JOINS, PROFILES, chosen, load
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.host import look


def measure_all(
    names: tuple[str, ...],
    profiles: tuple[str, ...],
    *,
    subscribers: int,
    plan: Plan,
    tell: Callable[[str], None],
) -> Report:
    """Measure the workloads of these names with each profile; no names: all. Raises TrialError.

    ``tell`` is told what is measured, when it begins. Opens UDP ports on
    loopback that nobody else has, and leaves nothing behind.
    """
    host, found_clock = look(), clock()
    workloads = []
    for each in chosen(names):
        for profile in dict.fromkeys(profiles):
            tell(f"{each.name} ({profile}): {each.about}")
            try:
                workloads.append(measure(load(each, subscribers), PROFILES[profile], plan))
            except OSError as error:  # Of descriptors, most likely, there is none left.
                raise TrialError(f"the system says no: {error}", code="trial-failed") from None
    joins = None
    if not names or JOINS in names:
        tell(JOINS)
        joins = measure_joining(plan)
    return Report(
        host=host,
        clock=found_clock,
        seconds=plan.seconds,
        rounds=plan.rounds,
        workloads=workloads,
        joins=joins,
        warnings=doubts(host, found_clock, workloads),
        notes=NOTES,
    )
