"""``python -m benchmarks.join.burst``: what a burst of joins costs, and does to a call.

Windows in which nobody comes and windows in which many do take turns, in one call that goes on.
"""

import argparse
import json
import resource
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import msgspec
import trio

from benchmarks.join.joiners import Found, Joiners, Way
from benchmarks.load import generator, ours
from benchmarks.load.crowd import Crowd
from benchmarks.load.generator import GeneratorError, Timing, Window
from benchmarks.load.peer import Link
from benchmarks.load.workloads import Workload
from trio_sfu.webrtc.certificate import Certificate

_LINK: Final = Link("AEAD_AES_128_GCM", transport_cc=True)
_CALL: Final = Workload(
    "call", "2 packets every 5 ms", "lecture", 10, {"video": ["every 5000 2 1100"]}
)
_FIRST_S: Final = 8.0
"""For the estimates of the call to rise to what it sends."""
_ENTER_S: Final = 0.05
"""Between two of those who are in the room before."""
_LEAVE_S: Final = 0.015
"""What is waited for each that leaves."""


class Turn(msgspec.Struct, kw_only=True):
    """One window. ``latency_ns`` has p50, p99 and p99.9 of the call's packets."""

    joining: bool
    seconds: float
    joins: int = 0
    failed: list[str] = []
    loop_ns: int = 0
    others_ns: int = 0
    join_seconds: list[float] = []
    latency_ns: dict[str, int] = {}
    lost: int = 0
    late_ns: int = 0


class _Cpu:
    """CPU time of the event loop, which is the main thread, and of all others."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._now()

    def _now(self) -> tuple[int, int]:
        loop = others = 0
        for path in Path(f"/proc/{self._pid}/task").glob("*/schedstat"):
            spent = int(path.read_text().split()[0])
            if path.parent.name == str(self._pid):
                loop = spent
            else:
                others += spent
        return loop, others

    def since(self) -> tuple[int, int]:
        """Return both since the last time."""
        before, self._before = self._before, self._now()
        return self._before[0] - before[0], self._before[1] - before[1]


class Burst:
    """A daemon in which a call goes on, and those who join another room of it."""

    def __init__(self, options: argparse.Namespace, joiners: Joiners, pid: int) -> None:
        self._options = options
        self._joiners = joiners
        self._cpu = _Cpu(pid)
        self.turns: list[Turn] = []

    async def turn(self) -> None:
        """Go through one window, from its beginning on. The last one's joiners leave before."""
        joining = len(self.turns) % 2 == 1
        turn = Turn(joining=joining, seconds=self._options.seconds)
        self.turns.append(turn)
        self._cpu.since()
        if joining:
            await self._joined(turn)
        else:
            await trio.sleep(turn.seconds)
            turn.loop_ns, turn.others_ns = self._cpu.since()

    async def _joined(self, turn: Turn) -> None:
        self._joiners.found = found = Found()
        async with trio.open_nursery() as nursery:
            began = trio.current_time()
            await self._joiners.at(self._options.rate, turn.seconds, nursery)
            await trio.sleep_until(began + turn.seconds)
            turn.loop_ns, turn.others_ns = self._cpu.since()
            turn.joins, turn.join_seconds = len(found.seconds), sorted(found.seconds)
            turn.failed = list(found.failed)
            nursery.cancel_scope.cancel()


async def _people(joiners: Joiners, number: int, nursery: trio.Nursery) -> None:
    """Have some in the room before."""
    if number:
        await joiners.at(1 / _ENTER_S, number * _ENTER_S, nursery)
    with trio.fail_after(60):
        while len(joiners.found.seconds) < number:
            if joiners.found.failed:
                raise SystemExit(joiners.found.failed[0])
            await trio.sleep(0.05)


