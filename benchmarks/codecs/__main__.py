"""``python -m benchmarks.codecs [--only vp9-svc]``: the table, as Markdown and JSON. Needs root."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType, sync_playwright

from benchmarks.codecs.looking import Seen, as_row, look, steer
from benchmarks.codecs.modes import DECODES, MODES, ROOMS, Browser, Mode
from tests.browser import chromium as chromium_browser
from tests.browser.firefox import running_firefox
from tests.browser.participant import Device, Participant
from tests.browser.patterns import write_camera, write_tone
from tests.process.daemon import running_daemon
from tests.process.network import ADDRESS, Network, own_network

CAMERA = ((1280, 720), 15)
PATTERN, TONE = "RGBY", 500
FIRST = 60.0
"""Seconds for the best layer, which begins when the publisher's estimate allows it."""
NEXT = 15.0


@contextmanager
def seated(
    browser: Browser, name: str, playwright: BrowserType, network: Network, folder: Path
) -> Iterator[Participant]:
    """Somebody in front of a browser."""
    camera = write_camera(folder / f"{name}.y4m", PATTERN, *CAMERA)
    device = Device(name, PATTERN, TONE, camera, write_tone(folder / f"{name}.wav", TONE))
    if browser == "firefox":
        with running_firefox(PATTERN, TONE, CAMERA[0]) as page:
            yield Participant(device, page)
        return
    chromium = chromium_browser.launch(
        playwright,
        camera=camera,
        tone=device.sound,
        executable=str(network.wrapper(folder, "/usr/bin/chromium")),
    )
    try:
        yield Participant(device, chromium)
    finally:
        chromium.quit()


def play(mode: Mode, receiver: Browser, playwright: BrowserType, artifacts: Path) -> list[Seen]:
    """Return how each layer of a mode came to a viewer."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        wish = folder / "wish.json"
        network = stack.enter_context(own_network())
        stack.enter_context(network.inside())
        daemon = stack.enter_context(
            running_daemon(
                artifacts,
                environment={"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS, "TRIO_SFU_VIDEO_ROOMS": ROOMS},
                program=[sys.executable, "-m", "benchmarks.codecs.steered_daemon", str(wish)],
            )
        )
        seats = (
            stack.enter_context(seated(browser, who, playwright, network, folder))
            for browser, who in ((mode.sender, "publisher"), (receiver, "viewer"))
        )
        publisher, viewer = seats
        for one in (publisher, viewer):
            one.join(daemon.url, mode.room)
        viewer.page.click("Turn camera off")
        found: list[Seen] = []
        for layer in mode.layers():
            steer(wish, layer)
            found.append(look(viewer, publisher, layer, NEXT if found else FIRST))
            print(f"  {mode.name} from {mode.sender} at {receiver}: {found[-1]}", flush=True)
        return found


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown."""
    lines = ["| sent | by | at | frames a second, by layer |", "| --- | --- | --- | --- |"]
    for row in rows:
        layers = ", ".join(
            f"{each['layer']}: {each['rate'] if each['good'] else '**no**'}"
            for each in row["layers"]
        )
        lines.append(f"| {row['mode']} | {row['sender']} | {row['receiver']} | {layers} |")
    return "\n".join(lines)


def main() -> None:
    """Play everything, or what was named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted({mode.room for mode in MODES}))
    parser.add_argument("--sender", choices=("chromium", "firefox"))
    parser.add_argument("--receiver", choices=("chromium", "firefox"))
    chosen = parser.parse_args()
    artifacts = Path("artifacts/codecs")
    artifacts.mkdir(parents=True, exist_ok=True)
    rows = []
    with sync_playwright() as playwright:
        for mode in MODES:
            for receiver, decodes in DECODES.items():
                if (
                    (chosen.only or mode.room) != mode.room
                    or (chosen.sender or mode.sender) != mode.sender
                    or (chosen.receiver or receiver) != receiver
                    or mode.codec not in decodes
                ):
                    continue
                layers = play(mode, receiver, playwright.chromium, artifacts)
                rows.append(
                    {
                        "mode": mode.name,
                        "sender": mode.sender,
                        "receiver": receiver,
                        "layers": [as_row(seen) for seen in layers],
                    }
                )
                name = "-".join(
                    filter(None, ("table", chosen.only, chosen.sender, chosen.receiver))
                )
                (artifacts / f"{name}.json").write_text(json.dumps(rows, indent=1))
    print(table(rows))


if __name__ == "__main__":
    main()
