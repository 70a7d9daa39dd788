"""Two calls of twelve others each, rendered at once on one machine, while somebody writes."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.process.daemon import Daemon
from tests.process.patience import eventually

OTHERS = 12
CROWD = Path(__file__).with_name("crowd.js").read_text()
WRITTEN = "Whoever writes while twelve others come and go misses no letter of it. " * 2
LIMIT = 100
"""Milliseconds: what takes longer can be felt (RAIL)."""

# The crowd's machines are others: it takes what is left of this one, and may not put its own
# threads before those of the pages that are looked at. Linux shares the cores among sessions
# first (sched(7), autogroup), and a browser is one.
ELSEWHERE = """#!/bin/sh
[ ! -e /proc/self/autogroup ] || echo 19 > /proc/self/autogroup
exec nice -n 19 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice {program} "$@"
"""

QUIET = 0.3
"""Of ``busy()``, up to which a task takes as long as its work does."""

# From a key to the picture with its letter.
WATCH = """() => {
    window.inputs = [];
    new PerformanceObserver((list) => {
        for (const { name, duration } of list.getEntries())
            if (name === "keydown") window.inputs.push(duration);
    }).observe({ type: "event", durationThreshold: 16 });
}"""


@dataclass(frozen=True)
class Task:
    """What the page's thread did in one go, in milliseconds."""

    duration: float
    work: float
    """Without what others have taken of the core meanwhile."""


def tasks(trace: bytes) -> list[Task]:
    """Return the tasks of pages from Chromium's own trace."""
    events = json.loads(trace)["traceEvents"]
    pages = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        Task(event["dur"] / 1_000, event["tdur"] / 1_000)
        for event in events
        if (event["pid"], event["tid"]) in pages
        and event["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in event
    ]


def elsewhere(folder: Path) -> str:
    """Write a program that starts such a Chromium, for who takes only a path."""
    script = folder / "elsewhere"
    script.write_text(ELSEWHERE.format(program=CHROMIUM))
    script.chmod(0o755)
    return str(script)


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


@pytest.mark.skipif(
    "SOAK_CROWDS" not in os.environ, reason="SOAK_CROWDS: twice twelve want minutes (make soak)"
)
def test_two_calls_of_twelve_drop_no_input(
    daemon: Daemon,
    person: PersonFactory,
    measure: Callable[[str, str], None],
    artifacts: Path,
    tmp_path: Path,
) -> None:
    crowd = person("carol", executable=elsewhere(tmp_path))
    viewers = [person("alice"), person("bob")]
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
        window.browser.start_tracing(page=window.page, categories=["toplevel"])
    for letter in WRITTEN:
        for viewer in viewers:
            chromium_of(viewer).page.keyboard.type(letter)
        viewer.page.run("() => new Promise((resolve) => setTimeout(resolve, 80))")
    for viewer in viewers:
        chromium_of(viewer).screenshot(artifacts / f"{viewer.name}-twelve.png")
        assert viewer.page.run("() => document.querySelector('textarea').value") == WRITTEN
    done = [
        task for viewer in viewers for task in tasks(chromium_of(viewer).browser.stop_tracing())
    ]
    slow = sorted(each for viewer in viewers for each in viewer.page.run("() => window.inputs"))
    slow = slow or [16]
    longest, most = max(task.duration for task in done), max(task.work for task in done)
    measure(
        "two calls of twelve: longest task",
        f"{longest:.0f} ms, most work of one {most:.0f} ms (load before: {before:.1f})",
    )
    measure(
        "two calls of twelve: key to picture",
        f"median {slow[len(slow) // 2]:.0f} ms, longest {slow[-1]:.0f} ms",
    )
    assert len(done) > 1_000
    assert most < LIMIT
    assert longest < LIMIT or before > QUIET