async def _measure(options: argparse.Namespace, program: Path | None) -> list[Turn]:
    with ours.daemon(1) as daemon:
        pid = daemon.process.pid
        async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
            crowd = Crowd("call", [pid], Certificate.generate(), _LINK, nursery)
            if options.call:
                lecture = ours.lecture(daemon, crowd, _CALL.sized(options.call))
                await stack.enter_async_context(lecture)
            way: Way = options.way
            people = Joiners(daemon.http_port, crowd, "burst", way, publish=options.publish)
            await _people(people, options.people, nursery)
            joiners = Joiners(daemon.http_port, crowd, "burst", way, publish=options.publish)
            burst = Burst(options, joiners, pid)
            between = 1.0 + options.rate * options.seconds * _LEAVE_S
            turns = 2 * options.rounds
            if program is None:
                for _ in range(turns):
                    await trio.sleep(between)
                    await burst.turn()
            else:
                timing = Timing(turns, _FIRST_S, between, options.seconds)
                plan = generator.plan([crowd], _CALL, timing, 1)
                begin = lambda _name: nursery.start_soon(burst.turn)  # noqa: E731
                windows = await generator.drive(program, [crowd], plan, begin)
                await crowd.leave()
                for turn, window in zip(burst.turns, windows, strict=True):
                    _add(turn, window)
            nursery.cancel_scope.cancel()
    return burst.turns


def _add(turn: Turn, window: Window) -> None:
    names = {0.5: "p50", 0.99: "p99", 0.999: "p99.9"}
    turn.latency_ns = {names[q]: ns for q, ns in window.latency_ns if q in names}
    turn.lost, turn.late_ns = window.lost + window.missing, window.late_ns


def summary(turns: Sequence[Turn]) -> dict[str, float]:
    """Return what the windows say: medians, and of a join what is not there without one."""
    quiet = [turn for turn in turns if not turn.joining]
    busy = [turn for turn in turns if turn.joining]
    idle = {
        "loop": statistics.median(turn.loop_ns / turn.seconds for turn in quiet),
        "others": statistics.median(turn.others_ns / turn.seconds for turn in quiet),
    }
    found = {
        "joins a second": statistics.median(turn.joins / turn.seconds for turn in busy),
        "failed": float(sum(len(turn.failed) for turn in busy)),
        "event loop, ms a join": statistics.median(
            (turn.loop_ns - idle["loop"] * turn.seconds) / max(turn.joins, 1) / 1e6 for turn in busy
        ),
        "engine and others, ms a join": statistics.median(
            (turn.others_ns - idle["others"] * turn.seconds) / max(turn.joins, 1) / 1e6
            for turn in busy
        ),
    }
    for name, at in (("median", 0.5), ("p99", 0.99)):
        seconds = [_at(turn.join_seconds, at) for turn in busy if turn.join_seconds]
        found[f"a join takes, ms, {name}"] = 1e3 * statistics.median(seconds or [0.0])
    for name in quiet[0].latency_ns:
        for what, some in (("nobody comes", quiet), ("many come", busy)):
            ns = statistics.median(turn.latency_ns[name] for turn in some)
            found[f"latency {name}, ms, {what}"] = ns / 1e6
    return found


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def table(found: Mapping[str, float]) -> str:
    """Return ``summary`` as lines."""
    return "\n".join(f"{name:<40}{value:>10.2f}" for name, value in found.items())


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.join.burst", description=sys.modules[__name__].__doc__
    )
    parser.add_argument("--way", choices=("whep", "socket"), default="whep")
    parser.add_argument("--publish", action="store_true", help="by the socket: they publish, too")
    parser.add_argument("--rate", type=float, default=100, help="joins a second (%(default)g)")
    parser.add_argument("--seconds", type=float, default=10, help="of a window (%(default)g)")
    parser.add_argument("--rounds", type=int, default=3, help="of two windows each (%(default)s)")
    parser.add_argument("--people", type=int, default=0, help="in the room before (%(default)s)")
    parser.add_argument("--call", type=int, default=10, help="viewers of the call; 0: no call")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write every window to this file")
    options = parser.parse_args()
    try:
        program = generator.build(release=not options.debug) if options.call else None
    except GeneratorError as error:
        raise SystemExit(str(error)) from None
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    turns = trio.run(_measure, options, program)
    print(table(summary(turns)))
    if options.json:
        options.json.write_text(json.dumps(msgspec.to_builtins(turns), indent=1) + "\n")


if __name__ == "__main__":
    main()
