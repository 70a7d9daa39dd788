"""Headless Chromium with a fake camera, a fake microphone and a real tab to share."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import psutil
from playwright.sync_api import Browser, BrowserType, Error, Page

CAPTURED_TITLE = "what is shared"
CHROMIUM = "/usr/bin/chromium"
SMALL = (720, 460)
"""Pixels of a window in the tests: each is drawn without a GPU, in every browser of a test."""
LARGE = (1100, 700)
"""Pixels of a window as people have it."""

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

PLAY = """(frequency) => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(new GainNode(context, { gain: 0.3 })).connect(context.destination);
    tone.start();
}"""

TO_BE_SHARED = Path(__file__).with_name("shared_tab.js").read_text()


Devices: TypeAlias = Literal["working", "audible", "denied", "none"]
"""What a user has: camera and microphone, a prompt answered by "block", or no device.

"audible": the same as "working", and what tabs play can be captured.
"""


class ChromiumBrowser:
    """One browser process with one page. Satisfies ``participant.BrowserPage``."""

    tells_tones = True

    def __init__(
        self, browser: Browser, language: str, permissions: list[str], size: tuple[int, int]
    ) -> None:
        self.browser = browser
        self.context = browser.new_context(
            locale=language,
            viewport={"width": size[0], "height": size[1]},
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

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, in pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, path: Path) -> None:
        """Save what the window shows."""
        self.page.screenshot(path=path)

    def prepare_screen(self, url: str, colours: list[tuple[int, int, int]]) -> None:
        """Open the tab that the picker will choose."""
        self._shared = self.context.new_page()
        self._shared.goto(url)
        self._shared.evaluate(TO_BE_SHARED, [CAPTURED_TITLE, colours])
        self.page.bring_to_front()

    def play_in_shared_tab(self, tone: int) -> None:
        """Let the tab that is shared play ``tone``, in Hz."""
        assert self._shared is not None
        self._shared.evaluate(PLAY, tone)

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

    def leave(self) -> None:
        """Close all tabs and forget the profile; the browser is as it was begun."""
        self.context.close()

    def quit(self) -> None:
        """End the browser."""
        self.browser.close()


def start(
    chromium: BrowserType,
    *,
    camera: Path,
    tone: Path,
    executable: str = CHROMIUM,
    devices: Devices = "working",
) -> Browser:
    """Start a Chromium of its own, so that it has its own camera and can be killed alone."""
    working = [
        "--use-fake-device-for-media-stream",
        "--auto-accept-camera-and-microphone-capture",
        f"--use-file-for-fake-video-capture={camera}",
        f"--use-file-for-fake-audio-capture={tone}",
    ]
    flags: dict[Devices, list[str]] = {
        "working": working,
        "audible": working,
        "denied": ["--use-fake-device-for-media-stream", "--deny-permission-prompts"],
        "none": ["--auto-accept-camera-and-microphone-capture"],
    }
    return chromium.launch(
        executable_path=executable,
        args=[*FLAGS, *flags[devices]],
        # Playwright's; with it all that is captured of a tab is silence.
        ignore_default_args=["--mute-audio"] if devices == "audible" else None,
    )


def open_window(
    browser: Browser,
    *,
    language: str = "en-US",
    devices: Devices = "working",
    size: tuple[int, int] = SMALL,
) -> ChromiumBrowser:
    """Open a window with a new profile."""
    granted = [] if devices == "denied" else ["camera", "microphone"]
    return ChromiumBrowser(browser, language, granted, size)


def launch(
    chromium: BrowserType,
    *,
    camera: Path,
    tone: Path,
    executable: str = CHROMIUM,
    devices: Devices = "working",
) -> ChromiumBrowser:
    """Start a Chromium and open a large window of it."""
    browser = start(chromium, camera=camera, tone=tone, executable=executable, devices=devices)
    return open_window(browser, devices=devices, size=LARGE)


class Chromiums:
    """Browsers that run: the one that a test is done with is the next one's.

    Starting and ending one takes seconds of both cores.
    """

    def __init__(self, chromium: BrowserType) -> None:
        self._chromium = chromium
        self._idle: dict[tuple[Path, Devices], list[Browser]] = {}
        self._kinds: dict[Browser, tuple[Path, Devices]] = {}

    def take(
        self, *, camera: Path, tone: Path, language: str, executable: str, devices: Devices
    ) -> ChromiumBrowser:
        """Open a window of a browser nobody else uses."""
        kind = (camera, devices)
        idle = self._idle.setdefault(kind, []) if executable == CHROMIUM else []
        while idle and not idle[-1].is_connected():
            idle.pop()
        if idle:
            browser = idle.pop()
        else:
            browser = start(
                self._chromium, camera=camera, tone=tone, executable=executable, devices=devices
            )
        if executable == CHROMIUM:
            self._kinds[browser] = kind
        return open_window(browser, language=language, devices=devices)

    def give_back(self, window: ChromiumBrowser) -> None:
        """Close a window; its browser may be taken again, if nobody killed it.

        One that runs by another program is in a place of its own, and ends with it.
        """
        kind = self._kinds.get(window.browser)
        with suppress(Error):
            if kind is None:
                window.quit()
            else:
                window.leave()
        if kind is not None and window.browser.is_connected():
            self._idle[kind].append(window.browser)

    def quit(self) -> None:
        """End them all."""
        for browser in self._kinds:
            with suppress(Error):
                browser.close()


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
