"""The scenario that screen sharing was asked for with, in its six steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.operating import peer_of, tracks
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS, transitions
from tests.browser.test_screen_share import REMEMBER_CAPTURE, SCREEN, STOP_BY_BROWSER
from tests.browser.test_states import LOCALES, WORDS
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "six-steps"
SHARING = {"en": "You are sharing your screen", "fr": "Vous partagez votre écran"}

# What the picker has given.
PICKED = """() => window.capture && window.capture.getVideoTracks().map((track) =>
    [track.readyState, track.getSettings().displaySurface])"""


@dataclass(frozen=True)
class Scenario:
    """Alice, who presents, Bob, who watches, and where."""

    alice: Participant
    bob: Participant
    daemon: Daemon
    language: str

    @property
    def words(self) -> Mapping[str, str]:
        """What the page's buttons are called."""
        return WORDS[self.language]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_six_steps(daemon: Daemon, person: PersonFactory, language: str) -> None:
    alice, bob = (person(name, language=LOCALES[language]) for name in ("alice", "bob"))
    scenario = Scenario(alice, bob, daemon, language)
    for step in STEPS:
        try:
            step(scenario)
        except BaseException as error:
            error.add_note(f"in step {step.__doc__}")
            raise
    assert len(STEPS) == 6


def together(scenario: Scenario) -> None:
    """1. Alice and Bob are in a room and see each other's cameras."""
    alice, bob = scenario.alice, scenario.bob
    for one in (alice, bob):
        one.join(scenario.daemon.url, ROOM)
    screen = [COLOURS[letter] for letter in SCREEN]
    chromium_of(alice).prepare_screen(f"{scenario.daemon.url}/readyz", screen)
    alice.page.run(REMEMBER_CAPTURE)
    alice.sees("bob", bob.pattern)
    bob.sees("alice", alice.pattern)


def press(scenario: Scenario) -> None:
    """2. Alice presses "Share my screen"."""
    scenario.bob.record("alice")
    scenario.alice.page.click(scenario.words["share"])


def choose(scenario: Scenario) -> None:
    """3. The browser's own picker opens, and she chooses."""
    page = scenario.alice.page
    eventually(lambda: page.run(PICKED) == [["live", "browser"]], within=10, why="a choice")


def send(scenario: Scenario) -> None:
    """4. The stream of her screen goes to the server over WebRTC."""
    first = received(scenario)
    eventually(lambda: received(scenario) > first + 1_000, within=20, why="more of the screen")
    assert list(tracks(scenario.daemon, ROOM, "screen")) == [peer_of(scenario.alice)]


def see(scenario: Scenario) -> None:
    """5. Bob sees her screen in place of her camera."""
    scenario.bob.sees("alice", SCREEN)
    scenario.bob.sees_source("alice", "screen")
    assert scenario.bob.names().count("alice") == 1
    sharing = chromium_of(scenario.alice).page.get_by_text(SHARING[scenario.language])
    expect(sharing).to_be_visible()


def stop(scenario: Scenario) -> None:
    """6. She stops by the browser's own bar, and Bob sees her camera again by itself."""
    alice, bob = scenario.alice, scenario.bob
    alice.page.run(STOP_BY_BROWSER)
    bob.sees("alice", alice.pattern)
    bob.sees_source("alice", "camera")
    film = bob.stop_recording()
    # The browser ends the capture by a black picture of its own, before it tells the page.
    shown = [each for each in transitions(film) if each != "KKKK"]
    assert shown == [alice.pattern, SCREEN, alice.pattern], film
    assert transitions(film)[:2] == [alice.pattern, SCREEN], film
    share_again = chromium_of(alice).page.get_by_role("button", name=scenario.words["share"])
    expect(share_again).to_be_enabled()
    assert tracks(scenario.daemon, ROOM, "screen") == {}


STEPS: tuple[Callable[[Scenario], None], ...] = (together, press, choose, send, see, stop)


def received(scenario: Scenario) -> int:
    """Return how many bytes of the screen have come to the server."""
    screens = tracks(scenario.daemon, ROOM, "screen").values()
    return sum(encoding["bytes"] or 0 for track in screens for encoding in track["encodings"])
