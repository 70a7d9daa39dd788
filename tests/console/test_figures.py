"""What two readings of ``/metrics`` tell: rates, shares, times, and what begins anew."""

from math import inf

import pytest

from trio_sfu.console.figures import Figures, History
from trio_sfu.console.lines import line_of
from trio_sfu.console.scrape import Between, Scrape
from trio_sfu.console.screen import draw
from trio_sfu.console.units import bits, share, short, span


def scrape(at: float, **more: float) -> Scrape:
    values = {
        "process_start_time_seconds": 1_000.0,
        "trio_sfu_healthy": 1.0,
        "trio_sfu_ready": 1.0,
        "trio_sfu_rooms": 2.0,
        **more,
    }
    lines = [f"{name} {value}" for name, value in values.items()]
    return Scrape.of(at, "\n".join(lines) + "\n")


def text(at: float, *lines: str) -> Scrape:
    return Scrape.of(at, "".join(f"{line}\n" for line in lines))


def figures(before: Scrape, now: Scrape) -> Figures:
    history = History()
    assert history.add(before) is None
    told = history.add(now)
    assert told is not None
    return told


def test_rates_are_of_the_time_between_two_readings() -> None:
    told = figures(
        text(
            100,
            'trio_sfu_joins_total{outcome="joined"} 10',
            'trio_sfu_joins_total{outcome="room-full"} 1',
            "trio_sfu_engine_bytes_sent_total 1000",
            'trio_sfu_engine_drops_total{reason="auth"} 5',
            'trio_sfu_engine_drops_total{reason="layer_limited"} 5',
            'trio_sfu_thread_cpu_seconds_total{thread="loop"} 1',
            'trio_sfu_thread_cpu_seconds_total{thread="worker-0"} 1',
            'trio_sfu_peers_left_total{reason="left"} 0',
            'trio_sfu_peers_left_total{reason="timeout"} 0',
        ),
        text(
            102,
            'trio_sfu_joins_total{outcome="joined"} 14',
            'trio_sfu_joins_total{outcome="room-full"} 2',
            'trio_sfu_joins_total{outcome="server-busy"} 2',
            "trio_sfu_engine_bytes_sent_total 251000",
            'trio_sfu_engine_drops_total{reason="auth"} 9',
            'trio_sfu_engine_drops_total{reason="layer_limited"} 500',
            'trio_sfu_thread_cpu_seconds_total{thread="loop"} 1.5',
            'trio_sfu_thread_cpu_seconds_total{thread="worker-0"} 2',
            'trio_sfu_peers_left_total{reason="left"} 4',
            'trio_sfu_peers_left_total{reason="timeout"} 2',
            'trio_sfu_strain{resource="loop"} 0.2',
            'trio_sfu_strain{resource="memory"} 0.7',
        ),
    )
    assert (told.joins, told.refused) == (2, 1.5)
    assert (told.left, told.lost) == (3, 1)
    assert told.bits_out == 1_000_000
    assert told.drops == 2
    assert (told.cpu_loop, told.cpu_worker) == (0.25, 0.5)
    assert told.strain == ("memory", 0.7)


def test_a_counter_that_has_fallen_began_anew() -> None:
    between = Between(text(0, "trio_sfu_x_total 100"), text(10, "trio_sfu_x_total 20"))
    assert between.rate("trio_sfu_x_total") == 2


def test_another_daemon_is_not_compared_with_the_one_before() -> None:
    history = History()
    assert history.add(scrape(100)) is None
    assert history.add(scrape(102)) is not None
    assert history.add(scrape(104, process_start_time_seconds=1_003)) is None
    told = history.add(scrape(106, process_start_time_seconds=1_003))
    assert told is not None


def test_quantiles_are_of_what_has_come_since() -> None:
    def buckets(at: float, *counts: int) -> Scrape:
        bounds = ("0.001", "0.01", "+Inf")
        return text(
            at, *(f'x_bucket{{le="{le}"}} {n}' for le, n in zip(bounds, counts, strict=True))
        )

    between = Between(buckets(0, 1_000, 1_000, 1_000), buckets(1, 1_090, 1_099, 1_100))
    assert between.quantile("x", 0.5) == 0.001
    assert between.quantile("x", 0.99) == 0.01
    assert between.quantile("x", 0.999) == inf
    assert Between(buckets(0, 1, 1, 1), buckets(1, 1, 1, 1)).quantile("x", 0.5) is None
    assert between.quantile("y", 0.5) is None


def test_loss_is_told_of_the_last_half_minute() -> None:
    history = History()
    name = "trio_sfu_viewer_loss_ratio"

    def seen(at: float, total: float, count: float) -> Figures | None:
        return history.add(scrape(at, **{f"{name}_sum": total, f"{name}_count": count}))

    seen(0, 100, 100)
    seen(1, 100, 100)
    told = seen(11, 100.5, 110)
    assert told is not None
    assert told.loss == pytest.approx(0.05)
    for at in range(12, 40):
        told = seen(at, 100.5, 110)
    assert told is not None
    assert told.loss == pytest.approx(0.05)
    for at in range(40, 80):
        told = seen(at, 100.5, 110)
    assert told is not None
    assert told.loss is None


def test_a_line_has_what_is_measured() -> None:
    line = line_of(1_700_000_000, figures(scrape(100), scrape(102)))
    assert line.startswith("2023-11-14T22:13:20Z healthy=1 ready=1 draining=0 overload=0 rooms=2 ")
    assert "loss=" not in line
    assert " bits_out=0 " in line


def test_a_screen_says_what_is_wrong() -> None:
    from io import StringIO

    from rich.console import Console

    told = figures(
        scrape(100),
        scrape(102, trio_sfu_healthy=0, trio_sfu_overload_level=2, trio_sfu_draining=1),
    )
    console = Console(file=StringIO(), width=100)
    console.print(draw("http://here", told, None, "no rooms: the token is needed"))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    for word in ("stuck", "overloaded: video medium", "draining", "the token is needed"):
        assert word in said, said


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (short(0), "0"),
        (short(0.25), "0.2"),
        (short(950), "950"),
        (short(12_345), "12.3k"),
        (bits(2_500_000), "2.5Mbit/s"),
        (bits(inf), ">50Mbit/s"),
        (bits(None), "-"),
        (share(0.0123), "1.2%"),
        (span(0.0003), "0.3ms"),
        (span(1.5), "1.5s"),
        (span(inf), ">100ms"),
    ],
)
def test_numbers_are_short(said: str, wanted: str) -> None:
    assert said == wanted
