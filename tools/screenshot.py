"""Make docs/images/call.png: a real call of three people, one of them sharing a screen.

Run by ``make screenshot``. The people are drawn, their cameras film the drawings, and
what is photographed is one participant's browser.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import BrowserType, sync_playwright

from tests.browser import chromium
from tests.browser.chromium import CAPTURED_TITLE, ChromiumBrowser
from tests.browser.participant import Device, Participant
from tests.browser.patterns import write_tone
from tests.process.daemon import running_daemon
from tests.process.patience import eventually

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "call.png"
SIZE = (1280, 720)
ROOM = "tuesday-sync"

PEOPLE = {
    "Amina": ("#33536b", "#e8b48f", "#2b1d16", "#d9694f"),
    "Jonas": ("#5a4a6f", "#f0cdb0", "#a8642a", "#3f8f7a"),
    "Mei": ("#3d5f4c", "#eec39a", "#17171c", "#c9a13b"),
}
"""Wall, skin, hair, clothes."""

PORTRAIT = """<body style="margin:0"><svg viewBox="0 0 1280 720" width="1280" height="720">
<rect width="1280" height="720" fill="{wall}"/>
<rect x="70" y="70" width="270" height="330" rx="8" fill="#ffffff1c"/>
<path d="M95 370 L180 240 L240 310 L275 270 L315 370 Z" fill="#ffffff22"/>
<rect x="980" y="180" width="230" height="14" fill="#0003"/>
<rect x="1000" y="96" width="26" height="84" fill="#e0dccb"/>
<rect x="1032" y="110" width="20" height="70" fill="#c96f4a"/>
<rect x="1058" y="90" width="30" height="90" fill="#4a7fa5"/>
<path d="M300 720 C320 520 500 470 640 470 C780 470 960 520 980 720 Z" fill="{clothes}"/>
<rect x="575" y="390" width="130" height="120" rx="50" fill="{skin}"/>
<ellipse cx="640" cy="290" rx="165" ry="180" fill="{hair}"/>
<ellipse cx="640" cy="318" rx="132" ry="158" fill="{skin}"/>
<path d="M505 300 C500 100 780 100 775 300 C740 240 690 225 640 225 C590 225 540 240 505 300"
 fill="{hair}"/>
<circle cx="590" cy="318" r="13" fill="#222"/><circle cx="690" cy="318" r="13" fill="#222"/>
<path d="M590 395 Q640 440 690 395" stroke="#7a2f2f" stroke-width="9" fill="none"
 stroke-linecap="round"/></svg>"""

SLIDE = """<title>{title}</title><body style="margin:0;height:100vh;background:#fbfaf6;
font-family:sans-serif;color:#24303c;display:grid;place-content:center;gap:28px">
<h1 style="margin:0;font-size:58px">One tree, nothing left behind</h1>
<svg width="860" height="300" font-size="24" fill="#24303c">
<g fill="none" stroke="#8aa0b4" stroke-width="3"><path d="M430 60 L160 140 M430 60 L430 140
 M430 60 L700 140 M430 190 L330 250 M430 190 L530 250"/></g>
<g fill="#dfe9f1" stroke="#8aa0b4" stroke-width="2">
<rect x="350" y="14" width="160" height="50" rx="10"/><rect x="80" y="140" width="160" height="50"
 rx="10"/><rect x="350" y="140" width="160" height="50" rx="10"/><rect x="620" y="140" width="160"
 height="50" rx="10"/><rect x="260" y="248" width="130" height="48" rx="10"/><rect x="470" y="248"
 width="130" height="48" rx="10"/></g><g text-anchor="middle"><text x="430" y="48">daemon</text>
<text x="160" y="173">listeners</text><text x="430" y="173">room</text><text x="700"
 y="173">engine</text><text x="325" y="280">peer</text><text x="535" y="280">peer</text></g>
</svg>"""


def film(driver: BrowserType, folder: Path, name: str) -> Device:
    """Draw a person and make a camera that films the drawing."""
    wall, skin, hair, clothes = PEOPLE[name]
    browser = driver.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    page.set_content(PORTRAIT.format(wall=wall, skin=skin, hair=hair, clothes=clothes))
    camera = folder / f"{name}.mjpeg"
    camera.write_bytes(page.screenshot(type="jpeg", quality=92) * 2)
    browser.close()
    return Device(name, "", 440, camera, write_tone(folder / f"{name}.wav", 440))


def show_slide(presenter: ChromiumBrowser) -> None:
    """Open a tab for the picker to choose, and share it."""
    slide = presenter.context.new_page()
    slide.set_content(SLIDE.format(title=CAPTURED_TITLE))
    presenter.page.bring_to_front()
    presenter.click("Share my screen")


def main() -> None:
    """Hold the call and take the picture."""
    with (
        tempfile.TemporaryDirectory() as name,
        running_daemon(Path(name)) as daemon,
        sync_playwright() as playwright,
    ):
        browsers = []
        people = []
        for who in PEOPLE:
            device = film(playwright.chromium, Path(name), who)
            browsers.append(
                chromium.launch(playwright.chromium, camera=device.camera, tone=device.sound)
            )
            people.append(Participant(device, browsers[-1]))
            people[-1].join(daemon.url, ROOM)
        show_slide(browsers[0])
        viewer = people[1]
        eventually(
            lambda: (
                viewer.see("source", "Amina") == "screen"
                and viewer.see("size", "Amina")[0] >= 1100
                and viewer.see("size", "Mei")[0] >= 640
            ),
            within=30,
            why="the slide at the viewer",
        )
        browsers[1].page.wait_for_timeout(4_000)  # until the encoder has made it sharp
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        viewer.page.screenshot(TARGET)
        for browser in browsers:
            browser.quit()


if __name__ == "__main__":
    main()
