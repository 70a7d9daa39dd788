"""The publisher's own link becomes narrow, or loses packets."""

import time
from collections.abc import Callable, Sequence

from benchmarks.quality.analysis import (
    first,
    freezes,
    growth,
    outbound,
    per_second,
    queueing,
    settled,
)
from benchmarks.quality.charts import (
    frames_panel,
    link_panel,
    picture_panel,
    queue_panel,
    sent_panel,
)
from benchmarks.quality.drawing import Panel
from benchmarks.quality.losses import sent_frames
from benchmarks.quality.marks import Mark
from benchmarks.quality.people import Cast
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import Frame, Recording
from benchmarks.quality.scenario import (
    DELAY,
    PUBLISHER,
    QUEUE,
    TOP,
    Facts,
    Scenario,
    Stage,
)

VIEWERS = ("bob", "cid")
FALLS, RECOVERS, ENDS = 10.0, 30.0, 55.0
LOW = 800_000
NARROW, OPENS, OPENED = 300_000, 5.0, 35.0
TOGETHER = 1.0
"""Seconds by which one viewer may see a change after the other."""


def _play(seconds: float) -> Callable[[Cast, Stage], Facts]:
    def play(cast: Cast, stage: Stage) -> Facts:
        publisher = cast.seat(PUBLISHER, far=True, films=True)
        viewers = [cast.seat(name) for name in VIEWERS]
        publisher.join()
        for seat in viewers:
            seat.join()
        time.sleep(4)
        found = [cast.settle(seat, PUBLISHER, TOP, within=15) for seat in viewers]
        stage.go()
        stage.until(seconds)
        return {"top after": found}

    return play


def _play_narrow(cast: Cast, stage: Stage) -> Facts:
    cast.seat(PUBLISHER, far=True, films=True).join()
    for name in VIEWERS:
        cast.seat(name).join()
    time.sleep(4)
    stage.go()
    stage.until(OPENED)
    return {}


def apart(one: Sequence[Frame], other: Sequence[Frame], start: float, end: float) -> float:
    """Return the seconds in which two viewers saw different sizes, ``TOGETHER`` aside each time."""
    events = sorted([(f.at, 0, f.height) for f in one] + [(f.at, 1, f.height) for f in other])
    seen = [0, 0]
    since: float | None = None
    total = 0.0
    for at, who, height in events:
        seen[who] = height
        if not start <= at < end:
            continue
        if seen[0] != seen[1] and since is None:
            since = at
        elif seen[0] == seen[1] and since is not None:
            total += max(0.0, at - since - TOGETHER)
            since = None
    return total + (max(0.0, end - since - TOGETHER) if since is not None else 0.0)


def _judge_drop(recording: Recording) -> list[Mark]:
    up = recording.packets["up"]
    frames = [recording.frames(name, PUBLISHER) for name in VIEWERS]
    samples = list(recording.samples(PUBLISHER))
    asked = growth([(at, outbound(each, "video", "pliCount")) for at, each in samples], 0, ENDS)
    frozen = [freezes(each, FALLS, ENDS) for each in frames]
    offered = max((bits for _, bits in per_second(up, FALLS + 3, RECOVERS)), default=0)
    waits = queueing(up, FALLS, RECOVERS)
    top = first(frames[0], RECOVERS, lambda frame: frame.height == TOP) - RECOVERS
    return [
        Mark("keyframes asked of the publisher", asked / ENDS, "/s", at_most=0.5),
        Mark(
            "viewers saw different sizes", apart(frames[0], frames[1], FALLS, ENDS), "s", at_most=2
        ),
        *(
            Mark(f"{name}: longest freeze", max((f.seconds for f in each), default=0), "s")
            for name, each in zip(VIEWERS, frozen, strict=True)
        ),
        *(
            Mark(f"{name}: frozen in all", sum(f.seconds for f in each), "s")
            for name, each in zip(VIEWERS, frozen, strict=True)
        ),
        Mark("offered in the worst second, of the link", offered / LOW, "x"),
        Mark("queueing below 200 ms after", settled(waits, lambda wait: wait < 0.2) - FALLS, "s"),
        Mark("top layer again after", top, "s"),
    ]


def _judge_opened(recording: Recording) -> list[Mark]:
    up = recording.packets["up"]
    seconds = per_second(up, OPENED - 10, OPENED)
    return [
        *(
            Mark(
                f"{name}: top layer after",
                first(recording.frames(name, PUBLISHER), OPENS, lambda frame: frame.height == TOP)
                - OPENS,
                "s",
            )
            for name in VIEWERS
        ),
        Mark("sent in the end", sum(bits for _, bits in seconds) / len(seconds) / 1e6, "Mbit/s"),
    ]


def _judge_loss(recording: Recording) -> list[Mark]:
    samples = list(recording.samples(PUBLISHER))
    asked = growth([(at, outbound(each, "video", "pliCount")) for at, each in samples], 0, ENDS)
    sent = sent_frames(recording, 0, ENDS)
    marks = [Mark("keyframes asked of the publisher", asked / ENDS, "/s", at_most=0.5)]
    for name in VIEWERS:
        frames = recording.frames(name, PUBLISHER)
        frozen = sum(each.seconds for each in freezes(frames, 0, ENDS))
        shown = sum(0 <= frame.at < ENDS for frame in frames)
        marks += [
            Mark(f"{name}: frames shown, of those sent", 100 * shown / max(sent, 1), "%"),
            Mark(f"{name}: frozen", 100 * frozen / ENDS, "%"),
        ]
    return marks


def _panels(recording: Recording) -> list[Panel]:
    return [
        link_panel(recording, "up", recording.facts["capacity"]["up"], ""),
        queue_panel(recording, "up"),
        picture_panel(recording, VIEWERS),
        frames_panel(recording, VIEWERS[0]),
        sent_panel(recording),
    ]


def uplinks() -> list[Scenario]:
    """Return a publisher's link that falls and recovers, one that opens, and one that loses."""
    rates = ((0.0, 5_000_000), (FALLS, LOW), (RECOVERS, 5_000_000))
    falls = Profile(rates=rates, delay=DELAY, queue=QUEUE)
    opens = Profile(rates=((0.0, NARROW), (OPENS, 5_000_000)), delay=DELAY, queue=QUEUE)
    loses = Profile(rates=rates[:1], delay=DELAY, queue=QUEUE, loss=5)
    down = Profile(delay=DELAY)
    play = _play(ENDS)
    return [
        Scenario(
            "uplink",
            "The publisher's link: 5 → 0.8 → 5 Mbit/s",
            down,
            falls,
            ENDS,
            play,
            _judge_drop,
            _panels,
        ),
        Scenario(
            "uplink-opens",
            "The publisher's link: 0.3 → 5 Mbit/s",
            down,
            opens,
            OPENED,
            _play_narrow,
            _judge_opened,
            _panels,
        ),
        Scenario(
            "uplink-loss",
            "The publisher's link loses 5 % of the packets",
            down,
            loses,
            ENDS,
            play,
            _judge_loss,
            _panels,
        ),
    ]
