"""All workloads that were asked for, one after the other."""

from trio_sfu.bench.clock import clock
from trio_sfu.bench.doubts import NOTES, doubts
from trio_sfu.bench.joining import measure_joining
from trio_sfu.bench.results import Report
from trio_sfu.bench.running import Plan, measure
from trio_sfu.bench.workloads import JOINS, PROFILES, chosen, load
from trio_sfu.trial.host import look


def measure_all(
    names: tuple[str, ...], profiles: tuple[str, ...], *, subscribers: int, plan: Plan
) -> Report:
    """Measure the workloads of these names with each profile; no names: all. Raises TrialError.

    Opens UDP ports on loopback that nobody else has, and leaves nothing behind.
    """
    host, found_clock = look(), clock()
    workloads = [
        measure(load(each, subscribers), PROFILES[profile], plan)
        for each in chosen(names)
        for profile in dict.fromkeys(profiles)
    ]
    joins = measure_joining(plan) if not names or JOINS in names else None
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
