"""The charts of a run."""

from collections.abc import Sequence

from benchmarks.quality.analysis import freezes, outbound, per_second, queueing
from benchmarks.quality.drawing import Line, Panel, Points
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import PUBLISHER, VIEWER

BLACK, BLUE, GREEN, RED, ORANGE, GREY = "#222", "#26c", "#283", "#c22", "#d80", "#999"


def _scaled(points: Points, by: float) -> list[tuple[float, float]]:
    return [(at, value * by) for at, value in points]


def link_panel(recording: Recording, direction: str, capacity: Points, name: str) -> Panel:
    """Return what the path was offered and carried beside what it could carry, Mbit/s."""
    packets = recording.packets[direction]
    through = [packet for packet in packets if packet.delivered]
    lines = [
        Line("capacity", _scaled(capacity, 1e-6), BLACK, step=True),
        Line("offered", _scaled(per_second(packets, 0, recording.seconds), 1e-6), BLUE),
        Line("came through", _scaled(per_second(through, 0, recording.seconds), 1e-6), GREEN),
        Line("estimate", _scaled(recording.estimates(name), 1e-6), RED, step=True),
    ]
    highest = max((bits for _, bits in capacity), default=5_000_000)
    return Panel("Mbit/s", lines, top=highest * 1.3e-6, height=200)


def queue_panel(recording: Recording, direction: str) -> Panel:
    """Return how long packets waited in the path's queue, ms."""
    waits = queueing(recording.packets[direction], 0, recording.seconds)
    return Panel("queueing delay, ms", [Line("95 % below", _scaled(waits, 1000), ORANGE)])


def picture_panel(recording: Recording, viewers: Sequence[str], name: str = PUBLISHER) -> Panel:
    """Return the height of what each viewer saw; the freezes of the first one are shaded."""
    lines = [
        Line(viewer, [(f.at, f.height) for f in recording.frames(viewer, name)], colour, step=True)
        for viewer, colour in zip(viewers, (GREEN, BLUE, ORANGE), strict=False)
    ]
    frozen = freezes(recording.frames(viewers[0], name), 0, recording.seconds)
    bars = [(each.start, each.start + each.seconds) for each in frozen]
    return Panel("height of the picture (red: no new frame)", lines, top=800, bars=bars)


def frames_panel(recording: Recording, viewer: str, name: str = PUBLISHER) -> Panel:
    """Return the frames shown in each second."""
    times = [frame.at for frame in recording.frames(viewer, name)]
    rates = [
        (float(second), float(sum(second - 1 <= at < second for at in times)))
        for second in range(1, int(recording.seconds) + 1)
    ]
    return Panel("frames a second", [Line(viewer, rates, BLUE, step=True)], top=35, height=90)


def sent_panel(recording: Recording, name: str = PUBLISHER) -> Panel:
    """Return what a publisher sent, Mbit/s, and how often a keyframe was asked of it."""
    samples = list(recording.samples(name))
    rates = [
        (
            after,
            8e-6
            * (outbound(then, "video", "bytesSent") - outbound(now, "video", "bytesSent"))
            / (after - before),
        )
        for (before, now), (after, then) in zip(samples[::5], samples[5::5], strict=False)
    ]
    asked = [(at, outbound(sample, "video", "pliCount")) for at, sample in samples]
    lines = [Line("video sent, Mbit/s", rates, BLUE), Line("PLI so far", asked, RED, step=True)]
    return Panel(f"{name}'s encoder", lines, height=110)


def viewer_panels(recording: Recording) -> list[Panel]:
    """Return the charts of one viewer behind the path."""
    capacity = recording.facts["capacity"]["down"]
    return [
        link_panel(recording, "down", capacity, VIEWER),
        queue_panel(recording, "down"),
        picture_panel(recording, [VIEWER]),
        frames_panel(recording, VIEWER),
        sent_panel(recording),
    ]
