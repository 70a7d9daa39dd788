"""The network between a page and the daemon fails, wholly or for UDP alone."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_failures import BACK
from tests.browser.test_paused import CONSENT, connection
from tests.process.daemon import OF_PEERS, Daemon, running_daemon
from tests.process.network import ADDRESS, Network, blocked, neighbour, own_network
from tests.process.patience import SLACK, eventually

ROOM = "partition"
TURN_PORT = 3478
TURN_SECRET = "of the test alone"  # noqa: S105
UDP = "meta l4proto udp"
SAID_WITHIN = 15.0
"""Seconds from joining to being told that media cannot pass."""
BACK_WITHIN = 5.0

SETTINGS = {
    "TRIO_SFU_HTTP_HOST": "0.0.0.0",  # noqa: S104  (of the namespace)
    "TRIO_SFU_AUTH_OPEN": "true",
    "TRIO_SFU_MEDIA_ADDRESSES": ADDRESS,
    # Else media goes on where UDP is blocked: test_nat.py has that.
    "TRIO_SFU_MEDIA_TCP": "false",
}

Measure = Callable[[str, str], None]


class Place:
    """Bob sits beside the daemon, Alice at the other end of a cable."""

    def __init__(
        self,
        network: Network,
        daemon: Daemon,
        person: PersonFactory,
        browsers: list[str],
        languages: tuple[str, str] = ("en-US", "en-US"),
    ) -> None:
        self.network = network
        self.daemon = daemon
        self.alice = person("alice", executable=browsers[0], language=languages[0])
        self.bob = person("bob", executable=browsers[1], language=languages[1])
        self.far_url = f"http://{ADDRESS}:{daemon.http_port}"

    def meet(self) -> None:
        self.bob.join(self.daemon.url, ROOM)
        self.alice.join(self.far_url, ROOM)
        self.is_well()

    def is_well(self) -> None:
        for viewer, other in ((self.alice, self.bob), (self.bob, self.alice)):
            viewer.sees(other.name, other.pattern)
            viewer.hears({other.name: other.tone})
            assert sorted(viewer.names()) == ["alice", "bob"]


@pytest.fixture
def place(artifacts: Path, tmp_path: Path, person: PersonFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        far = stack.enter_context(neighbour(network))
        stack.enter_context(network.inside())
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS))
        browsers = browsers_in(far, network, tmp_path, daemon)
        yield Place(network, daemon, person, browsers)


def own(one: Participant) -> str:
    return str(one.page.run("() => window.trioSfu.client.self"))


def told(one: Participant) -> str:
    """Return what the page says is wrong."""
    return str(one.page.run("() => document.querySelector('.notice, .ended p')?.textContent ?? ''"))


@pytest.mark.parametrize("what", ["all", "udp"])
def test_a_short_partition_is_survived_in_the_same_session(
    place: Place, measure: Measure, what: str
) -> None:
    place.meet()
    before = own(place.alice)
    with blocked(place.network, UDP if what == "udp" else ""):
        started = time.monotonic()
        eventually(lambda: connection(place.bob) == "lost", within=3 + SLACK, why="the mark")
        time.sleep(max(0, 5 - (time.monotonic() - started)))  # Not for luck: it lasts 5 s.
    started = time.monotonic()
    place.is_well()
    measure(f"all well after 5 s without {what}", f"{time.monotonic() - started:.1f} s")
    assert own(place.alice) == before


def test_a_long_partition_ends_the_session_and_the_next_is_by_itself(
    place: Place, measure: Measure
) -> None:
    place.meet()
    census = place.daemon.settled_census()
    before = own(place.alice)
    with blocked(place.network):
        started = time.monotonic()
        eventually(
            lambda: "alice" not in place.bob.names(), within=CONSENT + SLACK, why="Alice to be gone"
        )
        gone = time.monotonic() - started
        measure("network gone: peer left", f"{gone:.1f} s")
        place.alice.wait_state("reconnecting", within=30)
        time.sleep(max(0, 25 - (time.monotonic() - started)))  # Not for luck: it lasts 25 s.
    started = time.monotonic()
    eventually(partial(place.alice.page.run, BACK, before), within=30, why="Alice to be back")
    back = time.monotonic() - started
    measure("page back after 25 s without network", f"{back:.1f} s")
    place.is_well()
    place.daemon.returns_to(census, only=OF_PEERS)
    assert gone < CONSENT + 1


def test_without_udp_the_page_says_so(place: Place, measure: Measure) -> None:
    place.bob.join(place.daemon.url, ROOM)
    with blocked(place.network, UDP):
        started = time.monotonic()
        place.alice.open(f"{place.far_url}/{ROOM}?name=alice&join")
        eventually(
            lambda: "UDP" in told(place.alice), within=SAID_WITHIN + SLACK, why="the page to say it"
        )
        said = time.monotonic() - started
        measure("UDP blocked: said after", f"{said:.1f} s")
        assert said < SAID_WITHIN
        # It is said until it is over, not only between two attempts.
        place.alice.wait_state("in-call")
        assert "UDP" in told(place.alice)
    started = time.monotonic()
    place.alice.wait_state("in-call", within=30)
    place.is_well()
    # That it is over is said too, for some seconds.
    eventually(lambda: told(place.alice) == "", within=10, why="nothing to be wrong any more")
    measure("UDP unblocked: in the call after", f"{time.monotonic() - started:.1f} s")


def test_without_udp_a_turn_server_is_tried(
    artifacts: Path, tmp_path: Path, person: PersonFactory, measure: Measure
) -> None:
    with ExitStack() as stack:
        network = stack.enter_context(own_network())
        far = stack.enter_context(neighbour(network))
        stack.enter_context(network.inside())
        stack.enter_context(turn_server(artifacts))
        turn = {
            "TRIO_SFU_TURN_URLS": f"turn:{ADDRESS}:{TURN_PORT}?transport=tcp",
            "TRIO_SFU_TURN_SECRET": TURN_SECRET,
        }
        daemon = stack.enter_context(running_daemon(artifacts, environment=SETTINGS | turn))
        place = Place(network, daemon, person, browsers_in(far, network, tmp_path, daemon))
        with blocked(network, UDP):
            started = time.monotonic()
            place.meet()
            measure("UDP blocked, over TURN: all well after", f"{time.monotonic() - started:.1f} s")
            assert told(place.alice) == ""


@contextmanager
def turn_server(artifacts: Path) -> Iterator[None]:
    """Run coturn in this thread's network, where the daemon is."""
    command = [
        *("turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--fingerprint"),
        *("--listening-ip", ADDRESS, "--relay-ip", ADDRESS, "--listening-port", str(TURN_PORT)),
        *("--use-auth-secret", "--static-auth-secret", TURN_SECRET, "--realm", "trio-sfu.test"),
        *("--min-port", "50000", "--max-port", "50100", "--pidfile", "/dev/null"),
    ]
    with (artifacts / "coturn.log").open("w") as log:
        process = subprocess.Popen([*command, "--log-file", "stdout"], stdout=log, stderr=log)
        try:
            eventually(_answers, within=10, why="coturn to listen")
            yield
        finally:
            process.terminate()
            process.wait(10)


def _answers() -> bool:
    with suppress(OSError), socket.create_connection((ADDRESS, TURN_PORT), timeout=1):
        return True
    return False


def browsers_in(far: Network, near: Network, folder: Path, daemon: Daemon) -> list[str]:
    """Return programs that are a Chromium at each end of the cable."""
    # Else there is no camera for a page that is not from this machine.
    secure = f"--unsafely-treat-insecure-origin-as-secure=http://{ADDRESS}:{daemon.http_port}"
    return [
        str(far.wrapper(folder, "/usr/bin/chromium", secure)),
        str(near.wrapper(folder, "/usr/bin/chromium")),
    ]
