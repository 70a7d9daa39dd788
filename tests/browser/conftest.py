"""Fixtures of the tests with real browsers."""

import asyncio
import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserType, Error, sync_playwright

from tests.browser.chromium import ChromiumBrowser, Chromiums, Devices
from tests.browser.languages import by_turns
from tests.browser.participant import Device, DeviceFactory, Participant, PersonFactory
from tests.browser.patterns import write_camera, write_tone
from tests.process.daemon import loaded_once

PEOPLE = {
    "alice": ("RGBY", 500),
    "bob": ("GBYR", 900),
    "carol": ("BYRG", 1300),
    "dave": ("YRGB", 1700),
}
SMALL = ((640, 360), 10)
"""Camera size and frame rate that leave two cores room for four browsers."""


# Not for the session: between its calls Playwright leaves an asyncio loop suspended in
# this thread, which tests under trio would meet. There are none in this folder.
@pytest.fixture(scope="package")
def chromium() -> Iterator[BrowserType]:
    """Playwright's driver of Debian's Chromium."""
    # Once trio-asyncio is imported, a loop made without an explicit policy is one of trio's.
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    try:
        with sync_playwright() as playwright:
            yield playwright.chromium
    finally:
        asyncio.set_event_loop_policy(None)


@pytest.fixture(scope="package", autouse=True)
def loaded() -> Iterator[None]:
    """Daemons start quickly: what they are started by is not what these tests are about."""
    with loaded_once():
        yield


@pytest.fixture(scope="package")
def chromiums(chromium: BrowserType) -> Iterator[Chromiums]:
    """Browsers for ``person``."""
    browsers = Chromiums(chromium)
    yield browsers
    browsers.quit()


@pytest.fixture(scope="session")
def devices(tmp_path_factory: pytest.TempPathFactory) -> DeviceFactory:
    """Cameras and microphones, made when first asked for."""
    folder = tmp_path_factory.mktemp("devices")
    made: dict[tuple[str, tuple[int, int]], Device] = {}

    def device(name: str, size: tuple[int, int] = SMALL[0], fps: int = SMALL[1]) -> Device:
        if (name, size) not in made:
            pattern, tone = PEOPLE[name]
            stem = f"{name}-{size[0]}"
            made[name, size] = Device(
                name,
                pattern,
                tone,
                write_camera(folder / f"{stem}.y4m", pattern, size, fps),
                write_tone(folder / f"{stem}.wav", tone),
            )
        return made[name, size]

    return device


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave each test in one language, where that is asked for: ``make test`` does."""
    if os.environ.get("BROWSER_LANGUAGES") != "by-turns":
        return
    left_out = by_turns(item.nodeid for item in items)
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note of a test that it has failed, for its fixtures."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def person(
    request: pytest.FixtureRequest, chromiums: Chromiums, devices: DeviceFactory, artifacts: Path
) -> Iterator[PersonFactory]:
    """Make people by name, each in a Chromium of their own; all have left at the end.

    What their consoles said is kept under ``artifacts/``, and of a test that has failed what they
    saw last: to draw that takes a good part of a second.
    """
    browsers: list[tuple[str, ChromiumBrowser]] = []

    def make(
        name: str,
        size: tuple[int, int] = SMALL[0],
        fps: int = SMALL[1],
        language: str = "en-US",
        executable: str = "/usr/bin/chromium",
        equipment: Devices = "working",
    ) -> Participant:
        device = devices(name, size, fps)
        browser = chromiums.take(
            camera=device.camera,
            tone=device.sound,
            language=language,
            executable=executable,
            devices=equipment,
        )
        browsers.append((name, browser))
        return Participant(device, browser)

    yield make
    for name, browser in browsers:
        if request.node.stash.get(FAILED, False):
            with contextlib.suppress(Error):  # killed by the test
                browser.screenshot(artifacts / f"{name}.png")
        (artifacts / f"{name}-console.log").write_text("\n".join(browser.console) + "\n")
        chromiums.give_back(browser)
