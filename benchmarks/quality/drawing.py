"""Line charts as SVG, with nothing but strings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, LEFT, RIGHT, TOP, GAP = 1000, 70, 20, 40, 46
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One line of a panel. A step holds its value until the next point."""

    name: str
    points: Points
    colour: str
    step: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart; ``top`` is the end of its scale (None: of the largest value)."""

    title: str
    lines: Sequence[Line]
    top: float | None = None
    height: int = 150
    bars: Sequence[tuple[float, float]] = field(default=())
    """Shaded spans of time."""


def chart(title: str, panels: Sequence[Panel], start: float, end: float) -> str:
    """Return an SVG with the panels below each other over one axis of time, in seconds."""
    height = TOP + sum(panel.height + GAP for panel in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="16">{escape(title)}</text>',
    ]
    y = TOP
    for panel in panels:
        parts += _panel(panel, y, start, end)
        y += panel.height + GAP
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, y: int, start: float, end: float) -> list[str]:
    width = WIDTH - LEFT - RIGHT
    largest = max((value for line in panel.lines for _, value in line.points), default=1.0)
    top = panel.top or largest * 1.05 or 1.0
    bottom = y + panel.height

    def across(at: float) -> float:
        return LEFT + width * (min(max(at, start), end) - start) / (end - start)

    def up(value: float) -> float:
        return bottom - panel.height * min(max(value, 0), top) / top

    parts = [f'<text x="{LEFT}" y="{y + 11}" font-weight="bold">{escape(panel.title)}</text>']
    y += 16
    parts += [
        f'<rect x="{across(begun):.1f}" y="{y}" width="{max(across(ended) - across(begun), 1):.1f}"'
        f' height="{bottom - y}" fill="#e33" fill-opacity="0.25"/>'
        for begun, ended in panel.bars
    ]
    for value in (top * number / 4 for number in range(4)):
        parts.append(
            f'<path d="M{LEFT} {up(value):.1f}h{width}" stroke="#ddd" fill="none"/>'
            f'<text x="{LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )
    parts += [
        f'<text x="{across(second):.1f}" y="{bottom + 14}" text-anchor="middle">{second}</text>'
        for second in range(int(start), int(end) + 1, 5)
    ]
    x = WIDTH - RIGHT
    for line in reversed(panel.lines):
        points = [(across(at), up(v)) for at, v in line.points if start <= at <= end]
        parts.append(
            f'<text x="{x}" y="{y - 5}" text-anchor="end" fill="{line.colour}">'
            f"{escape(line.name)}</text>"
            f'<path d="{_path(points, line.step)}" stroke="{line.colour}" fill="none"'
            ' stroke-width="1.3"/>'
        )
        x -= 8 * len(line.name) + 14
    return parts


def _path(points: Sequence[tuple[float, float]], step: bool) -> str:  # noqa: FBT001
    words: list[str] = []
    for x, y in points:
        if not words:
            words.append(f"M{x:.1f} {y:.1f}")
        elif step:
            words.append(f"H{x:.1f}V{y:.1f}")
        else:
            words.append(f"L{x:.1f} {y:.1f}")
    return "".join(words)
