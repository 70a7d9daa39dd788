"""What the windows of a workload say, forwarder by forwarder. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from benchmarks.load.generator import Window

FLOOR = "floor"
KIB = 1_024
STALLED_NS = 100_000_000
"""A generator that did not run for so long says nothing of anybody else."""


class Spread(msgspec.Struct, frozen=True):
    """The median of some rounds, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return that of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One forwarder under one workload. Times are in nanoseconds, memory in KiB."""

    forwarder: str
    workload: str
    profile: str
    subscribers: int
    cpu_ns_per_packet: Spread | None
    user_ns_per_packet: Spread | None
    system_ns_per_packet: Spread | None
    times_floor: Spread | None
    packets_per_second: Spread
    packets_per_message: Spread | None
    latency_ns: dict[str, Spread]
    latency_points: list[tuple[float, float]]
    lost: int
    """Packets that are missing in the numbers that subscribers got."""
    missing: int
    """Packets that the one subscriber who looks at each of them never got."""
    wrong: int
    """Packets that were not what was published, of those ``checked``."""
    checked: int
    wishes: int
    """How often viewers wanted another encoding,"""
    unmet: int
    """… did not get it before they wanted the next one,"""
    unclean: int
    """and got one that did not begin with a keyframe."""
    changed: int
    """Encodings that came; ``change_ns`` says how long after the wish: p50, p99 and the longest."""
    change_ns: dict[str, float]
    switches_per_packet: Spread | None
    syscalls_per_packet: float | None
    generator_ns_per_packet: Spread | None
    generator_late_ns: Spread
    generator_stalled_ns: Spread
    cpu_us_per_peer_second: Spread
    memory_kib_per_subscriber: float | None
    join_cpu_ms: float | None
    rounds: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a forwarder besides its windows."""

    subscribers: int
    facts: Mapping[str, float]
    syscalls_per_second: float | None = None


def summarize(
    workload: str, profile: str, windows: Sequence[Window], seen: Mapping[str, Seen]
) -> list[Result]:
    """Return a result a forwarder, in the order in which they were first measured."""
    groups: dict[str, list[Window]] = {}
    for window in windows:
        groups.setdefault(window.group, []).append(window)
    groups = {name: _undisturbed(of_it) for name, of_it in groups.items()}
    floor = {window.round: window for window in groups.get(FLOOR, [])}
    return [
        _result(name, workload, profile, of_it, floor, seen[name]) for name, of_it in groups.items()
    ]


def _undisturbed(windows: Sequence[Window]) -> list[Window]:
    """Leave out those in which the generator stood still, unless there is no other."""
    return [each for each in windows if each.stalled_ns < STALLED_NS] or list(windows)


def _per_packet(windows: Sequence[Window], value: Callable[[Window], float]) -> Spread | None:
    counted = [value(window) / window.received for window in windows if window.received]
    return Spread.of(counted) if counted else None


def _cost(window: Window) -> float:
    return window.cpu_ns / window.received if window.received else 0.0


def _user(window: Window) -> float:
    ticks = window.user_ticks + window.system_ticks
    return window.cpu_ns * window.user_ticks / ticks if ticks else 0.0


def _result(
    name: str,
    workload: str,
    profile: str,
    windows: Sequence[Window],
    floor: Mapping[int, Window],
    seen: Seen,
) -> Result:
    ratios = [
        _cost(window) / _cost(floor[window.round])
        for window in windows
        if window.round in floor and _cost(floor[window.round]) and window.received
    ]
    points = [
        (share, statistics.median(window.latency_ns[number][1] for window in windows))
        for number, (share, _) in enumerate(windows[0].latency_ns)
    ]
    rate = statistics.median(window.received / window.seconds for window in windows)
    syscalls = seen.syscalls_per_second
    idle = seen.facts.get("idle_cpu_ns_per_second", 0.0)
    before, with_them = seen.facts.get("resident_before"), seen.facts.get("resident_joined")
    took = sorted(nanoseconds for window in windows for nanoseconds in window.change_ns)
    resident = max(window.resident for window in windows)
    return Result(
        forwarder=name,
        workload=workload,
        profile=profile,
        subscribers=seen.subscribers,
        cpu_ns_per_packet=_per_packet(windows, lambda window: window.cpu_ns),
        user_ns_per_packet=_per_packet(windows, _user),
        system_ns_per_packet=_per_packet(windows, lambda window: window.cpu_ns - _user(window)),
        times_floor=Spread.of(ratios) if ratios else None,
        packets_per_second=Spread.of([each.received / each.seconds for each in windows]),
        packets_per_message=Spread.of([each.received / max(each.messages, 1) for each in windows])
        if rate
        else None,
        latency_ns={
            label: Spread.of([dict(window.latency_ns)[share] for window in windows])
            for label, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
        },
        latency_points=points,
        lost=sum(window.lost for window in windows),
        wrong=sum(window.wrong for window in windows),
        missing=sum(window.missing for window in windows),
        checked=sum(window.checked for window in windows),
        wishes=sum(window.wishes for window in windows),
        unmet=sum(window.unmet for window in windows),
        unclean=sum(window.unclean for window in windows),
        changed=len(took),
        change_ns={
            label: float(took[round((len(took) - 1) * share)])
            for label, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))
            if took
        },
        switches_per_packet=_per_packet(windows, lambda window: window.switches),
        syscalls_per_packet=syscalls / rate if syscalls and rate else None,
        generator_ns_per_packet=_per_packet(windows, lambda window: window.generator_cpu_ns),
        generator_late_ns=Spread.of([window.late_ns for window in windows]),
        generator_stalled_ns=Spread.of([window.stalled_ns for window in windows]),
        cpu_us_per_peer_second=Spread.of(
            [(each.cpu_ns / each.seconds - idle) / each.peers / 1e3 for each in windows]
        ),
        memory_kib_per_subscriber=(max(resident, with_them or 0) - before) / KIB / seen.subscribers
        if before and seen.subscribers
        else None,
        join_cpu_ms=seen.facts.get("join_cpu_ms"),
        rounds=len(windows),
    )
