"""Time joins of a real Chromium page on loopback."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.chromium import ChromiumBrowser
from tests.process.patience import eventually

ROOM = "join"
WATCH = (Path(__file__).with_name("watch.js")).read_text()

STEPS = ("socket", "joined", "answer", "ice connected", "connected", "slot-shows", "frame")
"""The steps in their usual order; times are milliseconds since the socket was opened."""

Join = dict[str, float]


def time_joins(browser: ChromiumBrowser, url: str, joins: int) -> list[Join]:
    """Join a room where somebody is filmed, ``joins`` times, each in a fresh page."""
    timed = []
    for number in range(joins):
        page = browser.context.new_page()
        try:
            timed.append(_time_join(page, f"{url}/{ROOM}?name=guest{number}&join"))
        finally:
            page.close()
    return timed


def _time_join(page: Page, url: str) -> Join:
    page.add_init_script(f"({WATCH})()")
    page.goto(url)
    # Not wait_for_function(): the page's content security policy forbids its eval().
    eventually(
        lambda: "frame" in page.evaluate("window.joinSteps"), within=20, why="the first frame"
    )
    steps: Join = page.evaluate("window.joinSteps")
    return steps


def summary(joins: Sequence[Join]) -> dict[str, dict[str, float]]:
    """Return median, fastest and slowest of every step."""
    return {
        step: {"median": statistics.median(times), "min": min(times), "max": max(times)}
        for step in STEPS
        if (times := [join[step] for join in joins if step in join])
    }


def table(joins: Sequence[Join]) -> Iterable[str]:
    """Yield the lines of a table of ``summary``."""
    yield f"{'ms since the socket was opened':<32}{'median':>9}{'min':>9}{'max':>9}"
    for step, times in summary(joins).items():
        yield f"{step:<32}" + "".join(f"{times[key]:>9.1f}" for key in ("median", "min", "max"))
