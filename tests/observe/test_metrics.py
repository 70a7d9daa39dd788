"""What ``/metrics`` has: every name is documented, described, and sane to Prometheus."""

import re
from typing import get_args

import pytest
from prometheus_client.core import Metric

from tests.http.asking import Observed, ask
from tools import metrics_page
from trio_sfu._native import SimulatedEngine
from trio_sfu.events import FACTS, JoinRefused, Journal, PeerLeft, TrackPublished
from trio_sfu.events.journal import LABELS, OTHER
from trio_sfu.http.app import make_app
from trio_sfu.http.engine_metrics import BOUNDS, COUNTERS, REASONS, of_engine
from trio_sfu.http.metrics import CENSUS
from trio_sfu.ids import RoomId
from trio_sfu.signaling.carried import LeaveReason, Source
from trio_sfu.signaling.codes import CODES

UNITS = ("seconds", "bytes", "ratio", "pixels", "bits_per_second", "info")


@pytest.fixture
async def metrics() -> list[Metric]:
    return await metrics_page.scraped()


async def test_the_page_lists_the_metrics_there_are(metrics: list[Metric]) -> None:
    text = metrics_page.PAGE.read_text()
    assert text == metrics_page.page(text, metrics_page.render(metrics)), (
        "run python -m tools.metrics_page"
    )


async def test_a_metric_that_is_not_on_the_page_would_be_noticed(metrics: list[Metric]) -> None:
    text = metrics_page.PAGE.read_text()
    fewer = [metric for metric in metrics if metric.name != "trio_sfu_rooms"]
    assert text != metrics_page.page(text, metrics_page.render(fewer))


async def test_names_are_as_prometheus_has_them(metrics: list[Metric]) -> None:
    assert len({metric.name for metric in metrics}) == len(metrics)
    for metric in metrics:
        assert re.fullmatch(r"(trio_sfu|process)(_[a-z0-9]+)+", metric.name), metric.name
        assert metric.documentation, metric.name
        if metric.type == "histogram":
            assert metric.name.endswith(UNITS), metric.name


async def test_nothing_is_a_series_for_each_room_or_peer(metrics: list[Metric]) -> None:
    labels = {label for metric in metrics for label in metrics_page.labels_of(metric)}
    bounded = {"action", "code", "outcome", "reason", "resource", "service", "source", "step"}
    assert labels <= bounded | {"thread", "worker", "version"}


async def test_every_number_of_engine_and_census_is_described(metrics: list[Metric]) -> None:
    engine = SimulatedEngine()
    latencies = {f"forward_latency_{name}" for name in (*BOUNDS, "ns")}
    counted = set(engine.counters()) - latencies
    assert {name for name in counted if not name.startswith("drop_")} <= set(COUNTERS)
    assert {name.removeprefix("drop_") for name in counted if name.startswith("drop_")} == set(
        REASONS
    )
    names = {metric.name for metric in metrics}
    assert {f"trio_sfu_engine_{name}" for name in COUNTERS} <= names
    assert {f"trio_sfu_{name}" for name in CENSUS} <= names
    assert set(engine.census()) <= set(CENSUS)


def test_the_latency_of_forwarding_is_a_histogram() -> None:
    counters = dict.fromkeys((f"forward_latency_{name}" for name in BOUNDS), 1)
    [latency] = [
        metric
        for metric in of_engine(counters | {"forward_latency_ns": 3_000_000})
        if metric.type == "histogram"
    ]
    told = {sample.labels.get("le", sample.name): sample.value for sample in latency.samples}
    assert told["0.0001"] == 1
    assert told["0.001"] == 4
    assert told["+Inf"] == told["trio_sfu_engine_forward_latency_seconds_count"] == len(BOUNDS)
    assert told["trio_sfu_engine_forward_latency_seconds_sum"] == 0.003


def test_what_may_come_is_there_before_it_has_come() -> None:
    assert set(JoinRefused.labels) <= set(CODES)
    assert PeerLeft.labels == get_args(LeaveReason)
    assert TrackPublished.labels == get_args(Source)
    for kind in FACTS:
        assert not kind.labels or kind.label


async def test_a_label_has_no_more_values_than_it_may_have() -> None:
    daemon = Observed()
    for number in range(10 * LABELS):
        daemon.journal.note(JoinRefused(RoomId("r"), f"code-{number}"))
    refused = daemon.journal.by_label(JoinRefused)
    assert len(refused) == LABELS + 1
    assert refused[OTHER] == 9 * LABELS
    assert daemon.journal.count(JoinRefused) == 10 * LABELS
    text = (await ask(make_app(daemon), "/metrics")).body.decode()
    assert f'trio_sfu_joins_total{{outcome="{OTHER}"}} {9 * LABELS:.1f}' in text


def test_counts_of_one_kind_are_not_anothers() -> None:
    journal = Journal()
    journal.note(JoinRefused(RoomId("r"), "room-full"))
    assert journal.by_label(PeerLeft) == {}
    assert journal.count(PeerLeft) == 0
