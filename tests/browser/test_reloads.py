"""The page of who is in a call is loaded anew: sound and picture come back by themselves.

A browser gives no screen without asking, so a presenter is seen by the camera then.
"""

import time
from collections.abc import Callable

import pytest

from tests.browser.flow import agree, flows_again
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.process.daemon import OF_PEERS, Daemon
from tests.process.patience import eventually

ROOM = "reloads"
SCREEN = "MCCM"
RELOADS = 5
BACK_WITHIN = 2.0
"""Seconds from the page's load event, of all reloads but the slowest: another test's browser may
just have ended."""
BACK_AT_ALL = 5.0

# Unix time, in milliseconds, of the end of the page's load event.
LOADED = """() => {
    const [{ loadEventEnd }] = performance.getEntriesByType("navigation");
    return loadEventEnd && performance.timeOrigin + loadEventEnd;
}"""

# In this tab: the name is remembered in the browser, and another tab may have another.
NAMED_OTHERWISE = """() => {
    const remembered = JSON.parse(localStorage.getItem("trio-sfu"));
    localStorage.setItem("trio-sfu", JSON.stringify({ ...remembered, name: "somebody else" }));
}"""

Measure = Callable[[str, str], None]


def reload(one: Participant) -> float:
    """Load the page anew, as by F5; return the Unix time, in seconds, of its load event."""
    chromium_of(one).page.reload()
    loaded = eventually(lambda: one.page.run(LOADED), within=5, why="the load event") / 1000
    one.open_eyes()
    return float(loaded)


def enter(one: Participant, daemon: Daemon) -> None:
    """Join from the lobby, so that the address says nothing of a wish to join."""
    one.open(f"{daemon.url}/{ROOM}")
    page = chromium_of(one).page
    page.get_by_label("Your name").fill(one.name)
    one.page.click("Join")
    one.wait_state("in-call")
    assert "join" not in page.url
    one.page.run(NAMED_OTHERWISE)


@pytest.mark.parametrize("sharing", [False, True], ids=["call", "share"])
def test_a_page_that_is_reloaded_is_back_by_itself(
    daemon: Daemon, person: PersonFactory, measure: Measure, *, sharing: bool
) -> None:
    people = alice, bob = person("alice"), person("bob")
    bob.join(daemon.url, ROOM)
    if sharing:
        alice.join(daemon.url, ROOM)
        colours = [COLOURS[letter] for letter in SCREEN]
        chromium_of(alice).prepare_screen(f"{daemon.url}/healthz", colours)
    else:
        enter(alice, daemon)
    bob.sees("alice", alice.pattern)
    alice.sees("bob", bob.pattern)
    eventually(lambda: agree(daemon, ROOM, people), within=10, why="pages and server to agree")
    session = bob.page.run("() => window.trioSfu.client.self")
    # Of a share there is a slot more than of a call.
    census = None if sharing else daemon.settled_census()

    took = []
    for _ in range(RELOADS):
        if sharing:
            alice.page.click("Share my screen")
            bob.sees("alice", SCREEN)
        loaded = reload(alice)
        flows_again(*people)
        took.append(time.time() - loaded)
        bob.sees("alice", alice.pattern)
        bob.sees_source("alice", "camera")
        eventually(lambda: agree(daemon, ROOM, people), within=10, why="pages and server to agree")
    where = "mid-share" if sharing else "mid-call"
    figures = ", ".join(f"{seconds:.2f}" for seconds in took)
    measure(f"sound and picture both ways after reloads in {where}", f"{figures} s")
    *most, slowest = sorted(took)
    assert most[-1] < BACK_WITHIN, took
    assert slowest < BACK_AT_ALL, took

    bob.hears({"alice": alice.tone})
    alice.sees("bob", bob.pattern)
    alice.hears({"bob": bob.tone})
    assert bob.names().count("alice") == 1
    assert bob.page.run("() => window.trioSfu.client.self") == session
    if census:
        daemon.returns_to(census, only=OF_PEERS)


def test_who_has_left_is_in_the_lobby_after_a_reload(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice")
    enter(alice, daemon)
    alice.page.click("Leave")
    alice.wait_state("left")
    reload(alice)
    alice.wait_state("lobby")
    assert daemon.get(f"/api/v1/rooms/{ROOM}/peers")[0] == 404
