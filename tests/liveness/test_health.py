"""What ``/healthz`` says of what is measured."""

import pytest

from trio_sfu.liveness.health import Health, judge
from trio_sfu.liveness.self_test import SelfTestRecord, SelfTestResult

PASSED = SelfTestResult(outcome="passed", seconds=0.3)
FAILED = SelfTestResult(outcome="failed", seconds=10, code="self-test-media", message="no media")
SKIPPED = SelfTestResult(outcome="skipped", seconds=0.1, code="too-many-transports")


def verdict(
    *,
    now: float = 100,
    lag: float = 0,
    workers: tuple[float, ...] = (0.1, 0.2),
    record: SelfTestRecord | None = None,
    services: tuple[tuple[str, str], ...] = (),
) -> Health:
    return judge(
        now=now,
        loop_lag=lag,
        workers=workers,
        stuck_after=2,
        self_test=record or SelfTestRecord(60),
        services=services,
    )


def said(health: Health) -> list[str]:
    return [f"{each.what} {each.message}" for each in health.failing]


def test_when_all_gets_on() -> None:
    health = verdict()
    assert (health.ok, health.status, health.failing, health.degraded) == (True, "ok", [], [])


def test_a_stuck_worker_is_named() -> None:
    health = verdict(workers=(0.1, 0.2, 4.25))
    assert not health.ok
    assert said(health) == ["engine worker 2 has stood still for 4.2 s"]


def test_a_late_loop_is_named() -> None:
    assert said(verdict(lag=3.1)) == ["event loop was 3.1 s late within the last 5 s"]


def test_an_optional_service_only_degrades() -> None:
    health = verdict(services=(("webhooks", "failed"),))
    assert (health.ok, health.status) == (True, "degraded")
    assert [each.what for each in health.degraded] == ["service webhooks"]


def test_a_self_test_that_fails_is_repeated_before_it_counts() -> None:
    record = SelfTestRecord(60)
    record.note(PASSED, 10)
    assert record.wait() == 60
    record.note(FAILED, 70)
    assert record.wait() == 2
    health = verdict(now=71, record=record)
    assert (health.ok, health.status) == (True, "degraded")
    assert "failed 1 s ago and is repeated" in health.degraded[0].message
    record.note(FAILED, 72)
    health = verdict(now=100, record=record)
    assert said(health) == ["self-test has been failing for 30 s: no media (self-test-media)"]
    assert record.wait() == 15, "while it fails it is looked at more often"
    record.note(PASSED, 101)
    assert verdict(now=102, record=record).status == "ok"
    assert record.wait() == 60


def test_a_skipped_self_test_changes_nothing() -> None:
    record = SelfTestRecord(60)
    record.note(SKIPPED, 10)
    assert verdict(record=record).status == "ok"
    record.note(FAILED, 20)
    record.note(SKIPPED, 30)
    record.note(FAILED, 40)
    assert not verdict(record=record).ok


def test_a_self_test_that_does_not_end_is_told() -> None:
    record = SelfTestRecord(60)
    record.note(PASSED, 10)
    assert verdict(now=129, record=record).status == "ok"
    health = verdict(now=140, record=record)
    assert (health.ok, health.status) == (True, "degraded")
    assert health.degraded[0].message == "has not ended for 130 s"


@pytest.mark.parametrize("now", [0, 1e6])
def test_without_self_tests_there_is_nothing_to_be_overdue(now: float) -> None:
    record = SelfTestRecord(0)
    assert record.wait() == float("inf")
    assert verdict(now=now, record=record).status == "ok"
