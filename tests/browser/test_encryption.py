"""Calls that are encrypted end to end: who has the key sees and hears, the server and others do not."""

import subprocess
import sys
from itertools import permutations

from tests.browser.chromium import LARGE
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_page import wait_alert
from tests.browser.test_simulcast import prefer
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "sealed"
KEY = "AAECAwQFBgcICQoLDA0ODw"


def join(person: Participant, url: str, fragment: str) -> None:
    """Open the link that joins by itself."""
    person.open(f"{url}/{ROOM}?name={person.name}&join{fragment}")
    person.wait_state("in-call")


def encryption(person: Participant) -> dict[str, str]:
    """Return what the library says of each of the others."""
    found: dict[str, str] = person.page.run(
        "() => Object.fromEntries("
        "window.trioSfu.client.peers.map(({ name, encryption }) => [name, encryption]))"
    )
    return found


def generation(person: Participant) -> int:
    """Return how often the person's key has been ratcheted."""
    return int(person.page.run("() => window.trioSfu.client.keyGeneration"))


def locks(person: Participant) -> int:
    """Return how many locks there are to be seen: the call's, and one a tile."""
    return chromium_of(person).page.get_by_role("img", name="Encrypted end to end").count()


def bot_sees(url: str) -> str:
    """Have a client that decodes whatever it gets watch for a while; return its last words."""
    said = subprocess.run(
        [sys.executable, "-m", "trio_sfu.client", url]
        + ["--room", ROOM, "--watch-only", "--seconds", "4"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return said.stdout.strip().splitlines()[-1]


def test_only_who_has_the_key_sees_and_hears(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob, carol = people = [person(name) for name in ("alice", "bob", "carol")]
    chromium_of(bob).resize(*LARGE)
    chromium_of(alice).page.goto(f"{daemon.url}/{ROOM}?name=alice")
    for one in people:
        join(one, daemon.url, f"#key={KEY}")
    for viewer, other in permutations(people, 2):
        viewer.sees(other.name, other.pattern)
    for viewer in people:
        viewer.hears({other.name: other.tone for other in people if other is not viewer})
    print(encryption(alice), locks(alice))
    print(bot_sees(daemon.url))
