"""What was found, for people and for programs."""

from msgspec import json

from trio_sfu.bench.figures import Spread
from trio_sfu.bench.results import Joined, Measured, Report
from trio_sfu.bench.workloads import PROFILES

_MIB = 1_048_576
_SHORT = {profile: name for name, profile in PROFILES.items()}


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    return json.format(json.encode(report), indent=2).decode() + "\n"


def as_text(report: Report) -> str:
    """Return the report as lines."""
    host = report.host
    lines = [
        f"{host.cores} cores, {host.memory_free_bytes // _MIB} MiB free, load average "
        f"{host.load:g}, clock {report.clock.source or 'unknown'}",
        *(f"warning: {each}" for each in report.warnings),
    ]
    if report.workloads:
        lines += ["", *_costs(report), "", *_ways(report.workloads)]
    if report.joins is not None:
        lines += ["", *_joins(report.joins)]
    lines += ["", "What this rests on:", *(f"- {each}" for each in report.notes)]
    return "\n".join(lines) + "\n"


def _costs(report: Report) -> list[str]:
    head = (
        f"{'CPU ns a forwarded packet':<27}{'packets/s':>10}{'engine':>8}{'':<15}{'user':>7}"
        f"{'system':>8}{'floor':>8}{'kernel':>8}{'crypto':>8}{'x floor':>9}"
    )
    lines = [f"Median of {report.rounds} rounds (lowest to highest):", head]
    for each in report.workloads:
        found = each.figures
        cpu, times = found["cpu_ns"], found["times_floor"]
        lines.append(
            f"  {each.workload:<20}{_SHORT[each.profile]:<5}"
            f"{_number(found['packets_a_second']):>10}{_number(cpu):>8}{_range(cpu):<15}"
            f"{_number(found['user_ns']):>7}{_number(found['system_ns']):>8}"
            f"{_number(found['floor_ns']):>8}{_number(found['floor_kernel_ns']):>8}"
            f"{_number(found['floor_crypto_ns']):>8}{_number(times, 2):>9}{_range(times, 2)}"
        )
    return lines


def _ways(workloads: list[Measured]) -> list[str]:
    lines = [
        f"{'The way of a packet':<27}{'a run':>7}{'a call':>8}{'lost':>8}{'p50 ms':>9}{'p99':>8}"
        f"{'p99.9':>8}{'switches':>10}{'syscalls':>10}{'KiB a subscriber':>18}"
    ]
    for each in workloads:
        found = each.figures
        lost = found["lost"]
        lines.append(
            f"  {each.workload:<20}{_SHORT[each.profile]:<5}"
            f"{_number(found['packets_a_run'], 1):>7}{_number(found['packets_a_call'], 1):>8}"
            f"{f'{lost.median:.2%}' if lost else '-':>8}"
            f"{_number(found['latency_p50_ms'], 3):>9}{_number(found['latency_p99_ms'], 2):>8}"
            f"{_number(found['latency_p999_ms'], 2):>8}"
            f"{_number(found['switches_a_packet'], 3):>10}"
            f"{_number(found['syscalls_a_packet'], 3):>10}{each.memory_bytes / 1024:>18.0f}"
        )
    return lines


def _joins(joined: Joined) -> list[str]:
    each = joined.join_ns
    milliseconds = Spread(each.median / 1e6, each.lowest / 1e6, each.highest / 1e6)
    rows = (
        ("a join and a leave, of the event loop, ms", milliseconds),
        ("joins a second that one core has time for", joined.joins_a_second),
        ("seen, one after the other, with the clients", joined.seen_a_second),
    )
    return [
        f"{joined.joins} joins:",
        *(f"  {name:<45}{_number(value, 1):>7}{_range(value, 1)}" for name, value in rows),
    ]


def _number(spread: Spread | None, digits: int = 0) -> str:
    return "-" if spread is None else f"{spread.median:,.{digits}f}"


def _range(spread: Spread | None, digits: int = 0) -> str:
    if spread is None:
        return ""
    return f" ({spread.lowest:.{digits}f}-{spread.highest:.{digits}f})"
