"""``trio-sfu bench`` as an operator runs it."""

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

pytestmark = pytest.mark.alone

BENCH = [str(Path(sys.executable).with_name("trio-sfu")), "bench"]
SHORT = ["--seconds", "0.6", "--rounds", "2", "--subscribers", "5"]


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, text=True, capture_output=True, timeout=90)


def test_one_object_for_programs() -> None:
    ran = run(*BENCH, "audio", "--profile", "gcm", "--profile", "cm", *SHORT, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    told: dict[str, Any] = json.loads(ran.stdout)
    assert set(told) == {
        "host",
        "clock",
        "seconds",
        "rounds",
        "workloads",
        "joins",
        "warnings",
        "notes",
    }
    assert (told["seconds"], told["rounds"], told["joins"]) == (0.6, 2, None)
    profiles = [each["profile"] for each in told["workloads"]]
    assert profiles == ["AEAD_AES_128_GCM", "AES128_CM_HMAC_SHA1_80"]
    for each in told["workloads"]:
        assert (each["workload"], each["subscribers"], len(each["rounds"])) == ("audio", 5, 2)
        assert each["checked"] > 0, "some packets were decrypted and compared"
        times = each["figures"]["times_floor"]
        assert 0 < times["lowest"] <= times["median"] <= times["highest"]


def test_lines_for_people() -> None:
    ran = run(*BENCH, *SHORT)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    forwarded = ["video-bursts", "video-paced-20k", "video-paced-50k", "even", "audio"]
    for name in [*forwarded, "many-rooms"]:
        assert len([line for line in lines if line.startswith(f"  {name} ")]) == 2
    assert [line for line in lines if "a join and a leave, of the event loop" in line]
    load = float(ran.stdout.partition("load average ")[2].split()[0].rstrip(","))
    busy = load > len(os.sched_getaffinity(0))
    assert ("the machine is busy: figures are too high" in ran.stdout) == busy


def test_ctrl_c_ends_it_at_once() -> None:
    # A shell that starts the tests in the background has it ignored.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipe = subprocess.PIPE
    command = [*BENCH, "--seconds", "60", "even"]
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heeding
    ) as process:
        try:
            eventually(lambda: works(process.pid), within=30, why="its worker")
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            out, _ = process.communicate(timeout=20)
            assert time.monotonic() - began < 5
        finally:
            process.kill()
    assert process.returncode != 0
    assert out == ""


def works(pid: int) -> bool:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return "sfu-worker-0" in [(each / "comm").read_text().strip() for each in tasks]
    except OSError:
        return False


def test_a_machine_without_udp_on_loopback_is_told_so() -> None:
    # A network of its own, in which nothing is up.
    ran = run("unshare", "--net", *BENCH, *SHORT)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("Error: no UDP port on 127.0.0.1 can be used: ")
    assert "(trial-no-udp)" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_user_who_may_open_too_few_files_is_told_so() -> None:
    # With 60, the last of the engine's clients can be had and nothing else.
    for descriptors in ("50", "60", "70"):
        script = f'ulimit -Sn {descriptors}; ulimit -Hn {descriptors}; exec "$@"'
        ran = run("bash", "-c", script, "bash", *BENCH, "--seconds", "1", "even")
        assert (ran.returncode, ran.stdout) == (1, "")
        assert "Too many open files" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_wrong_flags_are_refused() -> None:
    for flags in (["--seconds", "0"], ["--rounds", "0"], ["--profile", "rot13"], ["everything"]):
        ran = run(*BENCH, *flags)
        assert (ran.returncode, ran.stdout) == (2, "")
