"""The lobby's "Test my connection": what it finds, where nothing and where ever more is blocked."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser import accessibility
from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_invitation import ROOM, key, link
from tests.browser.test_nat import SETTINGS, UDP
from tests.browser.test_partitions import TURN_PORT, browsers_in, turn_server
from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.network import ADDRESS, Network, behind_nat, own_network, refuse
from tests.process.patience import eventually

__all__ = ["key"]

Measure = Callable[[str, str], None]

DIRECT = ["WebSocket", "UDP reachability", "TCP reachability", "publish", "receive", "reconnect"]
FINDINGS = """() => [...document.querySelectorAll(".findings li")].map(
    (row) => [row.dataset.check, row.dataset.state])"""
MEASURED = """() => [...document.querySelectorAll(".findings li")]
    .filter((row) => /^\\d+ ms/.test(row.querySelector("small")?.textContent))
    .map((row) => row.dataset.check)"""
SUMMARY = "() => document.querySelector('.connection [role=status]')?.textContent ?? ''"
# That of the test before.
FORGET = "() => document.querySelector('.connection')?.removeAttribute('data-state')"
STATE = "() => document.querySelector('.connection')?.dataset.state ?? ''"


def findings(one: Participant) -> dict[str, str]:
    return dict(one.page.run(FINDINGS))


def check(one: Participant, *, button: str = "Test my connection", within: float = 60) -> float:
    """Press the button and wait for the end; return how long that took."""
    one.page.run(FORGET)
    started = time.monotonic()
    one.page.click(button)
    eventually(lambda: one.page.run(STATE) == "done", within=within, why="the test to end")
    return time.monotonic() - started


def summary(one: Participant) -> str:
    return str(one.page.run(SUMMARY))


def test_nothing_is_blocked_and_nobody_in_the_room_is_disturbed(
    daemon: Daemon, person: PersonFactory, measure: Measure, artifacts: Path
) -> None:
    alice, bob = person("alice"), person("bob")
    bob.join(daemon.url, ROOM)
    census = daemon.settled_census()
    alice.open(f"{daemon.url}/{ROOM}?name=alice")
    offers = bob.offers()
    seconds = check(alice)
    measure("connection test, nothing blocked", f"{seconds:.1f} s")
    assert findings(alice) == dict.fromkeys(DIRECT, "ok")
    assert summary(alice) == ("You can call from here. Sound and picture go directly, over UDP.")
    alice.page.screenshot(artifacts / "connection-test.png")
    assert accessibility.findings(alice) == []
    assert accessibility.too_small(alice) == []
    # The server, and both ways for media.
    assert alice.page.run(MEASURED) == DIRECT[:3]
    assert bob.names() == ["bob"]
    assert bob.offers() == offers
    assert daemon.metrics()["trio_sfu_peers"] == 1
    daemon.returns_to(census, only=OF_PEERS)
    # Again, and then into the call.
    check(alice, button="Test again")
    assert findings(alice) == dict.fromkeys(DIRECT, "ok")
    alice.page.click("Join")
    alice.wait_state("in-call")
    alice.sees("bob", bob.pattern)


def test_it_can_be_stopped_and_leaves_nothing_behind(daemon: Daemon, person: PersonFactory) -> None:
    alice = person("alice", language="fr-FR")
    alice.open(f"{daemon.url}/{ROOM}?name=alice")
    census = daemon.settled_census()
    alice.page.click("Tester ma connexion")
    eventually(lambda: findings(alice), within=10, why="the first finding")
    alice.page.click("Arrêter le test")
    eventually(lambda: alice.page.run(STATE) == "stopped", within=5, why="it to stop")
    assert summary(alice) == "Le test a été arrêté."
    daemon.returns_to(census, only=OF_PEERS)
    check(alice, button="Tester à nouveau")
    assert summary(alice).startswith("Vous pouvez appeler")


def test_an_invitation_is_tried_and_not_used_up(
    artifacts: Path, person: PersonFactory, key: Path
) -> None:
    alice, bob = person("alice"), person("bob")
    with running_daemon(artifacts, "--auth-keys", str(key / "k.public.jwk")) as daemon:
        alice.open(link(key, daemon.url, "alice", "--once").replace("?join", ""))
        check(alice)
        assert findings(alice) == dict.fromkeys(DIRECT, "ok")
        alice.page.click("Join")
        alice.wait_state("in-call")
        bob.open(f"{daemon.url}/{ROOM}?name=bob")
        check(bob)
        assert findings(bob) == {"WebSocket": "fail"}
        assert summary(bob).startswith("This room is by invitation")


@dataclass(frozen=True)
class Place:
    """Alice sits behind the router."""

    daemon: Daemon
    router: Network
    alice: Participant


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        router, client = stack.enter_context(behind_nat(network))
        stack.enter_context(network.inside())
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        stack.enter_context(turn_server(artifacts))
        far, _ = browsers_in(client, network, tmp_path, daemon)
        yield Place(daemon, router, person("alice", executable=far))


def test_a_network_that_lets_through_ever_less(place: Place, artifacts: Path) -> None:
    daemon, router, alice = place.daemon, place.router, place.alice
    alice.open(f"http://{ADDRESS}:{daemon.http_port}/{ROOM}?name=alice")
    census = daemon.settled_census()
    check(alice)
    well = dict.fromkeys([*DIRECT, "TURN"], "ok")
    assert findings(alice) == well
    assert summary(alice).endswith("go directly, over UDP.")

    refuse(router, UDP)
    check(alice, button="Test again")
    assert findings(alice) == well | {"UDP reachability": "fail"}
    assert "UDP is blocked" in summary(alice)

    refuse(router, f"tcp dport {daemon.media_port}")
    check(alice, button="Test again")
    assert findings(alice) == well | {"UDP reachability": "fail", "TCP reachability": "warn"}
    assert "go through a relay" in summary(alice)

    refuse(router, f"tcp dport {TURN_PORT}")
    check(alice, button="Test again")
    assert findings(alice) == {
        "WebSocket": "ok",
        "UDP reachability": "fail",
        "TCP reachability": "warn",
        "TURN": "fail",
        "publish": "fail",
    }
    assert summary(alice).startswith("There will be no sound and picture here")
    alice.page.screenshot(artifacts / "connection-test-blocked.png")
    daemon.returns_to(census, only=OF_PEERS)

    refuse(router, f"tcp dport {daemon.http_port}")
    check(alice, button="Test again")
    assert findings(alice) == {"WebSocket": "fail"}
    assert summary(alice) == "The server cannot be reached. Is your network up?"
