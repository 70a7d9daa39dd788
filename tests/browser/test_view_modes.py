"""The call on the whole screen, in a picture above other windows, and without motion."""

from playwright.sync_api import Page, expect

from tests.browser.chromium import LARGE
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_states import press
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "modes"


def in_a_call(daemon: Daemon, person: PersonFactory) -> tuple[Participant, Page]:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    chromium_of(alice).resize(*LARGE)
    alice.sees("bob", bob.pattern)
    return alice, chromium_of(alice).page


def test_full_screen(daemon: Daemon, person: PersonFactory) -> None:
    _, page = in_a_call(daemon, person)
    press(page, "More")
    press(page, "Full screen")
    page.wait_for_function("() => document.fullscreenElement === document.documentElement")
    press(page, "More")
    press(page, "Leave full screen")
    page.wait_for_function("() => document.fullscreenElement === null")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null")


def test_picture_in_picture(daemon: Daemon, person: PersonFactory) -> None:
    _, page = in_a_call(daemon, person)
    press(page, "More")
    press(page, "Picture in picture")
    page.wait_for_function(
        "() => document.pictureInPictureElement?.closest('.tile').dataset.name === 'bob'"
    )
    press(page, "More")
    press(page, "Picture in picture")
    page.wait_for_function("() => document.pictureInPictureElement === null")


def test_who_wants_no_motion_gets_none(daemon: Daemon, person: PersonFactory) -> None:
    alice, page = in_a_call(daemon, person)
    moving = "(e) => [getComputedStyle(e).transitionProperty, getComputedStyle(e).animationName]"
    tile = page.get_by_role("article", name="bob")
    assert tile.evaluate(moving)[0] != "none"
    page.emulate_media(reduced_motion="reduce")
    assert tile.evaluate(moving) == ["none", "none"]
    press(page, "React")
    press(page, "Applause")
    reaction = page.get_by_role("article", name="alice").locator(".reaction")
    expect(reaction).to_be_visible()
    assert reaction.evaluate(moving) == ["none", "none"]
    # It goes by itself, as with motion.
    eventually(lambda: reaction.count() == 0, within=6, why="the reaction to go")
    assert alice.page.run("() => document.getAnimations().length") == 0
