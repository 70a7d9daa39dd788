"""Who presents is seen in a small tile beside their screen, by whoever has asked for that."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.looking import looking
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_keyboard import Keyboard
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "beside"
SCREEN = "MCCM"
PICTURE = "figure.presenter video"
WORDS = {
    "en-US": ("More", "Settings", "Show the presenter beside the screen", "beside the screen"),
    "fr-FR": (
        "Plus",
        "Réglages",
        "Afficher la personne qui présente à côté de l\u2019écran",
        "à côté de l\u2019écran",
    ),
}


def beside(viewer: Participant, language: str) -> Locator:
    """Return alice's small tile, as a screen reader names it."""
    name = f"alice, {WORDS[language][3]}"
    return chromium_of(viewer).page.get_by_role("figure", name=name, exact=True)


def ask(viewer: Participant, language: str) -> None:
    """Tick the box in the settings, by keyboard."""
    more, settings, show, _ = WORDS[language]
    keys, page = Keyboard(viewer), chromium_of(viewer).page
    keys.button(more)
    keys.button(settings)
    box = page.get_by_role("dialog", name=settings).get_by_role("checkbox", name=show)
    expect(box).not_to_be_checked()
    keys.go_to(box)
    keys.press("Space")
    expect(box).to_be_checked()
    keys.press("Escape")


def sees_presenter(viewer: Participant, pattern: str) -> None:
    """Wait until the small tile shows ``pattern``, and goes on."""
    eventually(
        lambda: viewer.see("shown", PICTURE) == pattern,
        within=20,
        why=f"{viewer.name} to see {pattern} beside the screen",
    )
    frames = "(of) => document.querySelector(of).getVideoPlaybackQuality().totalVideoFrames"
    before = viewer.page.run(frames, PICTURE)
    eventually(
        lambda: viewer.page.run(frames, PICTURE) >= before + 5,
        within=20,
        why="the small picture to move",
    )


@pytest.mark.parametrize("language", ["en-US", "fr-FR"])
def test_the_presenter_beside_the_screen(
    daemon: Daemon, person: PersonFactory, artifacts: Path, language: str
) -> None:
    alice, bob, carol = person("alice"), person("bob", language=language), person("carol")
    for one in (alice, bob, carol):
        one.join(daemon.url, ROOM)
    chromium_of(alice).prepare_screen(f"{daemon.url}/readyz", [COLOURS[each] for each in SCREEN])
    bob.sees("alice", alice.pattern)
    offers = [one.offers() for one in (alice, bob, carol)]

    ask(bob, language)
    expect(beside(bob, language)).to_have_count(0)
    alice.page.click("Share my screen")
    for one in (bob, carol):
        one.sees("alice", SCREEN)
    sees_presenter(bob, alice.pattern)
    # Who has not asked sees the screen in place of the camera, and nothing else.
    expect(chromium_of(carol).page.get_by_role("figure")).to_have_count(0)

    with looking(artifacts) as look:
        large = chromium_of(bob).page.get_by_role("article", name="alice").bounding_box()
        small = beside(bob, language).bounding_box()
        assert large is not None
        assert small is not None
        assert 0 < small["width"] * 3 < large["width"]
        assert small["x"] >= large["x"] + large["width"], "one is not over the other"
        look.at(bob, f"presenter-beside-{language}")

    alice.page.click("Turn camera off")
    expect(beside(bob, language)).to_have_count(0)
    alice.page.click("Turn camera on")
    sees_presenter(bob, alice.pattern)
    bob.sees("alice", SCREEN)

    alice.page.click("Stop sharing")
    expect(beside(bob, language)).to_have_count(0)
    for one in (bob, carol):
        one.sees("alice", alice.pattern)
    assert [one.offers() for one in (alice, bob, carol)] == offers


def test_it_is_remembered_and_there_for_who_comes_in_the_middle(
    daemon: Daemon, person: PersonFactory
) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    ask(bob, "en-US")
    chromium_of(alice).prepare_screen(f"{daemon.url}/readyz", [COLOURS[each] for each in SCREEN])
    alice.page.click("Share my screen")
    bob.sees("alice", SCREEN)
    sees_presenter(bob, alice.pattern)
    bob.join(daemon.url, ROOM)
    bob.sees("alice", SCREEN)
    sees_presenter(bob, alice.pattern)
