"""Every state that the page can be in, in windows of three sizes: axe-core finds nothing, nothing
is too small to press or sticks out, and there is a picture of it."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import LARGE
from tests.browser.looking import Look, looking
from tests.browser.minting import made
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_connection_check import check
from tests.browser.test_encryption import KEY, paste_key
from tests.browser.test_encryption import join as join_sealed
from tests.browser.test_invitation import ROOM, link
from tests.browser.test_long_tasks import CROWD, sees_all
from tests.browser.test_page import wait_alert
from tests.process.daemon import Daemon, running_daemon

SCREEN = [COLOURS[letter] for letter in "MCCM"]
LOCALES = {"en": "en-US", "fr": "fr-FR"}
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "chat": "Chat",
        "write": "Write to everybody",
        "people": "People",
        "close people": "Close the list of people",
        "moderate": "Moderate bob",
        "cancel": "Cancel",
        "more": "More",
        "settings": "Settings",
        "close settings": "Close the settings",
        "react": "React",
        "statistics": "Statistics",
        "bob's sound": "bob: microphone",
        "bob's picture": "bob: camera",
        "own sound": "alice (sent): microphone",
        "own picture": "alice (sent): camera",
        "share": "Share my screen",
        "stop": "Stop sharing",
        "hand": "Raise hand",
        "camera": "Turn camera off",
        "leave": "Leave",
        "join": "Join",
        "test": "Test my connection",
    },
    "fr": {
        "chat": "Discussion",
        "write": "Écrire à tous",
        "people": "Participants",
        "close people": "Fermer la liste des participants",
        "moderate": "Modérer bob",
        "cancel": "Annuler",
        "more": "Plus",
        "settings": "Réglages",
        "close settings": "Fermer les réglages",
        "react": "Réagir",
        "statistics": "Statistiques",
        "bob's sound": "bob : micro",
        "bob's picture": "bob : caméra",
        "own sound": "alice (envoyé) : micro",
        "own picture": "alice (envoyé) : caméra",
        "share": "Partager mon écran",
        "stop": "Arrêter le partage",
        "hand": "Lever la main",
        "camera": "Couper la caméra",
        "leave": "Quitter",
        "join": "Rejoindre",
        "test": "Tester ma connexion",
    },
}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k", "--out", str(tmp_path))
    return tmp_path


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def row(page: Page, track: str) -> Locator:
    """Return the rows of the statistics whose first cell says this."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=track, exact=True))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_lobby(daemon: Daemon, person: PersonFactory, artifacts: Path, language: str) -> None:
    locale, words = LOCALES[language], WORDS[language]
    with looking(artifacts) as look:
        alice = person("alice", language=locale)
        alice.open(daemon.url)
        chromium_of(alice).page.wait_for_function("() => window.trioSfu.media.camera")
        look.at(alice, "lobby")
        page = chromium_of(alice).page
        press(page, words["join"])  # without a name
        look.at(alice, "lobby-no-name")
        press(page, words["camera"])
        look.at(alice, "lobby-camera-off")
        check(alice, button=words["test"])
        look.at(alice, "lobby-connection-test")
        for equipment, code in (("denied", "permission-denied"), ("none", "no-devices")):
            bob = person("bob", language=locale, equipment=equipment)  # type: ignore[arg-type]
            bob.open(daemon.url)
            wait_alert(bob, code)
            look.at(bob, f"lobby-{code}")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_call(artifacts: Path, person: PersonFactory, key: Path, language: str) -> None:
    locale, words = LOCALES[language], WORDS[language]
    alice, bob = person("alice", language=locale), person("bob", language=locale)
    page = chromium_of(alice).page
    with (
        running_daemon(artifacts, "--auth-keys", str(key / "k.public.jwk")) as daemon,
        looking(artifacts) as look,
    ):
        alice.open(link(key, daemon.url, "alice", "--moderate"))
        alice.wait_state("in-call")
        look.at(alice, "alone")
        bob.open(link(key, daemon.url, "bob"))
        bob.wait_state("in-call")
        alice.sees("bob", bob.pattern)
        look.at(alice, "two")
        panels(alice, bob, look, words)
        dialogs(page, alice, look, words)
        alice_shares(daemon, alice, bob, look, words)
        press(page, words["leave"])
        alice.wait_state("left")
        look.at(alice, "left")


def panels(alice: Participant, bob: Participant, look: Look, words: Mapping[str, str]) -> None:
    """The chat, empty and not, and the list of people, with a hand that is up."""
    page, other = chromium_of(alice).page, chromium_of(bob).page
    for one in (page, other):
        press(one, words["chat"])
    look.at(alice, "chat-empty")
    for text in ("https://example.org/agenda", "a" * 90, "<b>bold</b>"):
        page.get_by_role("textbox", name=words["write"]).fill(text)
        page.keyboard.press("Enter")
    other.get_by_role("textbox", name=words["write"]).fill("👋")
    other.keyboard.press("Enter")
    expect(page.get_by_role("list").get_by_text("👋")).to_be_visible()
    look.at(alice, "chat")
    press(other, words["hand"])
    press(page, words["people"])
    expect(page.get_by_role("region").get_by_role("listitem")).to_have_count(2)
    look.at(alice, "people")
    press(page, words["close people"])


