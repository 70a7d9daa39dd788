"""The load generator: that it works, never how fast anything is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.load import report, sdp
from benchmarks.load.generator import Window
from benchmarks.load.results import Seen, summarize
from benchmarks.load.workloads import ALL

pytestmark = pytest.mark.alone

NATIVE = Path(__file__).parents[2] / "native"
SHORT = ["--rounds", "1", "--seconds", "0.5", "--warm-up", "0.2", "--first-warm-up", "1.5"]

needs_janus = pytest.mark.skipif(
    shutil.which("janus") is None or os.geteuid() != 0,
    reason="needs Janus (apt-get install janus), and root for a network namespace",
)


def run(tmp_path: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run the benchmark as a developer does, with a generator that is quick to build."""
    file = tmp_path / "load.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.load", "--debug", *SHORT, "--json", file, *arguments],
        check=True,
        timeout=300,
    )
    results: list[dict[str, Any]] = json.loads(file.read_text())["results"]
    return results


def is_whole(result: dict[str, Any]) -> None:
    """What arrived is what was published, and the forwarder's CPU time is known."""
    assert result["packets_per_second"]["median"] > 100
    assert result["checked"] > 20
    assert result["wrong"] == 0
    assert result["cpu_ns_per_packet"]["median"] > 0
    assert 0 < result["latency_ns"]["p50"]["median"] < 2e9


def test_a_lecture_goes_through_the_daemon_and_the_floor(tmp_path: Path) -> None:
    how = ["paced-20k", "--size", "3", "--forwarders", "floor,trio-sfu"]
    floor, ours = run(tmp_path, *how, "--plots", str(tmp_path / "plots"))
    assert (floor["forwarder"], ours["forwarder"]) == ("floor", "trio-sfu")
    for result in (floor, ours):
        is_whole(result)
    assert ours["times_floor"] is not None
    assert ours["memory_kib_per_subscriber"] > 0
    assert "trio-sfu" in (tmp_path / "plots" / "cost.svg").read_text()


def test_everybody_in_a_meeting_gets_everybody(tmp_path: Path) -> None:
    (ours,) = run(tmp_path, "meeting", "--size", "3", "--profile", "cm", "--forwarders", "trio-sfu")
    is_whole(ours)


def changes_layers(result: dict[str, Any]) -> None:
    """Who wanted another encoding got it, from a keyframe on, and each of its packets."""
    is_whole(result)
    assert result["wishes"] > 2
    assert result["changed"] > 0
    assert (result["unclean"], result["missing"], result["lost"]) == (0, 0, 0)
    assert result["change_ns"]["p50"] > 0


LAYERS = ["layers", "--size", "3", "--seconds", "4"]


def test_viewers_change_between_the_layers_of_a_camera(tmp_path: Path) -> None:
    floor, ours = run(tmp_path, *LAYERS, "--forwarders", "floor,trio-sfu")
    is_whole(floor)
    assert floor["wishes"] == 0
    changes_layers(ours)


@needs_janus
def test_the_same_client_loads_janus(tmp_path: Path) -> None:
    how = ["paced-20k", "--size", "2", "--forwarders", "janus"]
    is_whole(run(tmp_path, *how)[0])


@needs_janus
def test_viewers_of_janus_change_layers_as_well(tmp_path: Path) -> None:
    changes_layers(run(tmp_path, *LAYERS, "--forwarders", "janus")[0])


def window(group: str, number: int, cpu_ns: int) -> Window:
    """Return a window of 1,000 packets."""
    values: dict[str, object] = dict.fromkeys(Window.__struct_fields__, 0)
    values |= {"group": group, "round": number, "seconds": 1.0, "peers": 11, "received": 1_000}
    values |= {"cpu_ns": cpu_ns, "latency_ns": [(0.5, 10), (0.99, 20), (0.999, 30)]}
    values |= {"change_ns": [3_000_000 * number]}
    return msgspec.convert(values, Window)


def test_a_ratio_is_of_one_round_and_what_is_told_is_the_median() -> None:
    windows = [
        *(window("floor", n, cost) for n, cost in enumerate((1_000_000, 2_000_000, 9_000_000))),
        *(window("sfu", n, cost) for n, cost in enumerate((2_000_000, 3_000_000, 9_000_000))),
    ]
    seen = {name: Seen(10, {}) for name in ("floor", "sfu")}
    _, sfu = summarize("paced", "AEAD_AES_128_GCM", windows, seen)
    assert sfu.times_floor is not None
    assert (sfu.times_floor.median, sfu.times_floor.low, sfu.times_floor.high) == (1.5, 1.0, 2.0)
    assert "1.50 (1.00 to 2.00)" in report.table([sfu])


def test_changes_of_layers_are_told_of_all_rounds_together() -> None:
    windows = [window("sfu", number, 1_000) for number in range(3)]
    nobody = summarize("paced", "AEAD_AES_128_GCM", windows, {"sfu": Seen(10, {})})
    assert report.change_table(nobody) == ""
    windows = [msgspec.structs.replace(each, wishes=2, unmet=1) for each in windows]
    (sfu,) = summarize("layers", "AEAD_AES_128_GCM", windows, {"sfu": Seen(10, {})})
    assert (sfu.wishes, sfu.unmet, sfu.changed) == (6, 3, 3)
    assert "| 6 | 3 | 3 | 0 | 3 | 6 | 6 |" in report.change_table([sfu])


@pytest.mark.parametrize("name", ["meeting-4", "meeting-25", "rooms"])
def test_as_many_are_seen_as_there_are_slots(name: str) -> None:
    workload = ALL[name]
    places = range(workload.people)
    others = {viewer: [place for place in places if place != viewer] for viewer in places}
    seen = [place for viewer in places for place in others[viewer][: workload.seen]]
    assert [workload.fanout(place) for place in places] == [seen.count(place) for place in places]


def test_an_offer_of_several_encodings_names_them_and_no_ssrc() -> None:
    local = sdp.Local("ufrag", "password", "AB:CD", "127.0.0.1", 4_000)
    line = sdp.Line("0", "video", "sendonly", 7, rids=("q", "h", "f"))
    offer = sdp.write_offer(local, [line], transport_cc=True)
    assert "a=simulcast:send q;h;f\r\n" in offer
    assert offer.count("a=rid:") == 3
    assert "a=ssrc" not in offer
    assert sdp.parse(offer).extension(sdp.RID_URI) == sdp.RID_ID


def test_an_offer_says_what_it_sends_and_an_answer_takes_it() -> None:
    local = sdp.Local("ufrag", "password", "AB:CD", "127.0.0.1", 4_000)
    lines = [sdp.Line("0", "audio", "sendonly", 7), sdp.Line("1", "video", "sendonly", 8)]
    offer = sdp.parse(sdp.write_offer(local, lines, transport_cc=True))
    assert offer.payload_types() == [sdp.VP8, sdp.OPUS]
    assert offer.extension(sdp.TRANSPORT_CC_URI) == sdp.TRANSPORT_CC_ID
    answer = sdp.write_answer(local, offer)
    assert answer.count("a=recvonly") == 2
    assert "a=setup:active" in answer
    assert sdp.parse(answer).setup == "active"
    with pytest.raises(ValueError, match="no candidate"):
        sdp.parse(answer, "198.18.0.1")
