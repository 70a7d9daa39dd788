"""Several people in a room see and hear each other (issue 2, point 1)."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from tests.browser.chromium import LARGE
from tests.browser.firefox import running_firefox
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, own_network

ROOM = "three"
UPLINK = 60.0
"""Seconds within which a browser has found out that its network carries the largest size. How
long it takes is not this test's matter, and three browsers encode on the cores there are."""


def all_see_and_hear(people: Sequence[Participant]) -> None:
    """Assert that each person sees each other's picture in its tile and hears them."""
    for viewer, other in permutations(people, 2):
        viewer.sees(other.name, other.pattern)
        viewer.sees_size(other.name, (640, 360), within=UPLINK)
    for viewer in people:
        viewer.hears({other.name: other.tone for other in people if other is not viewer})


def test_three_chromiums_see_and_hear_each_other(daemon: Daemon, person: PersonFactory) -> None:
    people = [person(name) for name in ("alice", "bob", "carol")]
    for one in people:
        chromium_of(one).resize(*LARGE)  # so that tiles are worth 640x360
        one.join(daemon.url, ROOM)
    all_see_and_hear(people)


def test_a_fourth_costs_the_others_no_offer(daemon: Daemon, person: PersonFactory) -> None:
    people = [person(name) for name in ("alice", "bob", "carol")]
    for one in people:
        one.join(daemon.url, ROOM)
    people[0].sees("carol", people[2].pattern)
    offers = [one.offers() for one in people]

    fourth = person("dave")
    fourth.join(daemon.url, ROOM)
    for one in people:
        one.sees("dave", fourth.pattern)
    fourth.page.click("Leave")
    fourth.wait_state("left")
    for one in people:
        one.sees_no_more("dave")
    for viewer, other in permutations(people, 2):
        viewer.sees(other.name, other.pattern)
    assert [one.offers() for one in people] == offers


def test_one_firefox_among_them(
    artifacts: Path, tmp_path: Path, person: PersonFactory, devices: DeviceFactory
) -> None:
    with own_network() as network, network.inside():
        chromium = str(network.wrapper(tmp_path, "/usr/bin/chromium"))
        with (
            running_daemon(artifacts, environment={"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}) as daemon,
            running_firefox("YRGB", 1700) as page,
        ):
            fox = Participant(devices("dave"), page)
            people = [person(name, executable=chromium) for name in ("alice", "bob")]
            for one in people:
                chromium_of(one).resize(*LARGE)
            for one in (*people, fox):
                one.join(daemon.url, ROOM)
            try:
                all_see_and_hear([*people, fox])
            finally:
                page.screenshot(artifacts / "firefox.png")
