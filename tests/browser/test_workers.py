"""One room on two workers of the engine, so that what is between them is relayed."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.browser.chromium import LARGE
from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS, transitions
from tests.browser.test_failures import BACK, WATCH_TILE
from tests.browser.test_ice_restart import longest_gap
from tests.browser.test_three_people import all_see_and_hear
from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.patience import SLACK, eventually

ROOM = "spread"
SCREEN = "MCCM"
SPREAD = {"TRIO_SFU_MEDIA_WORKERS": "2", "TRIO_SFU_MEDIA_SPREAD_ABOVE": "1"}
TINY = (420, 320)
GAP = 1.5
"""Seconds without a picture that nobody calls one: the browsers share two cores."""
PORT = """() => {
    const { sdp } = window.trioSfu.pc.currentRemoteDescription;
    return Number(/^a=candidate:\\S+ 1 udp \\d+ \\S+ (\\d+) typ host/m.exec(sdp)[1]);
}"""


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    with running_daemon(artifacts, environment=SPREAD, faulty=True) as running:
        yield running


@pytest.fixture
def people(daemon: Daemon, person: PersonFactory) -> list[Participant]:
    """Three in a call: two on one worker, one on the other."""
    three = [person(name) for name in ("alice", "bob", "carol")]
    for one in three:
        chromium_of(one).resize(*LARGE)
        one.join(daemon.url, ROOM)
    return three


def ports(daemon: Daemon) -> list[int]:
    """Return the workers' ports."""
    media = daemon.find(lambda entry: entry.get("event") == "media")
    assert media is not None
    return list(dict.fromkeys(int(re.sub(r".*:", "", place)) for place in media["udp"]))


def homes(daemon: Daemon, people: list[Participant]) -> dict[str, int]:
    """Return on which worker each is, by the port that its page was told."""
    found = ports(daemon)
    return {one.name: found.index(one.page.run(PORT)) for one in people}


def test_a_call_of_three_with_a_screen(
    daemon: Daemon, person: PersonFactory, artifacts: Path
) -> None:
    empty = daemon.settled_census()
    alice, bob, carol = people = [person(name) for name in ("alice", "bob", "carol")]
    for one in people:
        chromium_of(one).resize(*LARGE)
        one.join(daemon.url, ROOM)
    assert sorted(Counter(homes(daemon, people).values()).values()) == [1, 2]
    all_see_and_hear(people)
    # Of each of three a camera and a microphone, to where the others are.
    assert daemon.census()["relays"] == 6
    offers = [one.offers() for one in people]

    chromium_of(alice).prepare_screen(
        f"{daemon.url}/healthz", [COLOURS[letter] for letter in SCREEN]
    )
    for one in (bob, carol):
        one.record("alice")
    alice.page.click("Share my screen")
    for one in (bob, carol):
        one.sees("alice", SCREEN)
        one.sees_source("alice", "screen")
    alice.page.click("Stop sharing")
    for one in (bob, carol):
        one.sees("alice", alice.pattern)
        assert transitions(one.stop_recording()) == [alice.pattern, SCREEN, alice.pattern]

    # Its tiles shrink, and grow again: another encoding each time, wherever it comes from.
    for viewer in people:
        others = [each for each in people if each is not viewer]
        chromium_of(viewer).resize(*TINY)
        for other in others:
            viewer.sees_size(other.name, (320, 180))
        chromium_of(viewer).resize(*LARGE)
        for other in others:
            viewer.sees_size(other.name, (640, 360))
            viewer.sees(other.name, other.pattern)
            assert viewer.see("broken", other.name) is None

    carol.page.click("Leave")
    carol.wait_state("left")
    for one in (alice, bob):
        one.sees_no_more("carol")
    alice.sees("bob", bob.pattern)
    bob.sees("alice", alice.pattern)
    alice.hears({"bob": bob.tone})
    bob.hears({"alice": alice.tone})
    assert [one.offers() for one in (alice, bob)] == offers[:2]
    assert daemon.metrics()["trio_sfu_engine_relay_dropped_total"] == 0
    assert daemon.metrics()["trio_sfu_engine_relay_gaps_total"] == 0
    for one in (alice, bob):
        one.page.click("Leave")
        one.wait_state("left")
    daemon.returns_to(empty, only=(*OF_PEERS, "relays"))


def test_a_worker_panics_and_those_on_the_other_see_no_gap(
    daemon: Daemon, people: list[Participant], measure: Callable[[str, str], None]
) -> None:
    all_see_and_hear(people)
    census = daemon.settled_census()
    placed = homes(daemon, people)
    [alone] = [one for one in people if [*placed.values()].count(placed[one.name]) == 1]
    pair = [one for one in people if one is not alone]
    for viewer, other in (pair, reversed(pair)):
        viewer.page.run(WATCH_TILE, other.name)
    selves = {one.name: one.page.run("() => window.trioSfu.client.self") for one in people}
    eventually(
        lambda: all(one.page.run("() => window.frameTimes.length > 5") for one in pair),
        within=10,
        why="them to be filmed",
    )
    daemon.fault(f"panic {placed[alone.name]}")
    eventually(
        partial(alone.page.run, BACK, selves[alone.name]),
        within=10 + SLACK,
        why=f"{alone.name} to be back",
        every=0.02,
    )
    gap = max(longest_gap(one) for one in pair) / 1000
    measure("a worker panics: longest gap of those on the other", f"{gap:.2f} s")
    assert gap < GAP
    all_see_and_hear(people)
    for one in pair:
        assert one.page.run("() => window.trioSfu.client.self") == selves[one.name]
    assert daemon.metrics()["trio_sfu_engine_restarts_total"] == 1
    daemon.returns_to(census, only=(*OF_PEERS, "relays"))
