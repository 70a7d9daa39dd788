"""``python -m benchmarks.join [--joins 20] [--json FILE]``: time joins, print a table."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.join.measuring import ROOM, summary, table, time_joins
from tests.browser import chromium
from tests.browser.participant import Device, Participant
from tests.browser.patterns import write_camera, write_tone
from tests.process.daemon import running_daemon


def main() -> None:
    """Start a daemon and two browsers, and time the joins of one of them."""
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write every join's steps to this file")
    options = parser.parse_args()

    with (
        tempfile.TemporaryDirectory() as name,
        running_daemon(Path(name)) as daemon,
        sync_playwright() as playwright,
    ):
        folder = Path(name)
        devices = [
            Device(
                who,
                pattern,
                tone,
                write_camera(folder / f"{who}.y4m", pattern, (640, 360), 30),
                write_tone(folder / f"{who}.wav", tone),
            )
            for who, pattern, tone in (("host", "RGBY", 500), ("guest", "GBYR", 900))
        ]
        host, guest = (
            chromium.launch(playwright.chromium, camera=device.camera, tone=device.sound)
            for device in devices
        )
        Participant(devices[0], host).join(daemon.url, ROOM)
        joins = time_joins(guest, daemon.url, options.joins)
        for browser in (host, guest):
            browser.quit()

    print("\n".join(table(joins)))
    if options.json:
        options.json.write_text(json.dumps({"summary": summary(joins), "joins": joins}, indent=1))


if __name__ == "__main__":
    main()
