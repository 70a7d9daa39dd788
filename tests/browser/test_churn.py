"""A browser comes, goes and reloads twenty times beside a call (issue 3, "real faults")."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.browser.firefox import running_firefox
from tests.browser.participant import DeviceFactory, Participant, PersonFactory
from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.network import ADDRESS, own_network

ROOM = "churn"
TIMES = int(os.environ.get("SOAK_CHURN", "20"))
GROWTH = 2 * 1024 * 1024
"""Bytes the daemon may have grown by from the first quarter to the end."""

Measure = Callable[[str, str], None]


def churn(daemon: Daemon, stays: Participant, guest: Participant, measure: Measure) -> None:
    """Have ``guest`` come and go; ``stays`` sees them each time, and no trace of the last."""
    stays.join(daemon.url, ROOM)
    alone = daemon.settled_census()
    resident = 0
    for number in range(TIMES):
        match number % 3:
            case 0:  # in by the link, and reloaded in mid-call
                guest.join(daemon.url, ROOM)
                guest.join(daemon.url, ROOM)
            case 1:  # left by the button, joined again by the button
                guest.page.click("Leave")
                guest.wait_state("left")
                stays.sees_no_more(guest.name)
                guest.page.click("Join again")
                guest.wait_state("in-call")
            case _:  # gone to another page
                guest.page.open(f"{daemon.url}/healthz")
                stays.sees_no_more(guest.name)
                guest.join(daemon.url, ROOM)
        stays.sees(guest.name, guest.pattern)
        assert sorted(stays.names()) == sorted([stays.name, guest.name])
        if number == TIMES // 4:
            resident = daemon.resident()
    grown = daemon.resident() - resident
    guest.page.open(f"{daemon.url}/healthz")
    stays.sees_no_more(guest.name)
    daemon.returns_to(alone, only=OF_PEERS)
    measure(f"{guest.name}'s browser {TIMES} times: daemon grew by", f"{grown / 1024:.0f} KiB")
    assert grown < GROWTH
    assert not daemon.log("error")


def test_a_chromium(daemon: Daemon, person: PersonFactory, measure: Measure) -> None:
    churn(daemon, person("alice"), person("bob"), measure)


def test_a_firefox(
    artifacts: Path,
    tmp_path: Path,
    person: PersonFactory,
    devices: DeviceFactory,
    measure: Measure,
) -> None:
    with own_network() as network, network.inside():
        chromium = str(network.wrapper(tmp_path, "/usr/bin/chromium"))
        with (
            running_daemon(artifacts, environment={"TRIO_SFU_MEDIA_ADDRESSES": ADDRESS}) as daemon,
            running_firefox("YRGB", 1700) as page,
        ):
            fox = Participant(devices("dave"), page)
            churn(daemon, person("alice", executable=chromium), fox, measure)
