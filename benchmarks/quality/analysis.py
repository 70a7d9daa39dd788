"""Figures from a recording. Pure: lists of numbers in, numbers out."""

import statistics
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.quality.recording import Frame, Packet, between

STEP = 0.1
USUAL = 30
"""Frames whose mean interval is the usual one (W3C webrtc-stats, freezeCount)."""


class Freeze(NamedTuple):
    """The picture stood still from ``start`` on for ``seconds``."""

    start: float
    seconds: float


def freezes(frames: Sequence[Frame], start: float, end: float) -> list[Freeze]:
    """Return the freezes that began in [start, end).

    One is an interval longer than three times the mean of the last 30, or 150 ms longer than
    that mean, whichever is more (W3C webrtc-stats). A picture that has not come back at
    ``end`` is frozen until then.
    """
    found = []
    intervals: deque[float] = deque(maxlen=USUAL)
    times = [frame.at for frame in frames if frame.at < end]
    for before, after in zip(times, [*times[1:], end], strict=True):
        interval = after - before
        if intervals and before >= start:
            usual = statistics.fmean(intervals)
            if interval > max(3 * usual, usual + 0.15):
                found.append(Freeze(before, interval))
        intervals.append(interval)
    return found


def per_second(packets: Sequence[Packet], start: float, end: float) -> list[tuple[float, float]]:
    """Return (end of a second, bits entered in it) for seconds that begin every 0.1 s."""
    return [
        (at + 1, 8.0 * sum(packet.bytes for packet in between(packets, at, at + 1)))
        for at in steps(start, end - 1)
    ]


def steps(start: float, end: float) -> list[float]:
    """Return the times from ``start`` to ``end``, 0.1 s apart."""
    return [start + number * STEP for number in range(int((end - start) / STEP + 1e-6) + 1)]


def used(packets: Iterable[Packet], start: float, end: float) -> float:
    """Return the bits/s that came through the queue in [start, end)."""
    bits = sum(
        8 * each.bytes for each in packets if each.fate != "tail" and start <= each.left < end
    )
    return bits / (end - start)


def queueing(packets: Sequence[Packet], start: float, end: float) -> list[tuple[float, float]]:
    """Return (time, 95th percentile of the seconds packets waited) of each 0.5 s."""
    found = []
    for step in range(int((end - start) * 2)):
        at = start + step / 2
        waits = [each.left - each.entered for each in between(packets, at, at + 0.5)
                 if each.fate != "tail"]  # fmt: skip
        if waits:
            found.append((at + 0.5, quantile(waits, 0.95)))
    return found


def settled(values: Iterable[tuple[float, float]], fine: Callable[[float], bool]) -> float:
    """Return the time from which on all values are fine; infinite if the last is not."""
    since = None
    for at, value in values:
        if not fine(value):
            since = None
        elif since is None:
            since = at
    return since if since is not None else float("inf")


def first(frames: Iterable[Frame], start: float, fine: Callable[[Frame], bool]) -> float:
    """Return when, from ``start`` on, the first frame that is ``fine`` was shown."""
    return next((each.at for each in frames if each.at >= start and fine(each)), float("inf"))


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed; NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def growth(samples: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Return by how much a counter grew from ``start`` to ``end``."""
    values = [value for at, value in samples if start <= at <= end]
    return values[-1] - values[0] if values else 0.0


def inbound(sample: dict[str, Any], kind: str, field: str) -> float:
    """Return the sum of a field over the received streams of a kind."""
    return float(
        sum(each.get(field) or 0 for each in sample["inbound"] if each.get("kind") == kind)
    )


def outbound(sample: dict[str, Any], kind: str, field: str) -> float:
    """Return the sum of a field over the sent streams of a kind."""
    return float(
        sum(each.get(field) or 0 for each in sample["outbound"] if each.get("kind") == kind)
    )


def share_of_time(frames: Sequence[Frame], start: float, end: float) -> dict[int, float]:
    """Return the share of the time at which each height of picture was shown."""
    times: dict[int, float] = {}
    shown = [frame for frame in frames if frame.at < end]
    for frame, after in zip(shown, [*[each.at for each in shown[1:]], end], strict=True):
        span = after - max(frame.at, start)
        if span > 0:
            times[frame.height] = times.get(frame.height, 0.0) + span
    return {height: seconds / (end - start) for height, seconds in sorted(times.items())}


def switches(frames: Sequence[Frame], start: float, end: float) -> int:
    """Return how often the size changed in [start, end)."""
    heights = [frame.height for frame in frames if start <= frame.at < end]
    return sum(before != after for before, after in pairwise(heights))
