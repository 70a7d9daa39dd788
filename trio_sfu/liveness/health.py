"""The verdict of ``/healthz``: what is stuck, and what merely limps. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from trio_sfu.liveness.self_test import SelfTestRecord, SelfTestResult

_JUST_NOW: Final = 5.0


class Trouble(Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be: ``what`` it is, and how."""

    what: str
    message: str


class Health(Struct, frozen=True, kw_only=True):
    """How the daemon is. Times are seconds.

    ``failing``: media or the daemon itself does not get on. ``degraded``: something is
    missing that calls do without. ``workers`` says how long each has stood still.
    """

    status: Literal["ok", "degraded", "failing"]
    failing: Sequence[Trouble]
    degraded: Sequence[Trouble]
    loop_lag: float
    workers: Sequence[float]
    self_test: SelfTestResult | None
    self_test_age: float | None

    @property
    def ok(self) -> bool:
        """Whether calls can be had."""
        return not self.failing


def judge(
    *,
    now: float,
    loop_lag: float,
    workers: Sequence[float],
    stuck_after: float,
    self_test: SelfTestRecord,
    services: Iterable[tuple[str, str]] = (),
    others: Iterable[Trouble] = (),
) -> Health:
    """Return the verdict; ``services`` are those that do not work, with their state.

    ``others`` are what else is missing.
    """
    failing = [
        Trouble(what=f"engine worker {number}", message=f"has stood still for {idle:.1f} s")
        for number, idle in enumerate(workers)
        if idle > stuck_after
    ]
    if loop_lag > stuck_after:
        message = f"was {loop_lag:.1f} s late within the last {_JUST_NOW:g} s"
        failing.append(Trouble(what="event loop", message=message))
    degraded = [Trouble(what=f"service {name}", message=state) for name, state in services]
    degraded.extend(others)
    (failing if self_test.failing else degraded).extend(_of_self_test(self_test, now))
    return Health(
        status="failing" if failing else "degraded" if degraded else "ok",
        failing=failing,
        degraded=degraded,
        loop_lag=round(loop_lag, 4),
        workers=[round(idle, 3) for idle in workers],
        self_test=self_test.last,
        self_test_age=None if self_test.last_at is None else round(now - self_test.last_at, 1),
    )


def _of_self_test(record: SelfTestRecord, now: float) -> Iterable[Trouble]:
    overdue = record.overdue(now)
    if overdue is not None:
        yield Trouble(what="self-test", message=f"has not ended for {overdue:.0f} s")
    if record.failing_since is None or record.last is None:
        return
    since = now - record.failing_since
    how = f"failed {since:.0f} s ago and is repeated"
    if record.failing:
        how = f"has been failing for {since:.0f} s"
    yield Trouble(what="self-test", message=f"{how}: {record.last.message} ({record.last.code})")
