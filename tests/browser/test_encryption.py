"""Calls that are encrypted end to end: who has the key sees and hears, nobody else does."""

import json
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

from tests.browser.chromium import LARGE
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_page import wait_alert
from tests.browser.test_simulcast import prefer
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "sealed"
KEY = "AAECAwQFBgcICQoLDA0ODw"
ENOUGH = 40
"""Packets of sound or picture that make something, in the seconds that the eavesdropper listens."""


def join(person: Participant, url: str, key: str | None = KEY) -> None:
    """Open the link that joins by itself."""
    fragment = "" if key is None else f"#key={key}"
    person.open(f"{url}/{ROOM}?name={person.name}&join{fragment}")
    person.wait_state("in-call")


def paste_key(person: Participant, key: str) -> None:
    """Change the key in the address of an open call, which loads the page anew."""
    page = chromium_of(person).page
    person.page.run("(key) => { window.old = true; location.hash = `key=${key}`; }", key)
    page.wait_for_function("() => !window.old && window.trioSfu")
    person.open_eyes()
    person.wait_state("in-call")


def peers(person: Participant, field: str) -> dict[str, str]:
    """Return what the library says of each of the others."""
    found: dict[str, str] = person.page.run(
        "(field) => Object.fromEntries("
        "window.trioSfu.client.peers.map((peer) => [peer.name, peer[field]]))",
        field,
    )
    return found


def wait_encryption(person: Participant, expected: dict[str, str]) -> None:
    eventually(
        lambda: peers(person, "encryption") == expected,
        within=15,
        why=f"{person.name}: {expected}",
    )


def write(person: Participant, text: str) -> None:
    person.page.run("(text) => window.trioSfu.client.conversation.write(text)", text)


def wait_reads(person: Participant, *expected: str) -> None:
    """Wait until the chat of somebody is this."""
    chromium_of(person).page.wait_for_function(
        """(expected) => JSON.stringify(expected) === JSON.stringify(
            window.trioSfu.client.conversation.messages.map(
                ({ text, secrecy }) => `${secrecy} ${text}`.trim()))""",
        arg=expected,
    )


def generation(person: Participant) -> int:
    """Return how often the person's key has been ratcheted."""
    return int(person.page.run("() => window.trioSfu.client.keyGeneration"))


def locks(person: Participant) -> int:
    """Return how many locks there are to be seen: the call's, and one a tile."""
    return chromium_of(person).page.get_by_role("img", name="Encrypted end to end").count()


def says(person: Participant, name: str) -> str:
    """Return what is said over somebody's tile."""
    tile = chromium_of(person).page.locator(f"article.tile[data-name={name}] .tile-state")
    return str(tile.inner_text())


