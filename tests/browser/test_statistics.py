"""The page's figures say what is sent and what arrives."""

import re
from pathlib import Path

from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "view"


def test_the_figures_of_a_call(daemon: Daemon, person: PersonFactory, tmp_path: Path) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.sees("alice", alice.pattern)
    bob.page.click("Statistics")

    def rows() -> list[str]:
        return list(
            bob.page.run(
                "() => [...document.querySelectorAll('.statistics tbody tr')]"
                ".map((row) => row.innerText)"
            )
        )

    figures = re.compile(r"^alice\t\d+\D\d+, \d+/s\t.*\t[\d.]+ [kM]bit/s\t[\d.]+ %\t[\d.]+ s")
    eventually(lambda: any(figures.match(row) for row in rows()), within=10, why="figures of alice")
    assert any(row.startswith("bob (sent)") for row in rows())
    bob.page.screenshot(tmp_path / "statistics.png")
    bob.page.click("Statistics")
    eventually(lambda: not rows() or not visible(bob), within=2, why="the panel to close")


def visible(viewer: Participant) -> bool:
    """Return whether the panel is shown."""
    return bool(viewer.page.run("() => !document.querySelector('.statistics').hidden"))
