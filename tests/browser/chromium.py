"""Headless Chromium with a fake camera, a fake microphone and a real tab to share."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import psutil
from playwright.sync_api import Browser, BrowserType, Page

CAPTURED_TITLE = "what is shared"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # Without it there is not one candidate on 127.0.0.1, and no error either.
    "--allow-loopback-in-peer-connection",
    # The picker of getDisplayMedia() takes the tab with this title by itself.
    f"--auto-select-tab-capture-source-by-title={CAPTURED_TITLE}",
)

TO_BE_SHARED = Path(__file__).with_name("shared_tab.js").read_text()


Devices: TypeAlias = Literal["working", "denied", "none"]
"""What a user has: camera and microphone, a prompt answered by "block", or no device."""


class ChromiumBrowser:
    """One browser process with one page. Satisfies ``participant.BrowserPage``."""

    tells_tones = True

    def __init__(self, browser: Browser, language: str, permissions: list[str]) -> None:
        self.browser = browser
        self.context = browser.new_context(
            locale=language,
            viewport={"width": 720, "height": 460},
            # As after a real prompt; else addresses hide behind mDNS names.
            permissions=permissions,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        self._shared: Page | None = None

    def open(self, url: str) -> None:
        """Load a page."""
        self.page.goto(url)

    def run(self, function: str, *arguments: object) -> Any:
        """Call a JavaScript function with JSON arguments; a promise is awaited."""
        return self.page.evaluate(f"(all) => ({function})(...all)", list(arguments))

    def click(self, button: str) -> None:
        """Click the button of this accessible name, as a user does."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def screenshot(self, path: Path) -> None:
        """Save what the window shows."""
        self.page.screenshot(path=path)

    def prepare_screen(self, url: str, colours: list[tuple[int, int, int]]) -> None:
        """Open the tab that the picker will choose."""
        self._shared = self.context.new_page()
        self._shared.goto(url)
        self._shared.evaluate(TO_BE_SHARED, [CAPTURED_TITLE, colours])
        self.page.bring_to_front()

    def still_screen(self) -> None:
        """Let nothing move in the shared tab any more."""
        assert self._shared is not None
        self._shared.evaluate("() => { window.requestAnimationFrame = () => 0; }")

    def close_shared_tab(self) -> None:
        """End the capture from outside the page, as closing a shared window does."""
        assert self._shared is not None
        self._shared.close()

    def close(self) -> None:
        """Close the tab: the page gets its ``pagehide``."""
        self.page.close()

    def quit(self) -> None:
        """End the browser."""
        self.browser.close()


def launch(
    chromium: BrowserType,
    *,
    camera: Path,
    tone: Path,
    language: str = "en-US",
    executable: str = "/usr/bin/chromium",
    devices: Devices = "working",
) -> ChromiumBrowser:
    """Start a Chromium of its own, so that it has its own camera and can be killed alone."""
    flags: dict[Devices, list[str]] = {
        "working": [
            "--use-fake-device-for-media-stream",
            "--auto-accept-camera-and-microphone-capture",
            f"--use-file-for-fake-video-capture={camera}",
            f"--use-file-for-fake-audio-capture={tone}",
        ],
        "denied": ["--use-fake-device-for-media-stream", "--deny-permission-prompts"],
        "none": ["--auto-accept-camera-and-microphone-capture"],
    }
    browser = chromium.launch(executable_path=executable, args=[*FLAGS, *flags[devices]])
    granted = [] if devices == "denied" else ["camera", "microphone"]
    return ChromiumBrowser(browser, language, granted)


def processes_of(camera: Path) -> list[int]:
    """Return the process ids of the whole browser that films from ``camera``."""
    flag = f"--use-file-for-fake-video-capture={camera}"
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if flag in process.cmdline():
                found |= {each.pid for each in (process, *process.children(recursive=True))}
        except psutil.NoSuchProcess:
            continue
    assert found, "no such browser"
    return sorted(found)


def kill(camera: Path) -> None:
    """``kill -9`` the whole browser that films from ``camera``, as the OOM killer would."""
    for number in processes_of(camera):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
