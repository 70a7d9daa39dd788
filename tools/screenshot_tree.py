"""Make docs/images/tree.png: the operator's page during a call of four Python clients.

Run by ``make screenshot-tree``. The daemon is a process of its own, so that the tree is
what an operator sees.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS
from tests.process.daemon import running_daemon

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "tree.png"
ROOM = "tuesday-sync"
PEOPLE = 4


def photograph(url: str) -> None:
    """Open the page, unfold one transport, and take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS])
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.goto(f"{url}/admin/tree")
        page.locator(".peer").nth(PEOPLE - 1).wait_for()
        page.locator(".peer").first.locator(".transport > summary").click()
        for shown in range(2 * (PEOPLE - 1)):
            page.locator(".peer").first.locator(".slot [data-state=shows]").nth(shown).wait_for()
        page.mouse.move(0, 0)
        page.screenshot(path=TARGET, full_page=True)
        browser.close()


def join(url: str) -> "subprocess.Popen[bytes]":
    """Send a bot with camera and microphone into the room."""
    command = [sys.executable, "-m", "trio_sfu.client", url, "--room", ROOM]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  (our own)


def main() -> None:
    """Hold the call and take the picture."""
    with tempfile.TemporaryDirectory() as name, running_daemon(Path(name)) as daemon:
        bots = [join(daemon.url) for _ in range(PEOPLE)]
        try:
            photograph(daemon.url)
        finally:
            for bot in bots:
                bot.terminate()
                bot.wait()


if __name__ == "__main__":
    main()
