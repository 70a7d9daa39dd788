"""Programs stand still and go on (SIGSTOP, SIGCONT): what people see of it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import pytest

from tests.browser import chromium
from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_failures import BACK
from tests.process.daemon import OF_PEERS, Daemon
from tests.process.patience import SLACK, eventually

ROOM = "paused"
BACK_WITHIN = 5.0
CONSENT = 15.0

Measure = Callable[[str, str], None]


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory) -> tuple[Participant, Participant]:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    alice.sees("bob", bob.pattern)
    bob.sees("alice", alice.pattern)
    return alice, bob


def own(one: Participant) -> str:
    return str(one.page.run("() => window.trioSfu.client.self"))


def all_is_well(daemon: Daemon, people: tuple[Participant, Participant]) -> None:
    alice, bob = people
    for viewer, other in ((alice, bob), (bob, alice)):
        viewer.sees(other.name, other.pattern)
        viewer.hears({other.name: other.tone})
        assert sorted(viewer.names()) == ["alice", "bob"]


@contextmanager
def paused_browser(one: Participant) -> Iterator[None]:
    """Have every process of a browser stand still."""
    processes = [psutil.Process(number) for number in chromium.processes_of(one.device.camera)]
    for each in processes:
        each.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            each.send_signal(signal.SIGCONT)


def test_the_daemon_stands_still_for_three_seconds(
    daemon: Daemon, people: tuple[Participant, Participant]
) -> None:
    census = daemon.settled_census()
    before = [own(one) for one in people]
    with daemon.paused():
        time.sleep(3)  # Not for luck: it is the test's matter.
    all_is_well(daemon, people)
    assert [own(one) for one in people] == before
    daemon.returns_to(census, only=OF_PEERS)
    assert {entry["event"] for entry in daemon.log("error")} <= {"loop stalled"}


def test_the_daemon_stands_still_for_twenty_seconds(
    daemon: Daemon, people: tuple[Participant, Participant], measure: Measure
) -> None:
    census = daemon.settled_census()
    with daemon.paused():
        time.sleep(20)  # Not for luck: it is the test's matter.
    started = time.monotonic()

    def connected(one: Participant) -> bool:
        return bool(one.page.run("() => window.trioSfu.pc?.connectionState === 'connected'"))

    for one in people:
        one.wait_state("in-call")
        eventually(partial(connected, one), within=20, why=f"{one.name} to be connected")
    all_is_well(daemon, people)
    seconds = time.monotonic() - started
    measure("all well after the daemon stood still for 20 s", f"{seconds:.1f} s")
    daemon.returns_to(census, only=OF_PEERS)
    assert {entry["event"] for entry in daemon.log("error")} <= {"loop stalled"}


def test_a_browser_stands_still_for_three_seconds(
    daemon: Daemon, people: tuple[Participant, Participant]
) -> None:
    before = [own(one) for one in people]
    with paused_browser(people[1]):
        time.sleep(3)  # Not for luck: it is the test's matter.
    all_is_well(daemon, people)
    assert [own(one) for one in people] == before


def test_a_browser_stands_still_for_twenty_seconds(
    daemon: Daemon, people: tuple[Participant, Participant], measure: Measure
) -> None:
    alice, bob = people
    census = daemon.settled_census()
    before = own(bob)
    with paused_browser(bob):
        started = time.monotonic()
        eventually(lambda: connection(alice) == "lost", within=3 + SLACK, why="the mark")
        measure("connection of a silent browser marked", f"{time.monotonic() - started:.1f} s")
        eventually(lambda: "bob" not in alice.names(), within=CONSENT + SLACK, why="Bob to be gone")
        gone = time.monotonic() - started
        measure("silent browser gone", f"{gone:.1f} s")
        assert gone < CONSENT + 1
        time.sleep(max(0, 20 - gone))
    started = time.monotonic()
    eventually(partial(bob.page.run, BACK, before), within=20, why="Bob to be back")
    seconds = time.monotonic() - started
    measure("browser back after it stood still for 20 s", f"{seconds:.1f} s")
    assert seconds < BACK_WITHIN
    all_is_well(daemon, people)
    daemon.returns_to(census, only=OF_PEERS)


def connection(viewer: Participant) -> str:
    """Return how the other's connection is, as the viewer was told."""
    peers = viewer.page.run("() => window.trioSfu.client.peers.map((p) => p.connection)")
    return str(peers[0]) if peers else "gone"
