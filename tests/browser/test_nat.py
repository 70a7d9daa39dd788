"""A page behind a symmetric NAT that lets through ever less: which way its media takes.

The router has no way back to whom it hides, and gives each flow a port of its own
(``tests.process.network.behind_nat``). The page is told nothing of it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_partitions import TURN_PORT, TURN_SECRET, browsers_in, own, turn_server
from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.network import ADDRESS, Network, behind_nat, own_network, refuse
from tests.process.patience import eventually

ROOM = "nat"
UDP = "meta l4proto udp"
UNREACHABLE = "10.99.0.77"
"""Of the server's network; nobody has it."""

SETTINGS = {
    "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (of the namespace)
    "TRIO_SFU_AUTH_OPEN": "true",
    "TRIO_SFU_MEDIA_ADDRESSES": ADDRESS,
}
TURN = {
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

    def meet(self) -> float:
        """Return the seconds from Alice's opening of the page to her first picture of Bob."""
        self.bob.join(self.daemon.url, ROOM)
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

    def connections(self) -> float:
        return self.daemon.metrics()["trio_sfu_engine_stream_accepted_total"]


@contextmanager
def place(
    artifacts: Path, folder: Path, person: PersonFactory, more: Mapping[str, str] | None = None
) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        router, client = stack.enter_context(behind_nat(network))
        stack.enter_context(network.inside())
        settings = SETTINGS | dict(more or {})
        daemon = stack.enter_context(running_daemon(artifacts, environment=settings))
        far, near = browsers_in(client, network, folder, daemon)
        alice, bob = person("alice", executable=far), person("bob", executable=near)
        yield Place(daemon, router, alice, bob)


def test_with_udp_media_goes_straight(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    with place(artifacts, tmp_path, person) as here:
        seconds = here.meet()
        measure("NAT, UDP allowed: first frame", f"{seconds:.1f} s")
        way = here.way()
        assert (way["protocol"], way["relay"], way["remote"]) == ("udp", "", "host")


def test_without_udp_media_goes_straight_over_tcp(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    with place(artifacts, tmp_path, person) as here:
        refuse(here.router, UDP)
        census = here.daemon.settled_census()
        seconds = here.meet()
        measure("NAT, UDP blocked, ICE-TCP: first frame", f"{seconds:.1f} s")
        way = here.way()
        assert (way["protocol"], way["relay"], way["remote"]) == ("tcp", "", "host")
        assert here.connections() >= 1
        for each in (here.alice, here.bob):
            each.page.close()
        here.daemon.returns_to(census)


def test_without_udp_and_the_media_port_a_relay_is_taken(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    with ExitStack() as stack:
        here = stack.enter_context(place(artifacts, tmp_path, person, TURN))
        stack.enter_context(turn_server(artifacts))
        refuse(here.router, UDP)
        refuse(here.router, f"tcp dport {here.daemon.media_port}")
        seconds = here.meet()
        measure("NAT, UDP and media port blocked, TURN/TCP: first frame", f"{seconds:.1f} s")
        way = here.way()
        assert (way["local"], way["relay"]) == ("relay", "tcp")


def test_an_announced_address_that_nobody_reaches_does_no_harm(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    announced = {"TRIO_SFU_MEDIA_ANNOUNCED": f"{UNREACHABLE},{ADDRESS}"}
    with place(artifacts, tmp_path, person, announced) as here:
        seconds = here.meet()
        measure("NAT, one of two addresses unreachable: first frame", f"{seconds:.1f} s")
        way = here.way()
        assert (way["protocol"], way["relay"], way["address"]) == ("udp", "", ADDRESS)


def test_udp_that_is_blocked_in_mid_call_is_replaced_by_tcp(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    with place(artifacts, tmp_path, person) as here:
        here.meet()
        before = own(here.alice)
        census = here.daemon.settled_census()
        started = time.monotonic()
        refuse(here.router, UDP)
        eventually(lambda: here.way()["protocol"] == "tcp", within=30, why="the other way")
        here.is_well()
        measure("NAT, UDP blocked in mid-call: well after", f"{time.monotonic() - started:.1f} s")
        assert own(here.alice) == before, "the same session"
        here.daemon.returns_to(census, only=OF_PEERS)
