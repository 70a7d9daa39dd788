"""The page itself: languages, keyboard, and a way on when something is missing."""

import re
import signal
from pathlib import Path

import pytest

from tests.browser.chromium import Devices
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon, free_ports, running_daemon
from tests.process.patience import eventually

ROOM = "page"


def wait_alert(person: Participant, code: str, within: float = 15) -> None:
    """Wait until the page has said what is wrong."""
    eventually(
        lambda: person.page.run(
            "(code) => [...document.querySelectorAll('[role=alert]')]"
            ".some((alert) => alert.dataset.code === code && alert.innerText.trim() !== '')",
            code,
        ),
        within=within,
        why=f"the page to say {code}",
    )


def test_joining_from_the_lobby_by_keyboard(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    alice.open(daemon.url)
    keyboard = chromium_of(alice).page
    keyboard.get_by_label("Your name").fill("alice")
    # Its hint is part of the field's name.
    room = keyboard.get_by_role("textbox", name=re.compile("^Room"))
    room.fill(ROOM)
    room.press("Enter")
    alice.wait_state("in-call")
    bob.join(daemon.url, ROOM)
    bob.sees("alice", alice.pattern)
    assert keyboard.url == f"{daemon.url}/{ROOM}"


def test_muting_is_heard_and_seen(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.hears({"alice": alice.tone})
    offers = [alice.offers(), bob.offers()]

    alice.page.click("Mute microphone")
    eventually(bob.is_silent, within=10, why="bob to hear nothing any more")
    alice.page.click("Unmute microphone")
    bob.hears({"alice": alice.tone})

    alice.page.click("Turn camera off")
    eventually(lambda: bob.see("source", "alice") == "none", within=10, why="bob to see no camera")
    alice.page.click("Turn camera on")
    bob.sees("alice", alice.pattern)
    assert [alice.offers(), bob.offers()] == offers


def test_french(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice", language="fr-FR")
    alice.join(daemon.url, ROOM)
    french = chromium_of(alice).page
    assert french.get_by_role("button", name="Partager mon écran", exact=True).is_visible()
    assert alice.page.run("() => document.documentElement.lang") == "fr"


@pytest.mark.parametrize(
    ("equipment", "code"), [("denied", "permission-denied"), ("none", "no-devices")]
)
def test_without_camera_and_microphone_one_can_watch(
    daemon: Daemon, person: PersonFactory, equipment: Devices, code: str
) -> None:
    alice, bob = person("alice"), person("bob", equipment=equipment)
    alice.join(daemon.url, ROOM)
    bob.join(daemon.url, ROOM)
    wait_alert(bob, code)
    bob.sees("alice", alice.pattern)
    bob.hears({"alice": alice.tone})
    assert "bob" in alice.names()


@pytest.fixture
def ports() -> dict[str, str]:
    """Ports that a daemon and its successor both listen on."""
    http, media = free_ports()
    return {"TRIO_SFU_HTTP_PORT": str(http), "TRIO_SFU_MEDIA_PORT": str(media)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_call_goes_on_after_the_server_was_gone(
    artifacts: Path, person: PersonFactory, ports: dict[str, str], number: signal.Signals
) -> None:
    alice, bob = person("alice"), person("bob")
    with running_daemon(artifacts, environment=ports) as daemon:
        for one in (alice, bob):
            one.join(daemon.url, ROOM)
        alice.sees("bob", bob.pattern)
        daemon.already_stopped = True
        daemon.process.send_signal(number)
        for one in (alice, bob):
            one.wait_state("reconnecting")
    with running_daemon(artifacts, environment=ports):
        for one in (alice, bob):
            one.wait_state("in-call", within=40)
        alice.sees("bob", bob.pattern)
        bob.sees("alice", alice.pattern)
        alice.hears({"bob": bob.tone})


@pytest.mark.parametrize("size", [(360, 640), (1100, 700)])
def test_nothing_sticks_out(
    daemon: Daemon, person: PersonFactory, artifacts: Path, size: tuple[int, int]
) -> None:
    people = [person(name) for name in ("alice", "bob", "carol")]
    for one in people:
        one.join(daemon.url, ROOM)
    alice = people[0]
    chromium_of(alice).page.set_viewport_size({"width": size[0], "height": size[1]})
    for other in people[1:]:
        alice.sees(other.name, other.pattern)

    def inside() -> bool:
        return bool(
            alice.page.run(
                """() => [...document.querySelectorAll("article.tile, button")]
                    .filter((e) => e.checkVisibility())
                    .every((e) => {
                        const box = e.getBoundingClientRect();
                        return box.left >= 0 && box.top >= 0
                            && box.right <= innerWidth + 1 && box.bottom <= innerHeight + 1;
                    }) && document.documentElement.scrollWidth <= innerWidth"""
            )
        )

    eventually(inside, within=5, why="everything to be inside the window")
    alice.page.screenshot(artifacts / "window.png")
