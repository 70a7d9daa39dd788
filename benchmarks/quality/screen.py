"""A shared screen of small text, on a narrow link."""

import base64
import time
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.quality.analysis import quantile, queueing
from benchmarks.quality.charts import viewer_panels
from benchmarks.quality.marks import Mark
from benchmarks.quality.people import Cast, Seat
from benchmarks.quality.profile import Profile
from benchmarks.quality.reading import GRAB, SHOW, readable, text
from benchmarks.quality.recording import Recording
from benchmarks.quality.scenario import (
    DELAY,
    PUBLISHER,
    QUEUE,
    VIEWER,
    Facts,
    Play,
    Scenario,
    Stage,
)
from tests.browser.chromium import CAPTURED_TITLE

SHARES = 3.0
SCROLLS, STILL, ENDS = 12.0, 32.0, 40.0
READ_AFTER = 2.0


def _prepare(seat: Seat, lines: list[str]) -> Page:
    """Open the tab that the picker will choose."""
    tab = seat.browser.context.new_page()
    tab.goto(f"{seat.url}/readyz")
    tab.evaluate(SHOW, [CAPTURED_TITLE, lines])
    seat.browser.page.bring_to_front()
    return tab


def _grab(viewer: Seat, file: Path) -> str:
    png: str = viewer.browser.page.evaluate(GRAB, PUBLISHER)
    file.write_bytes(base64.b64decode(png.partition(",")[2]))
    return png


def _play(seed: int) -> Play:
    def play(cast: Cast, stage: Stage) -> Facts:
        publisher, viewer = cast.seat(PUBLISHER, films=True), cast.seat(VIEWER, far=True)
        publisher.join()
        viewer.join()
        lines = text(seed)
        tab = _prepare(publisher, lines)
        time.sleep(8)
        stage.go()
        stage.until(SHARES)
        publisher.browser.click("Share my screen")
        clicked = stage.now
        stage.until(clicked + READ_AFTER)
        early = _grab(viewer, cast.folder / "after-2-s.png")
        stage.until(SCROLLS)
        before = _grab(viewer, cast.folder / "still.png")
        tab.evaluate("() => window.scrolling(true)")
        stage.until(STILL)
        tab.evaluate("() => window.scrolling(false)")
        stage.until(STILL + READ_AFTER)
        late = _grab(viewer, cast.folder / "after-scrolling.png")
        stage.until(ENDS)
        original = tab.screenshot(path=cast.folder / "original.png")
        whole = "data:image/png;base64," + base64.b64encode(original).decode()
        desk = viewer.browser.context.new_page()
        pictures = {
            "original": whole,
            "after 2 s": early,
            "still": before,
            "after scrolling": late,
        }
        return {
            "shared": clicked,
            "size": tab.viewport_size,
            "read": {name: readable(desk, png, lines) for name, png in pictures.items()},
        }

    return play


def screen(capacity: int, *, read: float | None) -> Scenario:
    """Return a link on which a screen is shared; ``read``: percent to be read after 2 s."""

    def judge(recording: Recording) -> list[Mark]:
        facts = recording.facts
        full = facts["size"]["height"]
        frames = recording.frames(VIEWER, PUBLISHER)
        shown = next((f.at for f in frames if f.height == full), float("inf"))
        of_screen = [frame for frame in frames if frame.at >= shown]
        moving = [frame for frame in of_screen if SCROLLS <= frame.at < STILL]
        waits = queueing(recording.packets["down"], SCROLLS, STILL)
        times = [SCROLLS, *(frame.at for frame in moving), STILL]
        gap = max(after - before for before, after in pairwise(times))
        percent = {name: 100 * share for name, share in facts["read"].items()}
        return [
            Mark("screen shown after", shown - facts["shared"], "s"),
            Mark(
                "smallest height shown, of the full one",
                100 * min((f.height for f in of_screen), default=0) / full,
                "%",
                at_least=100,
            ),
            Mark("read after 2 s", percent["after 2 s"], "%", at_least=read),
            Mark("read when still", percent["still"], "%"),
            Mark("read 2 s after scrolling", percent["after scrolling"], "%"),
            Mark("read of the original", percent["original"], "%"),
            Mark("frames while scrolling", len(moving) / (STILL - SCROLLS), "/s"),
            Mark("longest wait for a frame while scrolling", gap, "s"),
            Mark("queueing, 95th percentile", 1000 * quantile([w for _, w in waits], 0.95), "ms"),
        ]

    return Scenario(
        f"screen-{capacity // 1_000_000}m",
        f"A page of 10-point text shared at {capacity / 1e6:g} Mbit/s; it scrolls from 12 to 32 s",
        Profile(rates=((0.0, capacity),), delay=DELAY, queue=QUEUE),
        Profile(delay=DELAY),
        ENDS,
        _play(capacity),
        judge,
        viewer_panels,
    )
