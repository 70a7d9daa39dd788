"""What people see when the server is about to be restarted: a quiet notice that counts down."""

from pathlib import Path

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon
from tests.process.patience import eventually
from tests.process.test_tree import run

NOTICE = """() => {
    const notice = document.querySelector('.notice[data-code="draining"]');
    return notice && [
        notice.querySelector("p").textContent,
        notice.closest("[role]").getAttribute("role"),
        notice.querySelector(".clock").textContent,
    ];
}"""


def notice(person: Participant) -> list[str]:
    return eventually(lambda: person.page.run(NOTICE), within=5, why="the notice")


def gone(person: Participant) -> None:
    eventually(lambda: person.page.run(NOTICE) is None, within=5, why="the notice to go")


def test_people_see_how_long_there_is_and_when_it_is_taken_back(
    daemon: Daemon, person: PersonFactory, artifacts: Path
) -> None:
    alice, bob = person("alice"), person("bob", language="fr-FR")
    alice.join(daemon.url, "call")
    assert run("drain", "--url", daemon.url, "--deadline", "600").returncode == 0
    text, role, clock = notice(alice)
    assert text == "The server will be restarted. The call comes back by itself after it."
    assert role == "status", "told, and not urgently"
    assert clock in ("10:00", "9:59", "9:58", "9:57")
    bob.join(daemon.url, "call")
    assert notice(bob)[0].startswith("Le serveur va redémarrer.")
    earlier = notice(alice)[2]
    eventually(lambda: notice(alice)[2] != earlier, within=5, why="the clock to go on")
    chromium_of(alice).screenshot(artifacts / "notice.png")
    alice.sees("bob", bob.pattern)
    assert run("drain", "--url", daemon.url, "--cancel").returncode == 0
    gone(alice)
    gone(bob)
