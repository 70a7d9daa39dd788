"""Looks at the page in a state of it, in windows of several sizes: what is wrong, and a picture."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.accessibility import findings, too_small
from tests.browser.participant import Participant, chromium_of

SIZES: Mapping[str, tuple[int, int]] = {
    "desktop": (1100, 700),
    "phone": (390, 844),
    "landscape": (780, 360),
}
SETTLED = """async () => {
    // Twice the frame after which nothing is under way any more.
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let n = 0; n < 2; n++) {
        await frame();
        await Promise.all(
            document.getAnimations()
                .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
                .map((one) => one.finished.catch(() => undefined)));
    }
}"""
# What lies in what is scrolled, or is cut off with the tile it is in, is where it belongs.
OUTSIDE = """() => [...document.querySelectorAll(
    "article.tile, button, input, select, textarea, [role=alert], .notice")]
    .filter((e) => e.checkVisibility())
    .filter((e) => !e.closest(".people-list, .scrolled, .messages, dialog, .statistics"))
    .filter((e) => {
        const { left, top, right, bottom } = e.getBoundingClientRect();
        const below = document.documentElement.scrollHeight - scrollY;
        return left < 0 || top < -scrollY || right > innerWidth + 1 || bottom > below + 1;
    })
    .map((e) => `outside: ${e.outerHTML.slice(0, 120)}`)"""
SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth"


class Look:
    """Collects what is wrong with a page, state by state."""

    def __init__(self, artifacts: Path, *, pictures: bool) -> None:
        self._artifacts = artifacts
        self._pictures = pictures
        self.wrong: dict[str, list[str]] = {}

    def at(self, person: Participant, state: str, sizes: Collection[str] = SIZES) -> None:
        """Look at what somebody has before them now, in windows of these sizes."""
        page = chromium_of(person).page
        before = page.viewport_size
        assert before is not None
        for name in sizes:
            width, height = SIZES[name]
            chromium_of(person).resize(width, height)
            person.page.run(SETTLED)
            found = [*findings(person), *too_small(person), *person.page.run(OUTSIDE)]
            if person.page.run(SIDEWAYS):
                found.append("scrolls sideways")
            if found:
                self.wrong[f"{state}, {name}"] = found
            if found or self._pictures:
                page.screenshot(path=self._artifacts / f"{state}-{name}.png")
        chromium_of(person).resize(before["width"], before["height"])


@contextmanager
def looking(artifacts: Path, *, pictures: bool = True) -> Iterator[Look]:
    """Give a ``Look``; nothing wrong may have been found at the end.

    Without ``pictures`` there are only those of what is wrong: to take one is much of a look.
    """
    look = Look(artifacts, pictures=pictures)
    yield look
    if look.wrong:
        pytest.fail("\n".join(f"{state}: {found}" for state, found in look.wrong.items()))
