"""Make the pictures of the page in docs/images, from real calls.

Run by ``make screenshot``. The people are drawn, their cameras film the drawings, and what is
photographed is one participant's browser: a call with a shared screen, the chat of a French call,
a call on a phone, the statistics, the lobby, and a call whose server has just gone.
"""

import base64
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserType, sync_playwright

from tests.browser.chromium import CAPTURED_TITLE, ChromiumBrowser, open_window, start
from tests.browser.participant import Device, Participant
from tests.browser.patterns import COLOURS, write_tone
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually
from tools.portraits import SLIDE, portraits

TARGET: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
CROWD: Final = Path("tests/browser/crowd.js").read_text()
DESKTOP: Final = (1280, 720)
SMALLER: Final = (1000, 600)
PHONE: Final = (390, 760)
ROOM: Final = "tuesday-sync"
SHARP: Final = 4_000
"""Milliseconds until the encoders have made a picture sharp."""


class Studio:
    """A daemon, somebody with a browser whose camera films them, and others who have come."""

    def __init__(self, driver: BrowserType, folder: Path, daemon: Daemon) -> None:
        self._driver = driver
        self._folder = folder
        self.daemon = daemon
        self._drawn = portraits(driver)
        self._browsers: list[Browser] = []

    def person(
        self, name: str, size: tuple[int, int] = DESKTOP, language: str = "en-US"
    ) -> tuple[Participant, ChromiumBrowser]:
        """Give somebody a browser with a window."""
        camera = self._folder / f"{name}.mjpeg"
        camera.write_bytes(self._drawn[name] * 2)
        device = Device(name, "", 440, camera, write_tone(self._folder / f"{name}.wav", 440))
        browser = start(self._driver, camera=camera, tone=device.sound)
        self._browsers.append(browser)
        window = open_window(browser, language=language, size=size)
        return Participant(device, window), window

    def crowd(self, room: str, names: tuple[str, ...]) -> ChromiumBrowser:
        """Have others come, all from one browser."""
        _, window = self.person("Mei")
        window.open(self.daemon.url)
        window.run(CROWD, list(COLOURS.values()), [640, 360, 10])
        for name in names:
            picture = base64.b64encode(self._drawn[name]).decode()
            window.run("(...all) => window.crowd.come(...all)", room, name, picture)
        return window

    def close(self) -> None:
        """End all browsers."""
        for browser in self._browsers:
            browser.close()
        self._browsers.clear()


def all_seen(viewer: Participant, others: int) -> None:
    """Wait until all cameras are there, and sharp."""
    seen = """() => [...document.querySelectorAll(".tile:not([data-peer=self]) video")]
        .filter((video) => video.videoWidth > 0).length"""
    eventually(lambda: viewer.page.run(seen) == others, within=30, why=f"{others} to be seen")


def take(window: ChromiumBrowser, name: str) -> None:
    """Take the picture."""
    window.page.wait_for_timeout(SHARP)
    window.screenshot(TARGET / name)


def a_shared_screen(studio: Studio, url: str) -> None:
    """Three people, one of whom shows a slide."""
    presenter, stage = studio.person("Amina")
    viewer, window = studio.person("Jonas")
    studio.crowd(ROOM, ("Mei",))
    for one in (presenter, viewer):
        one.join(url, ROOM)
    slide = stage.context.new_page()
    slide.set_content(SLIDE.format(title=CAPTURED_TITLE))
    stage.page.bring_to_front()
    stage.click("Share my screen")
    eventually(
        lambda: viewer.see("source", "Amina") == "screen" and viewer.see("size", "Amina")[0] > 1000,
        within=30,
        why="the slide at the viewer",
    )
    all_seen(viewer, 2)
    take(window, "call.png")


SAID: Final[Mapping[int, str]] = {
    0: "Bonjour à tous !",
    1: "L'ordre du jour : https://example.org/ordre-du-jour",
    2: "Je lève la main pour le premier point.",
}


RAISED: Final = (True,)


def a_chat_in_french(studio: Studio, url: str) -> None:
    """Six people and what they have written."""
    viewer, window = studio.person("Jonas", SMALLER, "fr-FR")
    crowd = studio.crowd("reunion", ("Amina", "Mei", "Kofi", "Lucía", "Priya"))
    viewer.join(url, "reunion")
    all_seen(viewer, 5)
    window.click("Discussion")
    for number, text in SAID.items():
        crowd.run("(...all) => window.crowd.act(...all)", "reunion", number, "write", text)
        window.page.get_by_role("list").get_by_text(text.split("https")[0].strip()).wait_for()
    crowd.run("(...all) => window.crowd.act(...all)", "reunion", 2, "raiseHand", *RAISED)
    window.page.keyboard.type("Bonjour Mei, à toi.")
    take(window, "chat.png")


def on_a_phone(studio: Studio, url: str) -> None:
    """Four people in a window that is upright."""
    viewer, window = studio.person("Lucía", PHONE)
    studio.crowd("family", ("Amina", "Kofi", "Jonas"))
    viewer.join(url, "family")
    all_seen(viewer, 3)
    take(window, "phone.png")


def the_statistics(studio: Studio, url: str) -> None:
    """Show what the page knows of a call."""
    viewer, window = studio.person("Priya")
    crowd = studio.crowd("figures", ("Amina", "Mei"))
    viewer.join(url, "figures")
    all_seen(viewer, 2)
    crowd.run("(room) => window.crowd.look(room, 0)", "figures")
    window.click("Statistics")
    window.page.wait_for_timeout(20_000)  # for the plots
    take(window, "statistics.png")


def the_lobby(studio: Studio, url: str) -> None:
    """Before the call."""
    viewer, window = studio.person("Kofi", SMALLER)
    viewer.open(f"{url}/{ROOM}?name=Kofi")
    eventually(
        lambda: viewer.page.run("() => document.querySelector('.preview video').videoWidth > 0"),
        within=10,
        why="the preview",
    )
    take(window, "lobby.png")


def a_server_that_has_gone(studio: Studio, url: str) -> None:
    """Show how the page says that it comes back. Goes last: there is no daemon any more."""
    viewer, window = studio.person("Jonas", SMALLER)
    studio.crowd(ROOM, ("Amina", "Lucía"))
    viewer.join(url, ROOM)
    all_seen(viewer, 2)
    window.page.wait_for_timeout(SHARP)
    studio.daemon.kill()
    viewer.wait_state("reconnecting")
    window.screenshot(TARGET / "reconnecting.png")


SCENES: Final = (
    a_shared_screen,
    a_chat_in_french,
    on_a_phone,
    the_statistics,
    the_lobby,
    a_server_that_has_gone,
)


@contextmanager
def studios() -> Iterator[tuple[Studio, str]]:
    """Give a studio and the address of its daemon."""
    with (
        tempfile.TemporaryDirectory() as name,
        running_daemon(Path(name)) as daemon,
        sync_playwright() as playwright,
    ):
        yield Studio(playwright.chromium, Path(name), daemon), daemon.url


def main() -> None:
    """Hold the calls and take the pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with studios() as (studio, url):
        for scene in SCENES:
            scene(studio, url)
            studio.close()


if __name__ == "__main__":
    main()
