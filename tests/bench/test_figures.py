"""From counts to figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.bench.figures import (
    Count,
    FloorCount,
    Round,
    Spread,
    as_counted,
    figures,
    percentile,
    spread,
    spreads,
    user_share,
)
from trio_sfu.bench.joining import joined
from trio_sfu.trial.joining import Joins

COUNT = Count(
    seconds=2.0,
    published=100,
    forwarded=1_000,
    arrived=990,
    nanos=3_000_000,
    user_ticks=3,
    system_ticks=1,
    switches=50,
    datagrams=1_200,
    runs=300,
    calls=20,
    syscalls=70,
)
FLOOR = FloorCount(packets=500, kernel_nanos=500_000, crypto_ns=200.0, arrived=1.0)


def found(latencies: list[int] | None = None) -> Round:
    got = figures(COUNT, FLOOR, latencies or [], expected=1_000, user=user_share([COUNT]))
    assert got is not None
    return got


def test_each_figure_is_of_what_it_says() -> None:
    got = found(list(range(1_000_000, 0, -1_000)))
    assert got.packets_a_second == 495
    assert (got.cpu_ns, got.user_ns, got.system_ns) == (3_000, 2_250, 750)
    assert (got.floor_kernel_ns, got.floor_crypto_ns, got.floor_ns) == (1_000, 200, 1_200)
    assert got.times_floor == 2.5
    assert (got.packets_a_run, got.packets_a_call) == (4, 60)
    assert got.lost == pytest.approx(0.01)
    assert (got.switches_a_packet, got.syscalls_a_packet) == (0.05, 0.07)
    assert (got.latency_p50_ms, got.latency_p99_ms, got.latency_p999_ms) == (0.5, 0.99, 0.999)
    assert got.latencies == 1_000


def test_nothing_is_told_of_nothing() -> None:
    assert found([]).latency_p50_ms is None
    assert found([7] * 100).latency_p99_ms == 7e-6
    assert found([7] * 100).latency_p999_ms is None, "a hundred do not tell of one in a thousand"
    still = as_counted(COUNT, COUNT, 1.0)
    assert figures(still, FLOOR, [], expected=0, user=None) is None
    assert user_share([still, still]) is None
    without = figures(COUNT, FLOOR, [], expected=1_000, user=None)
    assert without is not None
    assert (without.user_ns, without.system_ns) == (None, None)


def test_the_share_of_user_time_is_that_of_all_rounds_together() -> None:
    assert user_share([COUNT, COUNT]) == 0.75
    assert user_share([]) is None


def test_what_was_counted_between_two_looks() -> None:
    later = Count(
        published=110,
        forwarded=1_100,
        arrived=1_090,
        nanos=4_000_000,
        user_ticks=4,
        system_ticks=3,
        switches=51,
        datagrams=1_300,
        runs=310,
        calls=21,
        syscalls=73,
    )
    between = as_counted(COUNT, later, 0.5)
    assert (between.seconds, between.published, between.arrived) == (0.5, 10, 100)
    assert (between.nanos, between.user_ticks, between.system_ticks) == (1_000_000, 1, 2)
    assert (between.switches, between.datagrams, between.runs) == (1, 100, 10)
    assert (between.calls, between.syscalls) == (1, 3)


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_a_median_lies_between_lowest_and_highest(values: list[float]) -> None:
    got = spread(values)
    assert got is not None
    assert got.lowest <= got.median <= got.highest
    assert {got.lowest, got.highest} <= set(values)


def test_a_spread_is_of_all_rounds_or_of_none() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert spread([3.0, None, 1.0, 2.0]) is None
    assert spread([None]) is None
    assert spread([]) is None


@given(st.lists(st.integers(0, 10**9), min_size=1).map(sorted), st.floats(0.01, 0.999))
def test_a_percentile_is_not_exceeded_by_its_share(ordered: list[int], share: float) -> None:
    got = percentile(ordered, share)
    if got is None:
        assert share * len(ordered) > len(ordered) - 1
        return
    assert sum(each / 1e6 <= got for each in ordered) >= share * len(ordered)
    assert sum(each / 1e6 < got for each in ordered) < share * len(ordered)


def test_there_is_a_spread_of_each_figure() -> None:
    told = spreads([found(), found()])
    assert told.keys() == set(Round.__struct_fields__)
    assert told["times_floor"] == Spread(2.5, 2.5, 2.5)
    assert told["latency_p50_ms"] is None


def test_joins_a_second_are_what_one_core_has_time_for() -> None:
    got = joined([Joins(4, 40_000_000, 2.0), Joins(2, 40_000_000, 1.0), Joins(2, 10_000_000, 4.0)])
    assert got.joins == 8
    assert got.join_ns == Spread(10e6, 5e6, 20e6)
    assert got.joins_a_second == Spread(100, 50, 200)
    assert got.seen_a_second == Spread(2, 0.5, 2)
