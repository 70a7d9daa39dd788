"""Who is in the room: real Chromium pages at either end of the path."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType, sync_playwright

from benchmarks.quality.path import NEAR_ADDRESS, BadPath
from tests.browser import chromium as chromium_browser
from tests.browser.chromium import ChromiumBrowser
from tests.browser.participant import Device, Participant
from tests.browser.patterns import write_camera, write_tone
from tests.process.daemon import Daemon

WATCH = Path(__file__).with_name("watch.js").read_text()
ROOM = "quality"


@dataclass(frozen=True)
class Picture:
    """A camera, and a window in which a tile is large enough to be worth its best encoding."""

    camera: tuple[int, int]
    fps: int
    window: tuple[int, int]
    """CSS pixels."""


HD = Picture((1280, 720), 30, (1440, 860))
LIGHT = Picture((640, 360), 15, (1100, 700))
"""For four browsers on two cores: with ``HD`` they are what is bad, not the network."""


@dataclass
class Seat:
    """Somebody in the room, and what their page has noted."""

    person: Participant
    browser: ChromiumBrowser
    url: str

    @property
    def name(self) -> str:
        """The name on their tile."""
        return self.person.name

    def join(self) -> None:
        """Join, and wait until in the call."""
        self.person.join(self.url, ROOM)

    def height_of(self, name: str) -> int:
        """Return the height of what is seen of ``name`` now."""
        return int(self.person.see("size", name)[1])

    def watched(self) -> dict[str, Any]:
        """Return what ``watch.js`` has noted."""
        noted: dict[str, Any] = self.browser.page.evaluate("() => window.watched")
        return noted


@dataclass
class Cast:
    """Makes people and knows them all."""

    chromium: BrowserType
    path: BadPath
    daemon: Daemon
    folder: Path
    picture: Picture = HD
    seats: list[Seat] = field(default_factory=list)

    def seat(self, name: str, *, far: bool = False, films: bool = False) -> Seat:
        """Put somebody at an end of the path; one who films has a camera and a microphone."""
        size, fps, window = self.picture.camera, self.picture.fps, self.picture.window
        pattern = "RGBY" if films else "GBYR"
        device = Device(
            name,
            pattern,
            500,
            write_camera(self.folder / f"{name}.y4m", pattern, size, fps)
            if films
            else self.folder / "none",
            write_tone(self.folder / f"{name}.wav", 500),
        )
        network = self.path.far if far else self.path.near
        url = f"http://{NEAR_ADDRESS}:{self.daemon.http_port}" if far else self.daemon.url
        # Else there is no camera for a page that is not from this machine.
        secure = f"--unsafely-treat-insecure-origin-as-secure={url}"
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        program = network.wrapper(folder, "/usr/bin/chromium", secure)
        browser = chromium_browser.launch(
            self.chromium,
            camera=device.camera,
            tone=device.sound,
            executable=str(program),
            devices="working" if films else "none",
        )
        browser.page.set_viewport_size({"width": window[0], "height": window[1]})
        browser.page.add_init_script(f"({WATCH})()")
        seat = Seat(Participant(device, browser), browser, url)
        self.seats.append(seat)
        return seat

    def settle(self, viewer: Seat, name: str, height: int, *, within: float) -> float:
        """Wait until ``viewer`` has seen ``name`` at ``height`` for 3 s; give up silently.

        Returns the seconds until it was so high.
        """
        started = time.monotonic()
        since: float | None = None
        while time.monotonic() - started < within:
            now = time.monotonic()
            if viewer.height_of(name) != height:
                since = None
            elif since is None:
                since = now
            elif now - since >= 3:
                return since - started
            time.sleep(0.1)
        return float("inf")


@contextmanager
def browsers() -> Iterator[BrowserType]:
    """Run Playwright's driver of Debian's Chromium."""
    with sync_playwright() as playwright:
        yield playwright.chromium


@contextmanager
def cast(
    chromium: BrowserType, path: BadPath, daemon: Daemon, folder: Path, picture: Picture
) -> Iterator[Cast]:
    """Make a cast; all browsers are gone at the end."""
    people = Cast(chromium, path, daemon, folder, picture)
    with ExitStack() as stack:
        stack.callback(_quit, people.seats)
        yield people


def _quit(seats: list[Seat]) -> None:
    for seat in seats:
        seat.browser.quit()