def dialogs(page: Page, alice: Participant, look: Look, words: Mapping[str, str]) -> None:
    """What opens over the call."""
    press(page, words["moderate"])
    look.at(alice, "moderation")
    press(page, words["cancel"])
    press(page, words["react"])
    look.at(alice, "reactions")
    page.keyboard.press("Escape")
    press(page, words["more"])
    look.at(alice, "more")
    press(page, words["settings"])
    look.at(alice, "settings")
    press(page, words["close settings"])
    press(page, words["statistics"])
    for track in ("bob's sound", "bob's picture"):
        expect(row(page, words[track])).to_be_visible()
    # What she sends has a row for each encoding, of which some may be stopped just then.
    own = row(page, words["own sound"]).or_(row(page, words["own picture"]))
    expect(own.first).to_be_visible()
    look.at(alice, "statistics")
    press(page, words["statistics"])
    page.keyboard.press("g")
    look.at(alice, "speaker-view")
    page.keyboard.press("g")


def alice_shares(
    daemon: Daemon, alice: Participant, bob: Participant, look: Look, words: Mapping[str, str]
) -> None:
    """The presenter's page, and that of who watches."""
    chromium_of(alice).prepare_screen(f"{daemon.url}/healthz", SCREEN)
    press(chromium_of(bob).page, words["chat"])
    press(chromium_of(alice).page, words["share"])
    bob.sees("alice", "MCCM")
    look.at(alice, "sharing")
    look.at(bob, "screen")
    press(chromium_of(alice).page, words["stop"])
    bob.sees("alice", alice.pattern)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "others",
    [
        4,
        pytest.param(
            11,
            marks=pytest.mark.skipif(
                "SOAK_CROWDS" not in os.environ, reason="SOAK_CROWDS: it takes minutes (make soak)"
            ),
        ),
    ],
)
def test_a_call_of_many(
    daemon: Daemon, person: PersonFactory, artifacts: Path, others: int, language: str
) -> None:
    crowd, alice = person("carol"), person("alice", language=LOCALES[language])
    crowd.open(daemon.url)
    crowd.page.run(CROWD, list(COLOURS.values()))
    crowd.page.run("(room, count) => window.crowd.gather(room, count)", ROOM, others)
    alice.join(daemon.url, ROOM)
    chromium_of(alice).resize(*LARGE)
    sees_all(alice, others)
    crowd.page.run("(room) => window.crowd.act(room, 1, 'raiseHand', true)", ROOM)
    with looking(artifacts) as look:
        look.at(alice, f"call-of-{others + 1}")
        press(chromium_of(alice).page, WORDS[language]["people"])
        look.at(alice, f"people-of-{others + 1}")
        chromium_of(alice).page.keyboard.press("Escape")
        chromium_of(alice).page.keyboard.press("g")
        look.at(alice, f"speaker-view-of-{others + 1}")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_encrypted_calls(
    daemon: Daemon, person: PersonFactory, artifacts: Path, language: str
) -> None:
    alice, bob = (person(name, language=LOCALES[language]) for name in ("alice", "bob"))
    with looking(artifacts) as look:
        for one in (alice, bob):
            join_sealed(one, daemon.url)
        alice.sees("bob", bob.pattern)
        look.at(alice, "encrypted")
        paste_key(bob, KEY.swapcase())
        wait_alert(bob, "encryption-key-wrong")
        look.at(bob, "encryption-key-wrong")
        look.at(alice, "encryption-of-another-key")
        join_sealed(bob, daemon.url, key=None)
        wait_alert(bob, "encryption-key-missing")
        look.at(bob, "encryption-key-missing")


@pytest.mark.parametrize(
    ("language", "button"), [("en", "Turn the sound on"), ("fr", "Activer le son")]
)
def test_the_browser_keeps_the_sound_off(
    daemon: Daemon, person: PersonFactory, artifacts: Path, language: str, button: str
) -> None:
    alice = person("alice", language=LOCALES[language])
    with looking(artifacts) as look:
        chromium_of(alice).page.add_init_script(
            "HTMLMediaElement.prototype.play = function () { return this.muted ? Promise.resolve()"
            " : Promise.reject(new DOMException('', 'NotAllowedError')); };"
        )
        alice.join(daemon.url, ROOM)
        person("bob").join(daemon.url, ROOM)
        expect(chromium_of(alice).page.get_by_role("button", name=button)).to_be_visible()
        look.at(alice, "sound-blocked")