def eavesdrop(url: str, *people: Participant) -> dict[str, list[str]]:
    """Have a client decode whatever it gets; return whose picture it saw in what came of whom.

    Something has to come of each, or it saw nothing for another reason.
    """
    command = [sys.executable, "-m", "tests.browser.eavesdropper", url, ROOM, "4"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
    overheard: dict[str, dict[str, Any]] = json.loads(said)
    assert overheard.keys() == {one.name for one in people}
    for of in overheard.values():
        assert of["packets"] >= ENOUGH, said
        assert of["sounds"] >= ENOUGH, said
    return {
        name: [one.name for one in people if one.pattern in of["patterns"]]
        for name, of in overheard.items()
    }


def test_without_a_key_the_eavesdropper_sees_everybody(
    daemon: Daemon, person: PersonFactory
) -> None:
    """So it is the key that keeps it from that."""
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        join(one, daemon.url, key=None)
    alice.sees("bob", bob.pattern)
    assert eavesdrop(daemon.url, alice, bob) == {"alice": ["alice"], "bob": ["bob"]}


def test_only_who_has_the_key_sees_and_hears(
    daemon: Daemon, person: PersonFactory, artifacts: Path
) -> None:
    alice, bob, carol = people = [person(name) for name in ("alice", "bob", "carol")]
    chromium_of(bob).resize(*LARGE)
    asked: list[str] = []
    chromium_of(alice).page.on("request", lambda request: asked.append(request.url))
    chromium_of(alice).page.on("websocket", lambda socket: asked.append(socket.url))
    heard: list[str] = []
    chromium_of(bob).page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))),
    )
    join(alice, daemon.url)
    join(bob, daemon.url)
    assert chromium_of(bob).page.url.endswith(f"#key={KEY}")

    # Layers are changed, at keyframes that the server finds.
    for quality, size in (("low", (320, 180)), ("high", (640, 360))):
        prefer(bob, "alice", quality)
        bob.sees_size("alice", size)
        bob.sees("alice", alice.pattern)

    join(carol, daemon.url)
    for viewer, other in permutations(people, 2):
        viewer.sees(other.name, other.pattern)
    carol.hears({"alice": alice.tone, "bob": bob.tone})
    assert [locks(one) for one in people] == [4, 4, 4]

    # The server hands on what it has; a decoder makes noise of it, at most.
    assert eavesdrop(daemon.url, *people) == {"alice": [], "bob": [], "carol": []}

    # A screen, in place of the camera and back.
    chromium_of(alice).prepare_screen(daemon.url, [COLOURS[letter] for letter in "MCCM"])
    alice.page.click("Share my screen")
    carol.sees("alice", "MCCM")
    bob.page.screenshot(artifacts / "encrypted.png")
    alice.page.click("Stop sharing")
    carol.sees("alice", alice.pattern)

    # What is written is as well.
    write(alice, "zanzibar")
    write(bob, "nobody else reads this")
    wait_reads(carol, "sealed zanzibar", "sealed nobody else reads this")

    # Who leaves takes the keys of then along; the others go on with new ones.
    before = [generation(one) for one in (alice, bob)]
    carol.page.click("Leave")
    carol.wait_state("left")
    eventually(
        lambda: [generation(one) for one in (alice, bob)] == [n + 1 for n in before],
        within=5,
        why="the keys to be ratcheted",
    )
    alice.sees("bob", bob.pattern)
    bob.sees("alice", alice.pattern)

    # Without the key, and with a wrong one, one is told so and gets nothing; the others see that.
    fourth = person("dave")
    join(fourth, daemon.url, key=None)
    wait_alert(fourth, "encryption-key-missing")
    wait_encryption(fourth, {"alice": "key-missing", "bob": "key-missing"})
    assert says(fourth, "alice") == "Encrypted with a key that you do not have"
    assert fourth.see("source", "alice") == "none"
    wait_reads(fourth, "unreadable", "unreadable")
    assert locks(fourth) == 0
    wait_encryption(alice, {"bob": "on", "dave": "plain"})
    assert says(alice, "dave") == "Not encrypted, so not shown"
    fourth.page.screenshot(artifacts / "without-a-key.png")

    paste_key(fourth, "another")
    wait_alert(fourth, "encryption-key-wrong")
    wait_encryption(fourth, {"alice": "key-wrong", "bob": "key-wrong"})
    wait_encryption(alice, {"bob": "on", "dave": "key-wrong"})
    assert alice.see("alert") is None
    assert fourth.is_silent()

    # Late, after a ratchet, and with the key.
    paste_key(fourth, KEY)
    fourth.sees("alice", alice.pattern)
    bob.sees("dave", fourth.pattern)
    wait_reads(fourth, "sealed zanzibar", "sealed nobody else reads this")

    assert not [url for url in asked if KEY in url]
    assert [url for url in asked if url.startswith("ws:")]
    log = daemon.log_file.read_text()
    assert "sealed" in log
    assert KEY not in log
    assert [frame for frame in heard if "e2ee1:" in frame]
    assert not [frame for frame in heard if "zanzibar" in frame]
