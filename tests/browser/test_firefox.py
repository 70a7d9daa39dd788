"""Firefox, in a call with a Chromium: the main path by role and name, in both languages and at two
sizes; a screen that is shared, a socket that is cut, and encryption end to end.

Headless it has no screen to share: getDisplayMedia() says NotFoundError, with fake devices as well
and whatever the preferences are. It would take an X server.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.firefox import ENTER, FirefoxBrowser, running_firefox
from tests.browser.flow import agree, flows_again
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_encryption import join, peers, wait_reads, write
from tests.browser.test_page import wait_alert
from tests.browser.test_phone import OUTSIDE, UPRIGHT
from tests.browser.test_resume import relay
from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import eventually

ROOM: Final = "sealed"
SCREEN: Final = "MCCM"
DESKTOP: Final = (1100, 700)


@dataclass(frozen=True)
class Words:
    """What the page says in a language."""

    name: str
    join: str
    mute: str
    unmute: str
    chat: str
    close_chat: str
    write: str
    messages: str
    hand: str
    more: str
    people: str
    close_people: str
    list: str
    leave: str


ENGLISH: Final = Words(
    name="Your name",
    join="Join",
    mute="Mute microphone",
    unmute="Unmute microphone",
    chat="Chat",
    close_chat="Close the chat",
    write="Write to everybody",
    messages="Messages",
    hand="Raise hand",
    more="More",
    people="People",
    close_people="Close the list of people",
    list="People in this room",
    leave="Leave",
)
FRENCH: Final = Words(
    name="Votre nom",
    join="Rejoindre",
    mute="Couper le micro",
    unmute="Activer le micro",
    chat="Discussion",
    close_chat="Fermer la discussion",
    write="Écrire à tous",
    messages="Messages",
    hand="Lever la main",
    more="Plus",
    people="Participants",
    close_people="Fermer la liste des participants",
    list="Personnes dans cette salle",
    leave="Quitter",
)

TEXT_OF = "(label) => document.querySelector(`[aria-label='${label}']`)?.innerText ?? ''"


@dataclass(frozen=True)
class Place:
    """Dave sits at a Firefox, Bob at a Chromium."""

    daemon: Daemon
    page: FirefoxBrowser
    dave: Participant
    bob: Participant

    def is_there(self, role: str, name: str) -> None:
        eventually(partial(self.page.find, role, name), within=10, why=f"{role} {name}")

    def reads(self, label: str, *texts: str) -> None:
        """Wait until what has this name at Dave's says all of them."""
        eventually(
            lambda: all(each in self.page.run(TEXT_OF, label) for each in texts),
            within=10,
            why=f"{texts} in {label}",
        )

    def see_each_other(self) -> None:
        self.dave.sees("bob", self.bob.pattern)
        self.bob.sees("dave", self.dave.pattern)


