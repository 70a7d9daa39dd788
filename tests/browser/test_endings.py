"""How a call ends, or does not begin, without its user having wanted it: what the page says of it
and the way on, in both languages, looked at like every other state (``test_states.py``)."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look, looking
from tests.browser.minting import made
from tests.browser.operating import operate, peer_of
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_invitation import ROOM, link, moderate
from tests.browser.test_page import wait_alert
from tests.browser.test_states import LOCALES, WORDS, press
from tests.process.daemon import free_ports, running_daemon
from tests.process.test_tree import run

SAID: Mapping[str, tuple[str, str]] = {
    "token-required": ("This room is by invitation", "On entre dans cette salle sur invitation"),
    "room-locked": ("This room is locked", "Cette salle est verrouillée"),
    "room-full": ("The room is full", "La salle est pleine"),
    "muted-by-moderator": (
        "alice has muted you. A dog",
        "alice a coupé ce que vous envoyez. A dog",
    ),
    "removed-by-moderator": (
        "alice has removed you from this room. Good night",
        "alice vous a retiré de cette salle. Good night",
    ),
    "join-barred": (
        "You were removed from this room. Ask",
        "Vous avez été retiré de cette salle. D",
    ),
    "removed": ("You were removed from this room", "Vous avez été retiré de cette salle"),
    "room-closed": ("This room was closed", "Cette salle a été fermée"),
    "server-draining": ("opens no new rooms", "Le serveur va redémarrer et"),
    "server-unreachable": ("The server cannot be reached", "Le serveur est injoignable"),
    "signaling-lost": (
        "The connection to the server was lost",
        "La connexion au serveur est perdue",
    ),
}
"""What is said in English and in French."""
AGAIN = {"en": "Try again", "fr": "Réessayer"}
DRAINING = {"en": "will be restarted", "fr": "va redémarrer"}

pytestmark = pytest.mark.parametrize("language", ["en", "fr"])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k", "--out", str(tmp_path))
    return tmp_path


def told(one: Participant, code: str, look: Look, language: str, within: float = 15) -> None:
    """Somebody is told it in their language; look at it."""
    wait_alert(one, code, within)
    alert = chromium_of(one).page.locator(f"[role=alert][data-code={code}]")
    expect(alert).to_contain_text(SAID[code][list(LOCALES).index(language)])
    look.at(one, code)


def told_calmly(one: Participant, code: str, look: Look, language: str) -> None:
    """The same of what comes back by itself: nobody is interrupted by it."""
    page = chromium_of(one).page
    notice = page.get_by_role("status").locator(f"[data-code={code}]")
    words = SAID[code][list(LOCALES).index(language)]
    expect(notice).to_contain_text(words, timeout=15_000)
    # That nobody hears one was one, until this said why.
    expect(page.get_by_role("alert")).to_have_count(0)
    look.at(one, f"{code}-calm")


def test_who_is_kept_out(artifacts: Path, person: PersonFactory, key: Path, language: str) -> None:
    alice, bob = person("alice"), person("bob", language=LOCALES[language])
    carol = person("carol", language=LOCALES[language])
    keys = ("--auth-keys", str(key / "k.public.jwk"))
    limit = {"TRIO_SFU_ROOMS_MAX_PEERS": "2"}
    with (
        running_daemon(artifacts, *keys, environment=limit) as daemon,
        looking(artifacts) as look,
    ):
        bob.open(f"{daemon.url}/{ROOM}?name=bob&join")
        told(bob, "token-required", look, language)
        alice.open(link(key, daemon.url, "alice", "--moderate"))
        alice.wait_state("in-call")
        press(chromium_of(alice).page, "People")
        press(chromium_of(alice).page, "Lock the room")
        bob.open(link(key, daemon.url, "bob"))
        told(bob, "room-locked", look, language)
        press(chromium_of(alice).page, "Unlock the room")
        press(chromium_of(bob).page, AGAIN[language])
        bob.wait_state("in-call")
        carol.open(link(key, daemon.url, "carol"))
        told(carol, "room-full", look, language)


def test_who_is_sent_away(artifacts: Path, person: PersonFactory, key: Path, language: str) -> None:
    alice, bob = person("alice"), person("bob", language=LOCALES[language])
    carol = person("carol", language=LOCALES[language])
    keys = ("--auth-keys", str(key / "k.public.jwk"))
    with running_daemon(artifacts, *keys) as daemon, looking(artifacts) as look:
        for one, *more in ((alice, "--moderate"), (bob,), (carol,)):
            one.open(link(key, daemon.url, one.name, *more))
            one.wait_state("in-call")
        moderate(alice, "bob", "Mute their microphone", because="A dog")
        told(bob, "muted-by-moderator", look, language)
        moderate(alice, "bob", "Remove from the room", because="Good night")
        told(bob, "removed-by-moderator", look, language)
        press(chromium_of(bob).page, AGAIN[language])
        told(bob, "join-barred", look, language)
        operate(daemon, "DELETE", f"/rooms/{ROOM}/peers/{peer_of(carol)}")
        told(carol, "removed", look, language)
        # Another invitation, opened where the last one was.
        chromium_of(carol).page.goto(link(key, daemon.url, "dave"))
        chromium_of(carol).page.locator("html[data-state=in-call]").wait_for()
        carol.open_eyes()
        operate(daemon, "DELETE", f"/rooms/{ROOM}")
        told(carol, "room-closed", look, language)


def test_the_server_is_away(artifacts: Path, person: PersonFactory, language: str) -> None:
    alice, bob = (person(name, language=LOCALES[language]) for name in ("alice", "bob"))
    http, media = free_ports()
    ports = {"TRIO_SFU_HTTP_PORT": str(http), "TRIO_SFU_MEDIA_PORT": str(media)}
    with looking(artifacts) as look:
        with running_daemon(artifacts, environment=ports) as daemon:
            for one in (alice, bob):
                one.join(daemon.url, ROOM)
            alice.sees("bob", bob.pattern)
            assert run("drain", "--url", daemon.url, "--deadline", "600").returncode == 0
            expect(chromium_of(alice).page.get_by_text(DRAINING[language])).to_be_visible()
            look.at(alice, "draining")
            press(chromium_of(bob).page, WORDS[language]["leave"])
            chromium_of(bob).page.goto(f"{daemon.url}/another?name=bob")
            bob.open_eyes()
            press(chromium_of(bob).page, WORDS[language]["join"])
            told(bob, "server-draining", look, language)
            daemon.kill()
        told_calmly(alice, "signaling-lost", look, language)
        told(bob, "server-unreachable", look, language, within=60)
