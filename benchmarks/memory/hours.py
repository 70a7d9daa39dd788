"""``python -m benchmarks.memory.hours [--hours 2] [--every 3]``: how a daemon grows.

Two people stay, with camera and microphone. Others come to three more rooms, every few seconds, and
go in ways of their own, most of which are not said (tests/process/leaving.py).
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression, median
from typing import Final

import psutil
import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.leaving import CAMERA, ways_to_leave
from trio_sfu.client import Tone, connect

STAYING: Final = 2
"""Few: a client in Python takes a tenth of a core for its sound alone."""
AT_ONCE: Final = 8
"""Who comes when as many are there waits: a bound, should the machine be slow."""
READING_S: Final = 10.0
MINUTES: Final = 5
"""A row of the table is the middle of the readings of as many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the daemon's process has at one moment."""

    at: float
    """Seconds since the first reading."""
    resident: int
    """Bytes."""
    descriptors: int
    threads: int
    peers: int
    """Who is there by the census."""
    joins: int
    """How many have come so far."""


class Hours:
    """One measurement: people who stay, people who come and go, and what is read meanwhile."""

    def __init__(self, daemon: Daemon, *, seconds: float, every: float, seed: int) -> None:
        self.readings: list[Reading] = []
        self._daemon = daemon
        self._seconds = seconds
        self._every = every
        self._chance = random.Random(seed)  # noqa: S311  (no secret)
        self._joins = 0

    async def run(self) -> None:
        """Have people come, and read, until the time is over."""
        async with trio.open_nursery() as nursery:
            for _ in range(STAYING):
                await nursery.start(self._stay)
            nursery.start_soon(self._come_and_go)
            await self._read()
            nursery.cancel_scope.cancel()

    async def _stay(self, *, task_status: trio.TaskStatus[None]) -> None:
        async with connect(self._daemon.url, room="stays", name="stays", pairs=1) as client:
            await client.publish(camera=CAMERA, microphone=Tone())
            task_status.started()
            await trio.sleep_forever()

    async def _come_and_go(self) -> None:
        ways = ways_to_leave(self._chance)
        limit = trio.CapacityLimiter(AT_ONCE)

        async def one(number: int) -> None:
            async with limit:
                await ways[number % len(ways)](self._daemon.url, number)

        async with trio.open_nursery() as nursery:
            while True:
                if limit.statistics().tasks_waiting == 0:
                    nursery.start_soon(one, self._joins)
                    self._joins += 1
                await trio.sleep(self._every)

    async def _read(self) -> None:
        process = psutil.Process(self._daemon.process.pid)
        began = time.monotonic()
        while (at := time.monotonic() - began) < self._seconds:
            census = await trio.to_thread.run_sync(self._daemon.census)
            self.readings.append(
                Reading(
                    at,
                    process.memory_info().rss,
                    process.num_fds(),
                    process.num_threads(),
                    census["peers"],
                    self._joins,
                )
            )
            await trio.sleep(READING_S)


def growth(readings: Sequence[Reading]) -> float:
    """Return KiB an hour by which the second half of the readings grew (least squares)."""
    half = readings[len(readings) // 2 :]
    slope, _ = linear_regression([r.at for r in half], [float(r.resident) for r in half])
    return slope * 3_600 / 1024


def rows(readings: Sequence[Reading]) -> list[str]:
    """Return the table: medians of a few minutes each."""
    table = [f"{'minutes':>8}{'joins':>9}{'MiB':>9}{'files':>7}{'threads':>9}{'peers':>7}"]
    each = max(1, int(MINUTES * 60 / READING_S))
    for first in range(0, len(readings), each):
        some = readings[first : first + each]
        resident = median(r.resident for r in some) / (1 << 20)
        counts = [median(getattr(r, name) for r in some) for name in ("descriptors", "threads")]
        table.append(
            f"{some[-1].at / 60:>8.0f}{some[-1].joins:>9}{resident:>9.2f}"
            f"{counts[0]:>7.0f}{counts[1]:>9.0f}{median(r.peers for r in some):>7.0f}"
        )
    return table


def main() -> None:
    """Measure, and print the table and the growth."""
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--every", type=float, default=3, help="seconds between two who come (3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write all readings to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_daemon(Path(folder)) as daemon:
        empty = daemon.settled_census()
        hours = Hours(daemon, seconds=options.hours * 3_600, every=options.every, seed=options.seed)
        trio.run(hours.run)
        daemon.returns_to(empty, within=30)
        failures = len(daemon.log("error"))
    for row in rows(hours.readings):
        sys.stdout.write(f"{row}\n")
    sys.stdout.write(f"\nsecond half: {growth(hours.readings):+.0f} KiB an hour\n")
    sys.stdout.write(f"the census is what it was before; errors in the log: {failures}\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(reading) for reading in hours.readings]))


if __name__ == "__main__":
    main()