@contextmanager
def meeting(
    artifacts: Path,
    folder: Path,
    person: PersonFactory,
    devices: DeviceFactory,
    language: str = "en-US",
) -> Iterator[Place]:
    with own_network() as network, network.inside(), ExitStack() as stack:
        chromium = str(network.wrapper(folder, "/usr/bin/chromium"))
        settings = {"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}
        daemon = stack.enter_context(running_daemon(artifacts, environment=settings))
        page = stack.enter_context(running_firefox("YRGB", 1700, language=language))
        yield Place(
            daemon, page, Participant(devices("dave"), page), person("bob", executable=chromium)
        )


@pytest.fixture
def place(
    artifacts: Path, tmp_path: Path, person: PersonFactory, devices: DeviceFactory
) -> Iterator[Place]:
    with meeting(artifacts, tmp_path, person, devices) as there:
        yield there


@pytest.mark.parametrize(
    ("language", "words", "size"),
    [("en-US, en", ENGLISH, DESKTOP), ("fr-FR, fr, en", FRENCH, UPRIGHT)],
    ids=["en-desktop", "fr-phone"],
)
def test_from_the_lobby_to_the_end(
    artifacts: Path,
    tmp_path: Path,
    person: PersonFactory,
    devices: DeviceFactory,
    language: str,
    words: Words,
    size: tuple[int, int],
) -> None:
    with meeting(artifacts, tmp_path, person, devices, language) as place:
        place.page.resize(*size)
        place.bob.join(place.daemon.url, ROOM)
        comes_in(place, words, artifacts)
        is_muted_and_heard_again(place, words)
        they_write(place, words, artifacts)
        raises_a_hand(place, words)
        looks_who_is_there(place, words)
        place.page.press("button", words.leave)
        place.dave.wait_state("left")
        place.bob.sees_no_more("dave")


def comes_in(place: Place, words: Words, artifacts: Path) -> None:
    place.dave.open(f"{place.daemon.url}/{ROOM}")
    place.is_there("textbox", words.name)
    place.page.press("textbox", words.name)
    place.page.type("dave")
    place.page.screenshot(artifacts / "lobby.png")
    place.page.press("button", words.join)
    place.dave.wait_state("in-call")
    place.see_each_other()
    place.page.screenshot(artifacts / "call.png")
    assert place.page.run(OUTSIDE) == []


def is_muted_and_heard_again(place: Place, words: Words) -> None:
    tile = chromium_of(place.bob).page.get_by_role("article", name="dave")
    mark = tile.get_by_role("img", name="Microphone muted")
    place.page.press("button", words.mute)
    expect(mark).to_be_visible()
    eventually(place.bob.is_silent, within=10, why="nothing to be heard")
    place.page.press("button", words.unmute)
    expect(mark).to_be_hidden()
    place.bob.hears({"dave": place.dave.tone})
    place.dave.hears({"bob": place.bob.tone})


def they_write(place: Place, words: Words, artifacts: Path) -> None:
    place.page.press("button", words.chat)
    place.is_there("textbox", words.write)
    place.page.type(f"bonjour{ENTER}")
    wait_reads(place.bob, "none bonjour")
    write(place.bob, "hello")
    place.reads(words.messages, "bonjour", "hello")
    place.page.screenshot(artifacts / "chat.png")
    place.page.press("button", words.close_chat)


def raises_a_hand(place: Place, words: Words) -> None:
    tile = chromium_of(place.bob).page.get_by_role("article", name="dave")
    hand = tile.get_by_role("img", name="Hand raised")
    place.page.press("button", words.hand)
    expect(hand).to_be_visible()
    place.page.press("button", words.hand)
    expect(hand).to_be_hidden()


def looks_who_is_there(place: Place, words: Words) -> None:
    if not place.page.find("button", words.people):
        place.page.press("button", words.more)  # On a phone it is there.
    place.page.press("button", words.people)
    place.is_there("list", words.list)
    place.reads(words.list, "bob", "dave")
    place.page.press("button", words.close_people)


def test_a_screen_is_seen_and_the_camera_again(place: Place) -> None:
    for one in (place.bob, place.dave):
        one.join(place.daemon.url, ROOM)
    place.see_each_other()
    colours = [COLOURS[letter] for letter in SCREEN]
    chromium_of(place.bob).prepare_screen(f"{place.daemon.url}/healthz", colours)
    place.bob.page.click("Share my screen")
    place.dave.sees("bob", SCREEN)
    place.dave.sees_source("bob", "screen")
    place.bob.page.click("Stop sharing")
    place.dave.sees("bob", place.bob.pattern)

    # It has none of its own here, says so, and all is as it was.
    place.page.press("button", "Share my screen")
    wait_alert(place.dave, "share-failed")
    place.bob.sees("dave", place.dave.pattern)
    assert place.page.find("button", "Share my screen")


def test_a_socket_that_is_cut_is_another_in_the_same_session(place: Place) -> None:
    with relay(place.daemon.http_port) as way:
        place.bob.join(place.daemon.url, ROOM)
        place.dave.join(way.url, ROOM)
        place.see_each_other()
        session = place.page.run("() => window.trioSfu.client.self")
        people = place.dave, place.bob
        for _ in range(2):
            way.cut()
            flows_again(*people)
            eventually(
                lambda: way.connections > 0 and agree(place.daemon, ROOM, people),
                within=10,
                why="another socket, and pages and server to agree",
            )
        assert place.page.run("() => window.trioSfu.client.self") == session
        place.see_each_other()


def test_firefox_and_chromium_are_encrypted_end_to_end(place: Place, artifacts: Path) -> None:
    """Sound, cameras and what is written; not a screen in AV1 (docs/encryption.md)."""
    people = place.dave, place.bob
    for one in people:
        join(one, place.daemon.url)
    place.see_each_other()
    # What cannot be opened makes no tone, and no state "on".
    place.bob.hears({"dave": place.dave.tone})
    place.dave.hears({"bob": place.bob.tone})
    eventually(
        lambda: peers(place.dave, "encryption") == {"bob": "on"}, within=10, why="Bob to be opened"
    )
    eventually(
        lambda: peers(place.bob, "encryption") == {"dave": "on"}, within=10, why="Dave to be opened"
    )
    write(place.dave, "zanzibar")
    wait_reads(place.bob, "sealed zanzibar")
    place.page.screenshot(artifacts / "encrypted.png")

    place.page.press("button", "Leave")
    place.dave.wait_state("left")
    place.page.open("about:blank")
    join(place.dave, place.daemon.url, key="another")
    wait_alert(place.dave, "encryption-key-wrong")
    assert place.dave.see("source", "bob") == "none"
