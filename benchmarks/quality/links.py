"""Links that are narrow, or become so: the viewer's capacity falls and recovers."""

from benchmarks.quality.analysis import (
    first,
    freezes,
    per_second,
    quantile,
    queueing,
    settled,
    share_of_time,
    switches,
    used,
)
from benchmarks.quality.charts import viewer_panels
from benchmarks.quality.marks import Mark
from benchmarks.quality.profile import Profile
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import (
    DELAY,
    PUBLISHER,
    QUEUE,
    TOP,
    VIEWER,
    Scenario,
    one_viewer,
)

FALLS, RECOVERS, ENDS = 10.0, 35.0, 55.0
LOW = 800_000
STEADY = 30.0


def _judge_drop(recording: Recording) -> list[Mark]:
    down = recording.packets["down"]
    frames = recording.frames(VIEWER, PUBLISHER)
    frozen = freezes(frames, FALLS, ENDS)
    offered = per_second(down, FALLS + 2, RECOVERS)
    waits = queueing(down, FALLS, RECOVERS)
    lower = first(frames, FALLS, lambda frame: 0 < frame.height < TOP) - FALLS
    top = first(frames, RECOVERS, lambda frame: frame.height == TOP) - RECOVERS
    low_estimates = [v for at, v in recording.estimates(VIEWER) if FALLS + 5 <= at < RECOVERS]
    return [
        Mark("lower layer after", lower, "s", at_most=2),
        Mark("longest freeze", max((each.seconds for each in frozen), default=0), "s", at_most=0.8),
        Mark("frozen in all", sum(each.seconds for each in frozen), "s"),
        Mark(
            "offered in the worst second, of the link",
            max((bits for _, bits in offered), default=0) / LOW,
            "x",
            at_most=1.2,
        ),
        Mark(
            "used of the low link",
            100 * used(down, FALLS + 2, RECOVERS) / LOW,
            "%",
            at_least=60,
        ),
        Mark(
            "queueing below 200 ms after",
            settled(waits, lambda wait: wait < 0.2) - FALLS,
            "s",
            at_most=5,
        ),
        Mark(
            "queueing, 95th percentile, settled",
            1000 * quantile([w for at, w in waits if at > FALLS + 5], 0.95),
            "ms",
        ),
        Mark("top layer again after", top, "s", at_most=10),
        Mark("switches of size", switches(frames, FALLS, ENDS)),
        Mark("estimate on the low link, median, of it", quantile(low_estimates, 0.5) / LOW, "x"),
    ]


def drop() -> Scenario:
    """Return a link of 5 Mbit/s that falls to 0.8 Mbit/s and recovers."""
    rates = ((0.0, 5_000_000), (FALLS, LOW), (RECOVERS, 5_000_000))
    return Scenario(
        "drop",
        "The viewer's link: 5 → 0.8 → 5 Mbit/s",
        Profile(rates=rates, delay=DELAY, queue=QUEUE),
        Profile(delay=DELAY),
        ENDS,
        one_viewer(ENDS),
        _judge_drop,
        viewer_panels,
    )


def steady(capacity: int) -> Scenario:
    """Return a link that stays as it is."""

    def judge(recording: Recording) -> list[Mark]:
        half = STEADY / 2
        estimates = [value for at, value in recording.estimates(VIEWER) if at >= half]
        frames = recording.frames(VIEWER, PUBLISHER)
        frozen = freezes(frames, 0, STEADY)
        shown = share_of_time(frames, half, STEADY)
        waits = [wait for _, wait in queueing(recording.packets["down"], half, STEADY)]
        return [
            Mark(
                "estimate, median, of the link",
                quantile(estimates, 0.5) / capacity,
                "x",
                at_least=0.7,
                at_most=1.05,
            ),
            Mark("estimate, 5th percentile", quantile(estimates, 0.05) / capacity, "x"),
            Mark("estimate, 95th percentile", quantile(estimates, 0.95) / capacity, "x"),
            Mark("used", 100 * used(recording.packets["down"], half, STEADY) / capacity, "%"),
            Mark("queueing, 95th percentile", 1000 * quantile(waits, 0.95), "ms"),
            Mark("longest freeze", max((each.seconds for each in frozen), default=0), "s"),
            Mark("frozen in all", sum(each.seconds for each in frozen), "s"),
            Mark("most shown height", max(shown, key=lambda height: shown[height], default=0)),
            Mark("switches of size", switches(frames, half, STEADY)),
        ]

    name = f"{capacity // 1000}k"
    return Scenario(
        f"steady-{name}",
        f"The viewer's link: {capacity / 1e6:g} Mbit/s all the time",
        Profile(rates=((0.0, capacity),), delay=DELAY, queue=QUEUE),
        Profile(delay=DELAY),
        STEADY,
        one_viewer(STEADY),
        judge,
        viewer_panels,
    )
