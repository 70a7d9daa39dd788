"""The lobby: how one looks and sounds, and what is chosen there is what the others get."""

from collections.abc import Mapping
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.equipment import (
    ALL,
    BUILT_IN,
    HEADSET,
    LAPTOP,
    WEBCAM,
    Camera,
    Microphone,
    equip,
    hears,
    sees,
)
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_states import LOCALES, press
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "lobby"
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "Your name",
        "preview": "Your camera",
        "level": "Microphone level",
        "microphone": "Microphone",
        "camera": "Camera",
        "mute": "Mute microphone",
        "unmute": "Unmute microphone",
        "camera off": "Turn camera off",
        "camera on": "Turn camera on",
        "no picture": "Camera off",
        "muted": "Microphone muted",
        "join": "Join",
        "you": "alice (You)",
    },
    "fr": {
        "name": "Votre nom",
        "preview": "Votre caméra",
        "level": "Niveau du micro",
        "microphone": "Micro",
        "camera": "Caméra",
        "mute": "Couper le micro",
        "unmute": "Activer le micro",
        "camera off": "Couper la caméra",
        "camera on": "Activer la caméra",
        "no picture": "Caméra coupée",
        "muted": "Micro coupé",
        "join": "Rejoindre",
        "you": "alice (Vous)",
    },
}
# The least and the most that the meter shows, for longer than a beep and the pause after it.
LEVELS = """async (name) => {
    const meter = document.querySelector(`meter[aria-label="${name}"]`);
    const seen = [];
    for (const end = performance.now() + 1000; performance.now() < end; ) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        seen.push(meter.value);
    }
    return [Math.min(...seen), Math.max(...seen)];
}"""

pytestmark = pytest.mark.parametrize("language", ["en", "fr"])


def previews(one: Participant, pattern: str, name: str) -> None:
    """Wait until the video of this name shows it."""
    selector = f'video[aria-label="{name}"]'
    eventually(
        lambda: one.see("shown", selector) == pattern, within=10, why=f"the preview of {pattern}"
    )


def levels(one: Participant, name: str) -> tuple[float, float]:
    least, most = one.page.run(LEVELS, name)
    return least, most


def moves(one: Participant, name: str) -> bool:
    """Whether the meter follows the beeps of a microphone."""
    least, most = levels(one, name)
    return most > 0.4 and most - least > 0.2


def test_one_sees_and_hears_oneself(daemon: Daemon, person: PersonFactory, language: str) -> None:
    words = WORDS[language]
    alice = person("alice", language=LOCALES[language])
    alice.open(daemon.url)
    page, level = chromium_of(alice).page, words["level"]
    expect(page.get_by_role("meter", name=level)).to_be_visible()
    previews(alice, alice.pattern, words["preview"])
    eventually(partial(moves, alice, level), within=10, why="the meter to move")
    press(page, words["mute"])
    eventually(lambda: levels(alice, level) == (0, 0), within=10, why="the meter to be still")
    press(page, words["unmute"])
    eventually(partial(moves, alice, level), within=10, why="the meter to move again")
    press(page, words["camera off"])
    expect(page.get_by_text(words["no picture"], exact=True)).to_be_visible()
    previews(alice, "none", words["preview"])
    press(page, words["camera on"])
    previews(alice, alice.pattern, words["preview"])
    expect(page.get_by_text(words["no picture"], exact=True)).to_be_hidden()


def devices(page: Page, words: Mapping[str, str]) -> dict[Microphone | Camera, Locator]:
    """Return where the devices that are not the system's choice are chosen."""
    return {
        chosen: page.get_by_role("combobox", name=words[kind], exact=True)
        for chosen, kind in ((HEADSET, "microphone"), (WEBCAM, "camera"))
    }


def test_what_is_chosen_is_what_the_others_get_and_what_is_there_after_a_reload(
    daemon: Daemon, person: PersonFactory, language: str
) -> None:
    words = WORDS[language]
    alice, bob = person("alice", language=LOCALES[language]), person("bob")
    page = chromium_of(alice).page
    equip(alice, *ALL)
    bob.join(daemon.url, ROOM)
    alice.open(f"{daemon.url}/{ROOM}")
    previews(alice, BUILT_IN.pattern, words["preview"])
    for chosen, box in devices(page, words).items():
        expect(box).to_contain_text((LAPTOP if chosen is HEADSET else BUILT_IN).label)
        box.select_option(label=chosen.label)
    previews(alice, WEBCAM.pattern, words["preview"])
    page.get_by_role("textbox", name=words["name"]).fill("alice")
    press(page, words["join"])
    alice.wait_state("in-call")
    sees(bob, WEBCAM)
    hears(bob, HEADSET)
    page.reload()
    alice.open_eyes()
    expect(page.get_by_role("textbox", name=words["name"])).to_have_value("alice")
    for chosen, box in devices(page, words).items():
        expect(box).to_have_value(chosen.id)
    previews(alice, WEBCAM.pattern, words["preview"])
    eventually(lambda: bob.names() == ["bob"], within=20, why="alice to be gone")
    press(page, words["join"])
    alice.wait_state("in-call")
    sees(bob, WEBCAM)
    hears(bob, HEADSET)


def test_who_comes_muted_and_without_a_picture_is_neither_heard_nor_seen(
    daemon: Daemon, person: PersonFactory, language: str
) -> None:
    words = WORDS[language]
    alice, bob = person("alice", language=LOCALES[language]), person("bob")
    page, other = chromium_of(alice).page, chromium_of(bob).page
    bob.join(daemon.url, ROOM)
    alice.open(f"{daemon.url}/{ROOM}")
    previews(alice, alice.pattern, words["preview"])
    press(page, words["mute"])
    press(page, words["camera off"])
    # So it was left: it is so at the next visit.
    page.reload()
    alice.open_eyes()
    for button in ("unmute", "camera on"):
        expect(page.get_by_role("button", name=words[button], exact=True)).to_be_visible()
    page.get_by_role("textbox", name=words["name"]).fill("alice")
    press(page, words["join"])
    alice.wait_state("in-call")
    own = page.get_by_role("article", name=words["you"])
    expect(own.get_by_role("img", name=words["muted"])).to_be_visible()
    hers = other.get_by_role("article", name="alice", exact=True)
    expect(hers.get_by_role("img", name="Microphone muted")).to_be_visible()
    eventually(bob.is_silent, within=10, why="bob to hear nothing")
    assert bob.is_silent()
    assert (bob.see("source", "alice"), bob.see("frames", "alice")) == ("none", 0)
    press(page, words["unmute"])
    press(page, words["camera on"])
    bob.sees("alice", alice.pattern)
    bob.hears({"alice": alice.tone})
    expect(hers.get_by_role("img", name="Microphone muted")).to_be_hidden()
