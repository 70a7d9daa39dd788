"""One workload, with all forwarders at once: each is loaded in turn, the others only stay."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

import psutil
import trio

from benchmarks.load import floor, generator, janus, layers, ours
from benchmarks.load.crowd import Crowd
from benchmarks.load.generator import Timing
from benchmarks.load.namespace import HOST, LOOPBACK
from benchmarks.load.peer import Link
from benchmarks.load.perf import Look
from benchmarks.load.results import Result, Seen, summarize
from benchmarks.load.workloads import Workload
from tests.process.daemon import Daemon
from trio_sfu.webrtc.certificate import Certificate

Forwarder: TypeAlias = Literal["trio-sfu", "trio-sfu-2", "janus", "janus-packaged", "floor"]
FORWARDERS: Final[tuple[Forwarder, ...]] = ("floor", "trio-sfu", "janus", "janus-packaged")
ALL: Final[tuple[Forwarder, ...]] = (*FORWARDERS, "trio-sfu-2")
"""``trio-sfu-2`` has two workers, which share the people."""
_FLOOR: Final = {
    "lecture": floor.lecture,
    "meeting": floor.meeting,
    "rooms": floor.rooms,
    "layers": layers.floor,
}
_OURS: Final = {
    "lecture": ours.lecture,
    "meeting": ours.meeting,
    "rooms": ours.rooms,
    "layers": layers.ours,
}
_JANUS: Final = {
    "lecture": janus.lecture,
    "meeting": janus.meeting,
    "rooms": janus.rooms,
    "layers": layers.janus,
}
_QUIET: Final = 3.0
"""Seconds in which what a forwarder costs with nobody in it is measured, where that matters."""


@dataclass(frozen=True, slots=True)
class Options:
    """How is measured."""

    program: Path
    """The load generator."""
    forwarders: Sequence[Forwarder]
    timing: Timing
    link: Link
    sample: int = 16
    syscalls: bool = False
    """Whether system calls are counted, in one more round."""
    profiles: Path | None = None
    """Where perf's profiles go, which are then made in that round instead."""
    event_loops: int = 2
    """Of Janus where it is tuned."""


@dataclass(slots=True)
class _Looks:
    """Has perf look in a round of its own, after the others: looking costs time."""

    options: Options
    pids: dict[str, int]
    seen: Counter[str] = field(default_factory=Counter)
    looks: dict[str, Look] = field(default_factory=dict)

    def measuring(self, name: str) -> None:
        """Note that a window begins."""
        self.seen[name] += 1
        timing, folder = self.options.timing, self.options.profiles
        if self.seen[name] > timing.rounds:
            file = None if folder is None else folder / f"{name}.data"
            self.looks[name] = Look(self.pids[name], timing.measured * 0.8, file)

    def syscalls_per_second(self, name: str) -> float | None:
        """Return the system calls a second of a forwarder, if they were counted."""
        return self.looks[name].syscalls_per_second() if name in self.looks else None


def cpu_ns(pid: int) -> int:
    """Return the CPU time of all threads of a process."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        total += int(path.read_text().split()[0])
    return total


def _resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


@contextmanager
def _process(name: Forwarder, options: Options) -> Iterator[tuple[int, Daemon | janus.Janus]]:
    if name.startswith("trio-sfu"):
        with ours.daemon(2 if name == "trio-sfu-2" else 1) as daemon:
            yield daemon.process.pid, daemon
    else:
        with janus.running(options.event_loops if name == "janus" else 0) as server:
            yield server.pid, server


@asynccontextmanager
async def _joined(
    name: Forwarder, workload: Workload, crowd: Crowd, options: Options
) -> AsyncIterator[None]:
    """Have a forwarder with everybody in it."""
    if name == "floor":
        async with _FLOOR[workload.shape](options.program, crowd, workload):
            yield
        return
    with _process(name, options) as (pid, server):
        crowd.processes = [pid]
        await _look_at_the_empty_one(crowd, pid, idle=not workload.schedules)
        before = cpu_ns(pid)
        inside: AbstractAsyncContextManager[None]
        if isinstance(server, janus.Janus):
            inside = _JANUS[workload.shape](server, crowd, workload)
        else:
            inside = _OURS[workload.shape](server, crowd, workload)
        began = time.monotonic()
        async with inside:
            crowd.facts["join_cpu_ms"] = (cpu_ns(pid) - before) / len(crowd.peers) / 1e6
            crowd.facts["joins_per_second"] = len(crowd.peers) / (time.monotonic() - began)
            crowd.facts["resident_joined"] = _resident(pid)
            yield


async def _look_at_the_empty_one(crowd: Crowd, pid: int, *, idle: bool) -> None:
    await trio.sleep(0.5)
    crowd.facts["resident_before"] = _resident(pid)
    if idle:
        before = cpu_ns(pid)
        await trio.sleep(_QUIET)
        crowd.facts["idle_cpu_ns_per_second"] = (cpu_ns(pid) - before) / _QUIET


async def measure(workload: Workload, options: Options) -> list[Result]:
    """Run a workload; return a result a forwarder."""
    timing = options.timing
    crowds: list[Crowd] = []
    link = Link(options.link.profile, options.link.transport_cc and workload.transport_cc)
    async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
        for name in options.forwarders:
            if name == "floor" and not workload.schedules:
                continue
            host = HOST if name.startswith("janus") else LOOPBACK
            crowd = Crowd(name, [], Certificate.generate(), link, nursery, host)
            await stack.enter_async_context(_joined(name, workload, crowd, options))
            crowds.append(crowd)
        looks = _Looks(options, {each.name: each.processes[0] for each in crowds})
        looked = options.syscalls or options.profiles is not None
        more = replace(timing, rounds=timing.rounds + looked)
        plan = generator.plan(crowds, workload, more, options.sample)
        windows = await generator.drive(options.program, crowds, plan, looks.measuring)
        for crowd in crowds:
            await crowd.leave()
    seen = {
        each.name: Seen(workload.subscribers, each.facts, looks.syscalls_per_second(each.name))
        for each in crowds
    }
    counted = [window for window in windows if window.round < timing.rounds]
    return summarize(workload.name, link.profile, counted, seen)
