"""Results for people: a table in Markdown, and charts."""

from collections.abc import Iterable, Sequence
from html import escape

from benchmarks.load.results import Result, Spread
from benchmarks.quality.drawing import Line, Panel, chart

_COLOURS = {"trio-sfu": "#26c", "janus": "#c22", "janus-packaged": "#d80", "floor": "#283"}
_WIDTH, _LEFT, _ROW = 900, 240, 20


def _spread(spread: Spread | None, scale: float = 1.0, digits: int = 0) -> str:
    if spread is None:
        return "-"
    low, middle, high = (
        f"{value / scale:,.{digits}f}" for value in (spread.low, spread.median, spread.high)
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def table(results: Iterable[Result]) -> str:
    """Return one row a workload and forwarder: medians, and in brackets the rounds' range."""
    head = (
        "workload",
        "forwarder",
        "packets/s",
        "CPU ns/packet",
        "user",
        "system",
        "times floor",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "lost",
        "missing",
        "switches",
        "syscalls",
        "KiB/subscriber",
    )
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    for each in results:
        cells = (
            f"{each.workload} {each.profile}",
            each.forwarder,
            _number(each.packets_per_second.median),
            _spread(each.cpu_ns_per_packet),
            _number(each.user_ns_per_packet.median if each.user_ns_per_packet else None),
            _number(each.system_ns_per_packet.median if each.system_ns_per_packet else None),
            _spread(each.times_floor, digits=2),
            *(_spread(each.latency_ns[point], 1e6, 2) for point in ("p50", "p99", "p99.9")),
            _number(each.lost),
            _number(each.missing),
            _number(each.switches_per_packet.median if each.switches_per_packet else None, 3),
            _number(each.syscalls_per_packet, 2),
            _number(each.memory_kib_per_subscriber),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def change_table(results: Iterable[Result]) -> str:
    """Return how it went where viewers wanted other encodings; empty where nobody did."""
    lines = [
        f"| {each.workload} | {each.forwarder} | {each.wishes} | {each.changed} | {each.unmet}"
        f" | {each.unclean} | "
        + " | ".join(
            f"{each.change_ns[point] / 1e6:,.0f}" if each.change_ns else "-"
            for point in ("p50", "p99", "longest")
        )
        + " |"
        for each in results
        if each.wishes
    ]
    head = (
        "| workload | forwarder | wishes | changes | unmet | without keyframe"
        " | p50 ms | p99 ms | longest ms |"
    )
    rule = f"|{' --- |' * 9}"
    return "\n".join([head, rule, *lines, ""]) if lines else ""


def idle_table(results: Iterable[Result]) -> str:
    """Return what a peer costs that is only there, and one that joins."""
    lines = [
        "| workload | forwarder | µs CPU per peer and second | ms CPU per join | KiB/subscriber |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each.workload} | {each.forwarder} | {_spread(each.cpu_us_per_peer_second)}"
        f" | {_number(each.join_cpu_ms, 2)} | {_number(each.memory_kib_per_subscriber)} |"
        for each in results
    ]
    return "\n".join(lines) + "\n"


def cost_chart(results: Sequence[Result]) -> str:
    """Return a bar for each forwarder's CPU time a packet, with the range of the rounds."""
    shown = [(each, each.cpu_ns_per_packet) for each in results if each.cpu_ns_per_packet]
    top = max((spread.high for _, spread in shown), default=1.0)
    height = 60 + _ROW * len(shown)
    scale = (_WIDTH - _LEFT - 90) / top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        '<text x="16" y="24" font-size="16">CPU nanoseconds per forwarded packet</text>',
    ]
    for number, (each, spread) in enumerate(shown):
        y = 44 + _ROW * number
        colour = _COLOURS.get(each.forwarder, "#999")
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">'
            f"{escape(f'{each.workload} {each.forwarder}')}</text>",
            f'<rect x="{_LEFT}" y="{y}" width="{spread.median * scale:.1f}" height="14"'
            f' fill="{colour}"/>',
            f'<path d="M{_LEFT + spread.low * scale:.1f} {y + 7}H{_LEFT + spread.high * scale:.1f}"'
            ' stroke="#000"/>',
            f'<text x="{_LEFT + spread.high * scale + 6:.1f}" y="{y + 11}">'
            f"{spread.median:,.0f}</text>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def latency_chart(results: Sequence[Result]) -> str:
    """Return the distribution of added latency, a panel a workload."""
    panels = []
    for workload in dict.fromkeys(each.workload for each in results):
        lines = [
            Line(
                each.forwarder,
                [(share * 100, nanoseconds / 1e6) for share, nanoseconds in each.latency_points],
                _COLOURS.get(each.forwarder, "#999"),
            )
            for each in results
            if each.workload == workload and each.checked
        ]
        points = [y for line in lines for x, y in line.points if x <= 99]
        panels.append(Panel(f"{workload}: ms", lines, top=max(points, default=1.0) * 1.2 or 1.0))
    return chart("Added latency by the share of packets, %", panels, 0, 100)
