"""``python -m benchmarks.size [--watchers 20] [--seconds 10]``: a prediction and a daemon."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.process.daemon import Daemon, running_daemon

ROOM = "size"
SETTLE_S = 3.0
LOOP, WORKER = (
    f'trio_sfu_thread_cpu_seconds_total{{thread="{each}"}}' for each in ("loop", "worker-0")
)
FORWARDED, RECEIVED = (f"trio_sfu_engine_rtp_{each}_total" for each in ("forwarded", "received"))
AUDIO_PACKETS = 50


@contextmanager
def crowd(daemon: Daemon, watchers: int) -> Iterator[None]:
    """Have so many watch, or, if none, one publish."""
    command = [sys.executable, "-m", "benchmarks.size.crowd", daemon.url, ROOM, str(watchers)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != "here\n":
                raise RuntimeError("the crowd did not come")
            yield
        finally:
            process.stdin.close()


def watch(daemon: Daemon, watchers: int, seconds: float) -> dict[str, float]:
    """Return what a daemon with one publisher and so many watchers takes."""
    # The self-test after the start is not to be counted.
    time.sleep(SETTLE_S)
    start, began = daemon.metrics(), time.monotonic()
    time.sleep(SETTLE_S)
    empty = daemon.metrics()
    idle = (empty[LOOP] - start[LOOP]) / (time.monotonic() - began)
    with crowd(daemon, watchers):
        joined = daemon.metrics()
        with crowd(daemon, 0):
            time.sleep(SETTLE_S)
            before, began = daemon.metrics(), time.monotonic()
            time.sleep(seconds)
            after, lasted = daemon.metrics(), time.monotonic() - began
    loop = (after[LOOP] - before[LOOP]) / lasted - idle
    return {
        "join_ms": (joined[LOOP] - empty[LOOP]) / watchers * 1e3,
        "loop_ms_per_second_alone": idle * 1e3,
        "loop_ms_per_peer_second": loop / (watchers + 1) * 1e3,
        "worker_ms_per_second": (after[WORKER] - before[WORKER]) / lasted * 1e3,
        "forwarded_per_second": (after[FORWARDED] - before[FORWARDED]) / lasted,
        "received_per_second": (after[RECEIVED] - before[RECEIVED]) / lasted,
    }


def predicted(watchers: int) -> dict[str, Any]:
    """Return what a run has measured."""
    command = ["trio-sfu", "size", "--json", "--subscribers", str(watchers)]
    measured: dict[str, Any] = json.loads(subprocess.check_output(command, text=True))["measured"]
    return measured


def compare(found: dict[str, float], measured: dict[str, Any], watchers: int) -> dict[str, float]:
    """Return the figures of both, and what the daemon takes for what was predicted."""
    audio = min(watchers * AUDIO_PACKETS, found["forwarded_per_second"])
    video = found["forwarded_per_second"] - audio
    worker = (
        video * measured["video_ns"]
        + audio * measured["audio_ns"]
        + found["received_per_second"] * measured["received_ns"]
    ) / 1e6
    join = measured["join_ns"] / 1e6
    return found | {
        "predicted_worker_ms_per_second": worker,
        "predicted_join_ms": join,
        "predicted_over_real_worker": worker / found["worker_ms_per_second"],
        "real_over_predicted_join": found["join_ms"] / join,
        "loop_per_peer_second_in_joins": found["loop_ms_per_peer_second"] / join,
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--watchers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    one_worker = {"TRIO_SFU_MEDIA_WORKERS": "1"}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_daemon(Path(folder), environment=one_worker) as daemon,
    ):
        found = watch(daemon, options.watchers, options.seconds)
    # A watcher that has not the time for it asks for less, or for no picture.
    viewers = max(1, round(found["forwarded_per_second"] / found["received_per_second"]))
    figures = {"viewers": viewers} | compare(found, predicted(viewers), options.watchers)
    for name, value in figures.items():
        sys.stdout.write(f"{name:<34}{value:>10.2f}\n")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
