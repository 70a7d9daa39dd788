"""The bursts of joins: that they work, never how fast anything is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.join.burst import Turn, summary, table

pytestmark = pytest.mark.alone

SHORT = ["--call", "0", "--rate", "10", "--seconds", "1", "--rounds", "1", "--people", "3"]


@pytest.mark.parametrize("way", [["whep"], ["socket"], ["socket", "--publish"]])
def test_those_who_come_are_counted_and_nobody_fails(tmp_path: Path, way: list[str]) -> None:
    file = tmp_path / "turns.json"
    command = [sys.executable, "-m", "benchmarks.join.burst", *SHORT, "--way", *way]
    subprocess.run([*command, "--json", file], check=True, timeout=120)
    quiet, busy = json.loads(file.read_text())
    assert (quiet["joining"], busy["joining"]) == (False, True)
    assert quiet["joins"] == 0
    assert busy["joins"] >= 5
    assert busy["failed"] == []
    assert busy["loop_ns"] > quiet["loop_ns"]


def test_of_a_join_is_counted_what_is_not_there_without_one() -> None:
    latency = {"p50": 1_000_000, "p99": 2_000_000}
    turns = [
        Turn(joining=False, seconds=2.0, loop_ns=2_000_000, latency_ns=latency),
        Turn(joining=True, seconds=2.0, loop_ns=8_000_000, joins=3, latency_ns=latency),
    ]
    found = summary(turns)
    assert found["event loop, ms a join"] == 2.0
    assert found["joins a second"] == 1.5
    assert found["latency p99, ms, many come"] == 2.0
    assert "event loop, ms a join" in table(found)
