"""``/healthz`` and what ``/metrics`` says of the same."""

from pathlib import Path

from tests.http.asking import Answer, Observed, ask
from trio_sfu.http.app import make_app
from trio_sfu.http.page import Page
from trio_sfu.liveness.self_test import SelfTestResult

NO_MEDIA = SelfTestResult(outcome="failed", seconds=10, code="self-test-media", message="no media")


async def asked(daemon: Observed, path: str = "/healthz") -> Answer:
    return await ask(make_app(daemon, Page(Path("/none"))), path)


async def test_a_daemon_that_gets_on_says_so() -> None:
    answer = await asked(Observed())
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["status"] == "ok"
    assert (told["loop_lag"], told["workers"]) == (0.004, [0.1])


async def test_a_stuck_worker_is_503_and_named() -> None:
    answer = await asked(Observed(workers=[0.1, 3.0]))
    assert answer.status == 503
    told = answer.json()
    assert told["status"] == "failing"
    assert told["failing"] == [{"what": "engine worker 1", "message": "has stood still for 3.0 s"}]


async def test_media_that_does_not_come_through_is_503() -> None:
    daemon = Observed()
    daemon.self_test.note(NO_MEDIA, 10)
    answer = await asked(daemon)
    assert (answer.status, answer.json()["status"]) == (200, "degraded")
    daemon.self_test.note(NO_MEDIA, 20)
    answer = await asked(daemon)
    assert answer.status == 503
    assert answer.json()["failing"][0]["what"] == "self-test"
    assert answer.json()["self_test"]["code"] == "self-test-media"


async def test_metrics_say_the_same() -> None:
    daemon = Observed(workers=[0.1, 3.0])
    daemon.self_test.note(NO_MEDIA, 10)
    lines = (await asked(daemon, "/metrics")).body.decode().splitlines()
    for line in (
        "trio_sfu_healthy 0.0",
        "trio_sfu_loop_lag_recent_seconds 0.004",
        'trio_sfu_loop_lag_seconds_bucket{le="0.25"} 0.0',
        'trio_sfu_loop_lag_seconds_bucket{le="0.5"} 1.0',
        'trio_sfu_engine_worker_idle_seconds{worker="1"} 3.0',
        "trio_sfu_self_test_passed 0.0",
        "trio_sfu_self_test_last_seconds 10.0",
        "trio_sfu_self_test_age_seconds 90.0",
        "trio_sfu_self_test_failures_total 0.0",
        "trio_sfu_loop_stalls_total 0.0",
    ):
        assert line in lines
