"""The sound when somebody joins: once for each, and not at all for who does not want it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_states import press
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "chime"
NOTES = 2
"""That it is made of."""
APART = 3.0
"""Seconds in which it rings once, however many come."""

COUNT = """(() => {
    window.notes = [];
    const { start } = AudioScheduledSourceNode.prototype;
    AudioScheduledSourceNode.prototype.start = function (...when) {
        if (this instanceof OscillatorNode) window.notes.push(performance.now());
        return start.apply(this, when);
    };
})()"""


def notes(one: Participant) -> int:
    return int(one.page.run("() => window.notes.length"))


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory) -> tuple[Participant, Participant]:
    alice, bob = person("alice"), person("bob")
    chromium_of(alice).page.add_init_script(COUNT)
    alice.join(daemon.url, ROOM)
    return alice, bob


@pytest.fixture
def comes(people: tuple[Participant, Participant], daemon: Daemon) -> Callable[[], None]:
    """Has Bob come, or come again when the last sound is long enough ago."""
    alice, bob = people

    def come() -> None:
        last = "(ms) => !(performance.now() - window.notes.at(-1) < ms)"
        if "bob" in alice.names():
            bob.page.click("Leave")
            eventually(lambda: "bob" not in alice.names(), within=10, why="bob to be gone")
        eventually(lambda: alice.page.run(last, APART * 1_000), within=5, why="the pause")
        bob.join(daemon.url, ROOM)
        alice.sees("bob", bob.pattern)

    return come


def wants(alice: Participant, *, wanted: bool) -> None:
    """Say in the settings whether the sound is to be."""
    page = chromium_of(alice).page
    press(page, "More")
    press(page, "Settings")
    box = page.get_by_role("checkbox", name="A sound when somebody joins")
    expect(box).to_be_checked(checked=not wanted)
    box.set_checked(wanted)
    press(page, "Close the settings")


def test_it_rings_once_for_each_until_it_is_not_wanted_any_more(
    people: tuple[Participant, Participant], comes: Callable[[], None]
) -> None:
    alice, _ = people
    assert notes(alice) == 0
    comes()
    assert notes(alice) == NOTES
    comes()
    assert notes(alice) == 2 * NOTES
    wants(alice, wanted=False)
    comes()
    assert notes(alice) == 2 * NOTES


def test_that_it_is_not_wanted_is_remembered(
    people: tuple[Participant, Participant], comes: Callable[[], None]
) -> None:
    alice, _ = people
    wants(alice, wanted=False)
    chromium_of(alice).page.reload()
    alice.open_eyes()
    alice.wait_state("in-call")
    comes()
    assert notes(alice) == 0
    wants(alice, wanted=True)
    comes()
    assert notes(alice) == NOTES
