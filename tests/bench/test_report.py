"""What is said of what was found."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from trio_sfu.bench.doubts import NOTES, doubts
from trio_sfu.bench.figures import Round, Spread, spreads
from trio_sfu.bench.report import as_json, as_text
from trio_sfu.bench.results import Clock, Joined, Measured, Report
from trio_sfu.trial.client import CM, GCM
from trio_sfu.trial.host import Host

HOST = Host(
    cores=8,
    load=0.5,
    memory_bytes=16 << 30,
    memory_free_bytes=12 << 30,
    link_mbit=1_000,
    link_name="eth0",
    descriptors=524_288,
)
CLOCK = Clock(source="tsc", governor=None)
ROUND = Round(
    packets_a_second=20_000.0,
    cpu_ns=1_500.0,
    user_ns=900.0,
    system_ns=600.0,
    floor_ns=1_000.0,
    floor_kernel_ns=800.0,
    floor_crypto_ns=200.0,
    times_floor=1.5,
    packets_a_run=2.0,
    packets_a_call=99.6,
    lost=0.0,
    latency_p50_ms=0.151,
    latency_p99_ms=0.8,
    latency_p999_ms=None,
    latencies=500,
    switches_a_packet=0.02,
    syscalls_a_packet=0.05,
)


def measured(*rounds: Round, **other: Any) -> Measured:
    found = rounds or (ROUND,)
    base = Measured(
        workload="video-paced-20k",
        about="bursts",
        profile=GCM,
        subscribers=50,
        packets_a_frame=2,
        packet_bytes=1_116,
        wanted_packets_a_second=20_000.0,
        memory_bytes=60 << 10,
        checked=500,
        stamped=True,
        gso=True,
        floor_arrived=1.0,
        figures=spreads(found),
        rounds=list(found),
    )
    return replace(base, **other)


def report(*workloads: Measured, joins: Joined | None = None) -> Report:
    those = list(workloads)
    return Report(
        host=HOST,
        clock=CLOCK,
        seconds=5.0,
        rounds=3,
        workloads=those,
        joins=joins,
        warnings=doubts(HOST, CLOCK, those),
        notes=NOTES,
    )


def test_the_columns_of_both_tables_are_aligned() -> None:
    high = replace(ROUND, cpu_ns=12_345.0, times_floor=12.34, packets_a_second=123_456.0)
    text = as_text(report(measured(), measured(high, profile=CM, workload="many-rooms")))
    lines = text.splitlines()
    [costs] = [n for n, line in enumerate(lines) if line.startswith("CPU ns a forwarded packet")]
    for name in ("packets/s", "engine", "user", "system", "floor", "kernel", "crypto", "x floor"):
        head, *rows = lines[costs : costs + 3]
        end = head.index(f" {name}") + len(name) + 1
        for row in rows:
            assert row[end - 1].isdigit(), (name, row)
            assert row[end : end + 1] in ("", " "), (name, row)
    assert "1,500 (1500-1500)" in lines[costs + 1]
    assert lines[costs + 1].endswith("1.50 (1.50-1.50)")
    ways = costs + 4
    heading = (
        "The way of a packet a run a call lost p50 ms p99 p99.9 switches syscalls KiB a subscriber"
    )
    assert lines[ways].split() == heading.split()
    cells = [
        "video-paced-20k",
        "gcm",
        "2.0",
        "99.6",
        "0.00%",
        "0.151",
        "0.80",
        "-",
        "0.020",
        "0.050",
        "60",
    ]
    assert lines[ways + 1].split() == cells


def test_joins_are_told() -> None:
    joins = Joined(
        joins=12,
        join_ns=Spread(10e6, 9e6, 12e6),
        joins_a_second=Spread(100.0, 83.3, 111.1),
        seen_a_second=Spread(5.0, 4.0, 6.0),
    )
    text = as_text(report(joins=joins))
    assert "12 joins:" in text
    assert "of the event loop, ms" in text
    assert "10.0 (9.0-12.0)" in text
    assert "CPU ns" not in text


def test_one_object_has_all_of_it() -> None:
    told = json.loads(as_json(report(measured())))
    assert told["workloads"][0]["figures"]["times_floor"] == {
        "median": 1.5,
        "lowest": 1.5,
        "highest": 1.5,
    }
    assert told["workloads"][0]["figures"]["latency_p999_ms"] is None
    assert told["workloads"][0]["rounds"][0]["cpu_ns"] == 1_500
    assert told["joins"] is None


def test_a_quiet_host_is_not_doubted() -> None:
    assert doubts(HOST, CLOCK, [measured()]) == []


@pytest.mark.parametrize(
    ("host", "clock", "found", "words"),
    [
        (replace(HOST, load=9.0), CLOCK, measured(), "the machine is busy"),
        (replace(HOST, cores=1), CLOCK, measured(), "one core"),
        (HOST, replace(CLOCK, source="hpet"), measured(), "slow to read"),
        (HOST, replace(CLOCK, governor="powersave"), measured(), "scaling_governor"),
        (HOST, CLOCK, measured(gso=False), "no UDP_SEGMENT"),
        (HOST, CLOCK, measured(stamped=False), "when clients looked"),
        (
            HOST,
            CLOCK,
            measured(wanted_packets_a_second=50_000.0),
            "20,000 packets/s came of 50,000",
        ),
        (HOST, CLOCK, measured(replace(ROUND, lost=0.2)), "20.0% were lost"),
        (HOST, CLOCK, measured(ROUND, replace(ROUND, cpu_ns=3_000.0)), "rounds differ"),
        (HOST, CLOCK, measured(floor_arrived=0.5), "50% of the floor"),
    ],
)
def test_each_doubt_has_a_line(host: Host, clock: Clock, found: Measured, words: str) -> None:
    [line] = doubts(host, clock, [found])
    assert words in line
