"""``trio-sfu size`` as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.process.patience import eventually

SIZE = [str(Path(sys.executable).with_name("trio-sfu")), "size"]
SHORT = ["--seconds", "1", "--subscribers", "5"]
NO_SETTINGS = {"TRIO_SFU_CONFIG": ""}


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, text=True, capture_output=True, timeout=60, env=os.environ | NO_SETTINGS
    )


def test_one_object_for_programs() -> None:
    ran = run(*SIZE, *SHORT, "--headroom", "50", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    told: dict[str, Any] = json.loads(ran.stdout)
    assert set(told) == {
        "host",
        "measured",
        "headroom",
        "prediction",
        "warnings",
        "assumptions",
    }
    measured, prediction = told["measured"], told["prediction"]
    assert measured["subscribers"] == 5
    assert measured["checked"] >= 5, "some packets were decrypted and compared"
    assert measured["arrived"] > 0.5
    assert told["headroom"] == prediction["share"] == 0.5
    assert 0 < prediction["streams_a_core"] <= prediction["streams_all_cores"]
    assert [each["unit"] for each in prediction["rooms"]] == ["viewers", "rooms", "rooms", "rooms"]
    for room in prediction["rooms"]:
        assert room["limits"][room["first"]] == room["count"]


def test_lines_for_people() -> None:
    ran = run(*SIZE, *SHORT, "--rooms-max-peers", "2")
    assert (ran.returncode, ran.stderr) == (0, "")
    [lecture] = [line for line in ran.stdout.splitlines() if "a lecture" in line]
    assert "1 viewers" in lecture
    assert lecture.endswith("rooms.max_peers")
    assert "[overload]" in ran.stdout
    load = float(ran.stdout.partition("load average ")[2].split()[0].rstrip(","))
    busy = load > len(os.sched_getaffinity(0))
    assert ("the machine is busy: figures are too high" in ran.stdout) == busy


WORKER = "sfu-worker-0"
JOINING = "from trio_sfu.trial.joining import measure_joins; measure_joins(60)"
WHILE = {
    "it loads": ([*SIZE, "--seconds", "60"], ""),
    "packets go": ([*SIZE, "--seconds", "60", "--subscribers", "5"], WORKER),
    "people join": ([sys.executable, "-c", JOINING], WORKER),
}


@pytest.mark.parametrize("when", WHILE)
def test_ctrl_c_ends_it_at_once(when: str) -> None:
    command, thread = WHILE[when]
    pipe = subprocess.PIPE
    # A shell that starts the tests in the background has it ignored.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heeding
    ) as process:
        try:
            eventually(
                lambda: not thread or thread in threads_of(process.pid),
                within=30,
                why="its worker",
            )
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            out, _ = process.communicate(timeout=20)
            assert time.monotonic() - began < 5
        finally:
            process.kill()
    assert process.returncode != 0
    assert out == ""


def threads_of(pid: int) -> list[str]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [(each / "comm").read_text().strip() for each in tasks]
    except OSError:
        return []


def test_a_machine_without_udp_on_loopback_is_told_so() -> None:
    # A network of its own, in which nothing is up.
    ran = run("unshare", "--net", *SIZE, *SHORT)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("Error: no UDP port on 127.0.0.1 can be used: ")
    assert "ip link set lo up" in ran.stderr
    assert "(trial-no-udp)" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_wrong_flags_are_refused() -> None:
    for flags in (["--seconds", "0"], ["--headroom", "101"], ["--rooms-max-peers", "no"]):
        ran = run(*SIZE, *flags)
        assert (ran.returncode, ran.stdout) == (2, "")
