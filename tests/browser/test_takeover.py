"""A second presenter takes over while somebody has the first one's screen pinned, on the whole
screen, in a picture above other windows, and its presenter beside it.

A pin and a picture are of a person, not of what they show: both stay, and show the camera then.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import LARGE
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS, transitions
from tests.browser.test_presenter_beside import ask, sees_presenter
from tests.browser.test_states import press
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "takeover"
SCREENS = {"alice": "MCCM", "bob": "CMMC"}

# Whose tile is in the picture above other windows, and how many pictures it has shown.
PICTURE = """() => {
    const video = document.pictureInPictureElement;
    const { totalVideoFrames } = video?.getVideoPlaybackQuality() ?? {};
    return [video?.closest(".tile")?.dataset.name ?? null, totalVideoFrames ?? 0];
}"""
WHOLE_SCREEN = "() => document.fullscreenElement === document.documentElement"


def share(one: Participant) -> None:
    chromium_of(one).page.bring_to_front()
    one.page.click("Share my screen")


def is_beside(page: Page, *names: str) -> None:
    """Wait until these, and no others, are to be seen beside their screen."""
    expect(page.get_by_role("figure")).to_have_count(len(names))
    for name in names:
        expect(page.get_by_role("figure", name=f"{name}, beside the screen")).to_be_visible()


def area(page: Page, name: str) -> float:
    box = page.locator(f'article.tile[data-name="{name}"]').bounding_box()
    assert box is not None
    return box["width"] * box["height"]


def picture_moves(one: Participant, name: str) -> None:
    shown, before = one.page.run(PICTURE)
    assert shown == name
    eventually(
        lambda: one.page.run(PICTURE)[1] >= before + 5, within=20, why=f"the picture of {name}"
    )


@pytest.mark.parametrize("view", ["grid", "speaker"])
def test_what_a_viewer_has_open_goes_on(daemon: Daemon, person: PersonFactory, view: str) -> None:
    people = alice, bob, carol = person("alice"), person("bob"), person("carol")
    for one in people:
        one.join(daemon.url, ROOM)
    for one in (alice, bob):
        colours = [COLOURS[letter] for letter in SCREENS[one.name]]
        chromium_of(one).prepare_screen(f"{daemon.url}/readyz", colours)
    chromium_of(carol).resize(*LARGE)
    page = chromium_of(carol).page
    ask(carol, "en-US")
    if view == "speaker":
        press(page, "More")
        press(page, "Speaker view")
    share(alice)
    carol.sees("alice", SCREENS["alice"])
    sees_presenter(carol, alice.pattern)
    is_beside(page, "alice")
    page.bring_to_front()
    page.get_by_role("article", name="alice").hover()
    press(page, "Pin alice")
    press(page, "More")
    press(page, "Picture in picture")
    eventually(lambda: carol.page.run(PICTURE)[0] == "alice", within=5, why="her picture")
    page.keyboard.press("f")
    page.wait_for_function(WHOLE_SCREEN)
    carol.record("alice")

    share(bob)
    carol.sees("bob", SCREENS["bob"])
    carol.sees_source("bob", "screen")
    carol.sees("alice", alice.pattern)
    carol.sees_source("alice", "camera")
    film = carol.stop_recording()
    assert transitions(film) == [SCREENS["alice"], alice.pattern], film
    # Who presents now is the one beside a screen, where that is large.
    large = view == "grid"
    is_beside(page, *(["bob"] if large else []))
    if large:
        sees_presenter(carol, bob.pattern)
    picture_moves(carol, "alice")
    assert carol.page.run(WHOLE_SCREEN)
    # In the speaker view who is pinned is large, and nobody else.
    expect(page.locator(".tile[data-pinned]")).to_have_count(1)
    assert area(page, "alice") > 1.5 * area(page, "carol")
    assert (area(page, "bob") > 1.5 * area(page, "carol")) == large

    page.get_by_role("article", name="alice").hover()
    press(page, "Unpin alice")
    is_beside(page, "bob")
    sees_presenter(carol, bob.pattern)
    assert area(page, "bob") > 1.5 * area(page, "alice")

    bob.page.click("Stop sharing")
    is_beside(page)
    for one in (alice, bob):
        carol.sees(one.name, one.pattern)
        carol.sees_source(one.name, "camera")
    picture_moves(carol, "alice")
