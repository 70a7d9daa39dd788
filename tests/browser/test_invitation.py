"""Links with join tokens: who has none is told so, and what one is not for is not offered."""

from pathlib import Path

import pytest

from tests.browser.minting import made
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_page import wait_alert
from tests.process.daemon import running_daemon
from tests.process.patience import eventually

ROOM = "standup"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k", "--out", str(tmp_path))
    return tmp_path


def link(key: Path, url: str, name: str, *more: str) -> str:
    """Return the link that joins by itself, with a token."""
    said = ("--room", ROOM, "--identity", name, "--name", name, "--url", url, *more)
    page, fragment = made("--key-file", str(key / "k.private.jwk"), *said).split("#")
    return f"{page}?join#{fragment}"


def buttons(person: Participant) -> list[str]:
    found: list[str] = person.page.run(
        "() => [...document.querySelectorAll('.controls button')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.ariaLabel ?? e.innerText.trim())"
    )
    return found


def alert(person: Participant) -> str:
    """Return the newest of what the page says is wrong."""
    text = "() => [...document.querySelectorAll('[role=alert]')].at(-1)?.innerText ?? ''"
    return str(person.page.run(text))


def moderate(moderator: Participant, name: str, act: str, *, because: str) -> None:
    """Do something about somebody, as a moderator does by mouse and keyboard."""
    moderator.page.click(f"Moderate {name}")
    chromium_of(moderator).page.get_by_label("Reason, for them to read").fill(because)
    moderator.page.click(act)


def test_a_link_with_a_token_opens_the_door(
    artifacts: Path, person: PersonFactory, key: Path
) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    with running_daemon(artifacts, "--auth-keys", str(key / "k.public.jwk")) as daemon:
        carol.open(f"{daemon.url}/{ROOM}?name=carol&join")
        carol.wait_state("error")
        wait_alert(carol, "token-required")

        alice.open(link(key, daemon.url, "alice", "--moderate"))
        alice.wait_state("in-call")
        bob.open(link(key, daemon.url, "bob", "--publish", "microphone"))
        bob.wait_state("in-call")
        bob.sees("alice", alice.pattern)
        alice.hears({"bob": bob.tone})
        devices = ["Mute microphone", "Turn camera off", "Share my screen"]
        usual = ["Raise hand", "React", "Chat", "People", "More", "Leave"]
        assert buttons(alice) == devices + usual
        assert buttons(bob) == ["Mute microphone", *usual]
        assert alice.see("source", "bob") == "none"
        released = "() => window.trioSfu.media.camera === null"
        eventually(lambda: bob.page.run(released), within=5, why="bob's camera to be off")

        # The token is out of sight, and there again after a reload.
        assert chromium_of(bob).page.url == f"{daemon.url}/{ROOM}?join"
        bob.open(f"{daemon.url}/{ROOM}?join&name=bob")
        bob.wait_state("in-call")
        alice.hears({"bob": bob.tone})

        assert chromium_of(bob).page.get_by_role("button", name="Moderate alice").count() == 0
        moderate(alice, "bob", "Mute their microphone", because="a dog")
        wait_alert(bob, "muted-by-moderator")
        assert "alice has muted you. a dog" in alert(bob)
        eventually(
            lambda: buttons(bob)[0] == "Unmute microphone", within=5, why="bob's button to say it"
        )
        bob.page.screenshot(artifacts / "muted.png")
        bob.page.click("Unmute microphone")
        alice.hears({"bob": bob.tone})

        moderate(alice, "bob", "Remove from the room", because="enough")
        bob.wait_state("error")
        wait_alert(bob, "removed-by-moderator")
        assert "alice has removed you from this room. enough" in alert(bob)
        bob.page.screenshot(artifacts / "removed.png")
        bob.page.click("Try again")
        wait_alert(bob, "join-barred")
        assert "token=" not in daemon.log_file.read_text()
