"""People who are drawn, and a slide: what the pictures in the documentation show."""

from typing import Final

from playwright.sync_api import BrowserType

from tests.browser.chromium import CHROMIUM

PEOPLE: Final = {
    "Amina": ("#33536b", "#e8b48f", "#2b1d16", "#d9694f"),
    "Jonas": ("#5a4a6f", "#f0cdb0", "#a8642a", "#3f8f7a"),
    "Mei": ("#3d5f4c", "#eec39a", "#17171c", "#c9a13b"),
    "Kofi": ("#6b4f3a", "#8d5a3b", "#1b1512", "#4f74b8"),
    "Lucía": ("#4b5568", "#e3ab84", "#5a2f1c", "#b4557e"),
    "Priya": ("#2f5d62", "#c68a5f", "#201613", "#e0a458"),
}
"""Wall, skin, hair, clothes."""
SIZE: Final = (1280, 720)

PORTRAIT: Final = """<body style="margin:0"><svg viewBox="0 0 1280 720" width="1280" height="720">
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

SLIDE: Final = """<title>{title}</title><body style="margin:0;height:100vh;background:#fbfaf6;
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


def portraits(driver: BrowserType) -> dict[str, bytes]:
    """Return a JPEG of each person."""
    browser = driver.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    drawn = {}
    for name, (wall, skin, hair, clothes) in PEOPLE.items():
        page.set_content(PORTRAIT.format(wall=wall, skin=skin, hair=hair, clothes=clothes))
        drawn[name] = page.screenshot(type="jpeg", quality=92)
    browser.close()
    return drawn
