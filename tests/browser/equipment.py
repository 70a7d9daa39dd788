"""Cameras and microphones with names, which a test plugs in and unplugs."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from playwright.sync_api import expect

from tests.browser.participant import Participant, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_page import wait_alert
from tests.process.patience import eventually

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


@dataclass(frozen=True)
class Speaker:
    """Notes what is played on it."""

    id: str
    label: str

    @property
    def told(self) -> dict[str, Any]:
        return {"kind": "audiooutput", "id": self.id, "label": self.label}


Equipped: TypeAlias = Microphone | Camera | Speaker

LAPTOP = Microphone("laptop-mic", "Built-in Microphone", 700)
HEADSET = Microphone("headset", "Bluetooth Headset", 1900)
BUILT_IN = Camera("laptop-cam", "Built-in Camera", "RGBY")
WEBCAM = Camera("webcam", "Desk Webcam", "MCCM")
ALL = (LAPTOP, HEADSET, BUILT_IN, WEBCAM)
DESK = Speaker("desk", "Desk Speaker")
EARS = Speaker("ears", "Bluetooth Headset")
SETTINGS = {"en": ("More", "Settings"), "fr": ("Plus", "Réglages")}


def script_of(*devices: Equipped) -> str:
    """Return what to run before a page's own scripts, so that it has these devices."""
    told = json.dumps([each.told for each in devices])
    return f"({_SCRIPT.replace('DEVICES', told)})()"


def equip(person: Participant, *devices: Equipped) -> None:
    """Give somebody these devices, on every page they open from now on."""
    chromium_of(person).page.add_init_script(script_of(*devices))


def happens(person: Participant, what: str, *arguments: object) -> None:
    """Call one of the functions of fake_devices.js: ``plug``, ``unplug``, ``mute``, …"""
    person.page.run("(what, ...all) => { window.devices[what](...all); }", what, *arguments)


def on_lines(person: Participant) -> list[tuple[str, bool]]:
    """Return what was put on a line: the device's name, and whether it could be heard or seen."""
    return [(label, enabled) for label, enabled in person.page.run("() => window.devices.senders")]


def heard_on(person: Participant) -> set[str]:
    """Return the speakers that something is played on, by id; "" is the system's choice."""
    return set(person.page.run("() => window.devices.heardOn()"))


def hears(bob: Participant, microphone: Microphone) -> None:
    bob.hears({"alice": microphone.tone})


def sees(bob: Participant, camera: Camera) -> None:
    bob.sees("alice", camera.pattern)


def choose(alice: Participant, label: str, device: Equipped, language: str = "en") -> None:
    """Choose a device in the settings, as one does by mouse and keyboard."""
    page = chromium_of(alice).page
    more, title = SETTINGS[language]
    alice.page.click(more)
    alice.page.click(title)
    settings = page.get_by_role("dialog", name=title)
    settings.get_by_role("combobox", name=label, exact=True).select_option(label=device.label)
    page.keyboard.press("Escape")
    expect(settings).to_be_hidden()


def says_nothing_of(alice: Participant, code: str) -> None:
    """Wait until the page takes back what it said."""
    gone = "(code) => document.querySelector(`.notice[data-code=${code}]`) === null"
    eventually(partial(alice.page.run, gone, code), within=5, why=f"{code} to be over")


def words(alice: Participant, code: str) -> str:
    wait_alert(alice, code, within=5)
    text = "(code) => document.querySelector(`.notice[data-code=${code}] p`)?.innerText ?? ''"
    return str(alice.page.run(text, code))
