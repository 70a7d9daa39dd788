"""``python -m benchmarks.memory [--peers 100] [--pairs 4]``: a daemon's memory for each peer."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from tests.process.daemon import Daemon, running_daemon

WARM_UP = 20
"""Peers before the first measurement: what is paid once is paid then."""
EACH = 25
"""Peers of one process."""
SETTLE_S = 3.0

ROOM = "memory"


@contextmanager
def crowd(url: str, peers: int, pairs: int) -> Iterator[None]:
    """Have so many people in the room."""
    command = [sys.executable, "-m", "benchmarks.memory.crowd", url, ROOM]
    with ExitStack() as stack:
        for first in range(0, peers, EACH):
            number = min(EACH, peers - first)
            process = stack.enter_context(
                subprocess.Popen(
                    [*command, str(number), str(pairs)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(_end, process)
            assert process.stdout is not None
            if process.stdout.readline() != "here\n":
                raise RuntimeError("the crowd did not come")
        yield


def _end(process: "subprocess.Popen[str]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.wait(30)


def measure(daemon: Daemon, peers: int, pairs: int) -> dict[str, float]:
    """Return the daemon's resident memory before, with and after ``peers``, and per peer, KiB."""
    process = psutil.Process(daemon.process.pid)

    def resident() -> float:
        time.sleep(SETTLE_S)
        return float(process.memory_info().rss) / 1024

    with crowd(daemon.url, WARM_UP, pairs):
        before = resident()
        with crowd(daemon.url, peers, pairs):
            within = resident()
        after = resident()
    return {
        "before": before,
        "within": within,
        "after": after,
        "per peer": (within - before) / peers,
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--peers", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_daemon(Path(folder)) as daemon:
        figures = measure(daemon, options.peers, options.pairs)
    engine = [sys.executable, "-m", "benchmarks.memory.engine", "1000", str(options.pairs)]
    figures["engine per peer"] = float(subprocess.check_output(engine, text=True))
    figures["control plane per peer"] = figures["per peer"] - figures["engine per peer"]
    for name, value in figures.items():
        sys.stdout.write(f"{name:<24}{value:>10.0f} KiB\n")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
