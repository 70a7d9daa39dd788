"""A page behind a symmetric NAT that lets through ever less: which way its media takes.

The router has no way back to whom it hides, and gives each flow a port of its own
(``tests.process.network.behind_nat``). The page is told nothing of it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_ice_restart import FREEZE, WATCH, longest_gap
from tests.browser.test_partitions import TURN_PORT, TURN_SECRET, browsers_in, own, turn_server
from tests.process.daemon import Daemon, running_daemon
from tests.process.network import ADDRESS, Network, behind_nat, own_network, refuse
from tests.process.patience import eventually
from tests.process.rebinding import forget_mappings

ROOM = "nat"
UDP = "meta l4proto udp"
UNREACHABLE = "10.99.0.77"
"""Of the server's network; nobody has it."""

SETTINGS = {
    "TRIO_SFU_MEDIA_WORKERS": "1",  # A firewall closes the one port that it has.
    "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (of the namespace)
    "TRIO_SFU_AUTH_OPEN": "true",
    "TRIO_SFU_MEDIA_ADDRESSES": ADDRESS,
    "TRIO_SFU_MEDIA_ANNOUNCED": f"{UNREACHABLE},{ADDRESS}",
    "TRIO_SFU_TURN_URLS": f"turn:{ADDRESS}:{TURN_PORT}?transport=tcp",
    "TRIO_SFU_TURN_SECRET": TURN_SECRET,
}

# The two ends of the pair that media takes, by W3C webrtc-stats.
WAY = """async () => {
    const reports = await window.trioSfu.pc.getStats();
    const transport = [...reports.values()].find(({ type }) => type === "transport");
    const pair = reports.get(transport.selectedCandidatePairId);
    const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map(
        (id) => reports.get(id));
    return {
        local: local.candidateType,
        protocol: local.protocol,
        relay: local.relayProtocol ?? "",
        remote: remote.candidateType,
        address: remote.address,
    };
}"""

Measure = Callable[[str, str], None]


@dataclass(frozen=True)
class Place:
    """Bob sits beside the daemon, Alice behind the router."""

    daemon: Daemon
    router: Network
    alice: Participant
    bob: Participant

    def comes(self) -> float:
        """Return the seconds from Alice's opening of the page to her first picture of Bob."""
        started = time.monotonic()
        self.alice.open(f"http://{ADDRESS}:{self.daemon.http_port}/{ROOM}?name=alice&join")
        eventually(
            lambda: self.alice.see("names") and self.alice.see("frames", "bob") > 0,
            within=40,
            why="Alice's first picture of Bob",
        )
        seconds = time.monotonic() - started
        self.is_well()
        return seconds

    def is_well(self) -> None:
        for viewer, other in ((self.alice, self.bob), (self.bob, self.alice)):
            viewer.sees(other.name, other.pattern)
            viewer.hears({other.name: other.tone})

    def way(self) -> dict[str, Any]:
        way: dict[str, Any] = self.alice.page.run(WAY)
        return way


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        router, client = stack.enter_context(behind_nat(network))
        stack.enter_context(network.inside())
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        stack.enter_context(turn_server(artifacts))
        far, near = browsers_in(client, network, tmp_path, daemon)
        alice, bob = person("alice", executable=far), person("bob", executable=near)
        yield Place(daemon, router, alice, bob)


def test_media_takes_the_best_way_that_is_left(place: Place, measure: Measure) -> None:
    """UDP although one of two addresses is nobody's; TCP to the daemon; a relay."""
    census = place.daemon.settled_census()
    place.bob.join(place.daemon.url, ROOM)

    measure(
        "NAT, UDP allowed, one of two addresses nobody's: first frame", f"{place.comes():.1f} s"
    )
    way = place.way()
    assert (way["protocol"], way["relay"], way["remote"]) == ("udp", "", "host")
    assert way["address"] == ADDRESS

    session, started = own(place.alice), time.monotonic()
    refuse(place.router, UDP)
    eventually(lambda: place.way()["protocol"] == "tcp", within=30, why="the other way")
    place.is_well()
    measure("NAT, UDP blocked in mid-call: well after", f"{time.monotonic() - started:.1f} s")
    assert own(place.alice) == session, "the same session"

    measure("NAT, UDP blocked, ICE-TCP: first frame", f"{place.comes():.1f} s")
    way = place.way()
    assert (way["protocol"], way["relay"], way["remote"]) == ("tcp", "", "host")
    assert place.daemon.metrics()["trio_sfu_streams"] >= 1

    refuse(place.router, f"tcp dport {place.daemon.media_port}")
    seconds = place.comes()
    measure("NAT, UDP and media port blocked, TURN/TCP: first frame", f"{seconds:.1f} s")
    way = place.way()
    assert (way["local"], way["relay"]) == ("relay", "tcp")

    for each in (place.alice, place.bob):
        each.page.close()
    place.daemon.returns_to(census)


def test_a_nat_that_forgets_whose_port_is_whose_is_hardly_noticed(
    place: Place, measure: Measure
) -> None:
    """Pictures go on both ways, in the same session and on the same pair, without a restart."""
    place.bob.join(place.daemon.url, ROOM)
    place.comes()
    session, way = own(place.alice), place.way()
    for viewer, other in ((place.alice, place.bob), (place.bob, place.alice)):
        viewer.page.run(WATCH, other.name)
    before = place.daemon.metrics()

    forget_mappings(place.router)
    gaps = [longest_gap(viewer) for viewer in (place.alice, place.bob)]

    names = ("behind the NAT", "beside the daemon")
    for name, gap in zip(names, gaps, strict=True):
        measure(f"NAT forgets: longest time between pictures, {name}", f"{gap:.0f} ms")
    assert max(gaps) < FREEZE
    place.is_well()
    assert (own(place.alice), place.way()) == (session, way)
    now = place.daemon.metrics()
    followed = "trio_sfu_engine_addresses_followed_total"
    assert now[followed] == before[followed] + 1
    restarts = "trio_sfu_ice_restarts_total"
    assert now[restarts] == before[restarts]
