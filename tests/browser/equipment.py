"""Cameras and microphones with names, which a test plugs in and unplugs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.participant import Participant, chromium_of
from tests.browser.patterns import COLOURS

_SCRIPT = Path(__file__).with_name("fake_devices.js").read_text()


@dataclass(frozen=True)
class Microphone:
    """Beeps at ``tone`` Hz."""

    id: str
    label: str
    tone: int

    @property
    def told(self) -> dict[str, Any]:
        return {"kind": "audioinput", "id": self.id, "label": self.label, "tone": self.tone}


@dataclass(frozen=True)
class Camera:
    """Films ``pattern``."""

    id: str
    label: str
    pattern: str

    @property
    def told(self) -> dict[str, Any]:
        colours = [COLOURS[letter] for letter in self.pattern]
        return {"kind": "videoinput", "id": self.id, "label": self.label, "colours": colours}


LAPTOP = Microphone("laptop-mic", "Built-in Microphone", 700)
HEADSET = Microphone("headset", "Bluetooth Headset", 1900)
BUILT_IN = Camera("laptop-cam", "Built-in Camera", "RGBY")
WEBCAM = Camera("webcam", "Desk Webcam", "MCCM")
ALL = (LAPTOP, HEADSET, BUILT_IN, WEBCAM)


def equip(person: Participant, *devices: Microphone | Camera) -> None:
    """Give somebody these devices, on every page they open from now on."""
    told = json.dumps([each.told for each in devices])
    chromium_of(person).page.add_init_script(f"({_SCRIPT.replace('DEVICES', told)})()")


def happens(person: Participant, what: str, *arguments: object) -> None:
    """Call one of the functions of fake_devices.js: ``plug``, ``unplug``, ``mute``, …"""
    person.page.run("(what, ...all) => { window.devices[what](...all); }", what, *arguments)


def on_lines(person: Participant) -> list[tuple[str, bool]]:
    """Return what was put on a line: the device's name, and whether it could be heard or seen."""
    return [(label, enabled) for label, enabled in person.page.run("() => window.devices.senders")]
