"""Two calls of twelve others each, rendered at once on one machine, while somebody writes."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.process.daemon import Daemon
from tests.process.patience import eventually

OTHERS = 12
CROWD = Path(__file__).with_name("crowd.js").read_text()
WRITTEN = "Whoever writes while twelve others come and go misses no letter of it. " * 2
LIMIT = 100
"""Milliseconds: what takes longer can be felt (RAIL)."""

WATCH = """() => {
    window.tasks = [];
    window.inputs = [];
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.tasks.push(duration);
    }).observe({ type: "longtask" });
    new PerformanceObserver((list) => {
        for (const { name, duration, processingStart, startTime } of list.getEntries())
            if (name === "keydown") window.inputs.push([duration, processingStart - startTime]);
    }).observe({ type: "event", durationThreshold: 16 });
}"""


def playing(viewer: Participant) -> int:
    """Return how many of the others' videos have shown something."""
    return int(
        viewer.page.run(
            "() => [...document.querySelectorAll('.tile:not([data-peer=self]) video')]"
            ".filter((video) => video.getVideoPlaybackQuality().totalVideoFrames > 5).length"
        )
    )


def sees_all(viewer: Participant, others: int) -> None:
    """Wait until the viewer sees so many others."""
    eventually(lambda: playing(viewer) == others, within=60, why=f"{others} to be seen")


def busy() -> float:
    """Return how many others want this machine's cores: 1 is as many as there are."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def test_two_calls_of_twelve_drop_no_input(
    daemon: Daemon, person: PersonFactory, measure: Callable[[str, str], None], artifacts: Path
) -> None:
    crowd, viewers = person("carol"), [person("alice"), person("bob")]
    before = busy()
    crowd.open(daemon.url)
    crowd.page.run(CROWD, list(COLOURS.values()))
    for number, viewer in enumerate(viewers):
        chromium_of(viewer).resize(1100, 700)
        crowd.page.run(
            "(room, count) => window.crowd.gather(room, count)", f"call-{number}", OTHERS
        )
        viewer.join(daemon.url, f"call-{number}")
    for viewer in viewers:
        sees_all(viewer, OTHERS)
        viewer.page.click("Chat")
        viewer.page.run(WATCH)
    crowd.page.run("() => { window.crowd.liven(500); }")
    for viewer in viewers:
        window = chromium_of(viewer)
        window.browser.start_tracing(page=window.page, categories=["toplevel", "devtools.timeline"])
    for letter in WRITTEN:
        for viewer in viewers:
            chromium_of(viewer).page.keyboard.type(letter)
        viewer.page.run("() => new Promise((resolve) => setTimeout(resolve, 80))")
    for viewer in viewers:
        chromium_of(viewer).screenshot(artifacts / f"{viewer.name}-twelve.png")
        assert viewer.page.run("() => document.querySelector('textarea').value") == WRITTEN
    for viewer in viewers:
        trace = chromium_of(viewer).browser.stop_tracing()
        (artifacts / f"{viewer.name}.trace").write_bytes(trace)
    tasks = [task for viewer in viewers for task in viewer.page.run("() => window.tasks")]
    inputs = [each for viewer in viewers for each in viewer.page.run("() => window.inputs")]
    slow = sorted(duration for duration, _ in inputs) or [16]
    longest = max(tasks, default=0)
    measure(
        "two calls of twelve: longest task of the pages",
        f"{longest:.0f} ms (of {len(tasks)} of 50 ms and more; load before: {before:.1f})",
    )
    measure(
        "two calls of twelve: key to picture",
        f"median {slow[len(slow) // 2]:.0f} ms, longest {slow[-1]:.0f} ms",
    )
    assert longest < LIMIT
