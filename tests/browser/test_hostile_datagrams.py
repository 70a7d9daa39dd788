"""Datagrams nobody asked for are counted, and nobody notices them (issue 2, point 6)."""

import random
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.browser.participant import PersonFactory
from tests.browser.patterns import transitions
from tests.process import wiretap
from tests.process.daemon import OF_PEERS, Daemon, engine_metric, running_daemon
from tests.process.patience import eventually

SEED = 20261123
MAX_DATAGRAM = 1500


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    """A daemon whose media is all IPv4, so that one tap sees it."""
    # One worker: what is hostile comes to the port that the call has.
    settings = {"TRIO_SFU_MEDIA_ADDRESSES": "127.0.0.1", "TRIO_SFU_MEDIA_WORKERS": "1"}
    with running_daemon(artifacts, environment=settings) as one:
        yield one


class Call:
    """Two people in a call that nothing may disturb."""

    def __init__(self, daemon: Daemon, person: PersonFactory) -> None:
        self.daemon = daemon
        self.people = [person("alice"), person("bob")]
        for one in self.people:
            one.join(daemon.url, "calm")
        self._all_well()
        self.census = daemon.census()
        self.before = daemon.metrics()
        for viewer, other in (self.people, self.people[::-1]):
            viewer.record(other.name)

    def _all_well(self) -> None:
        for viewer, other in (self.people, self.people[::-1]):
            viewer.sees(other.name, other.pattern)
            viewer.hears({other.name: other.tone})

    def capture(self, wanted: int) -> list[bytes]:
        """Return packets on their way to the daemon, STUN and RTP among them."""
        with wiretap.tapped(self.daemon.media_port) as taken:
            eventually(
                lambda: (
                    len(taken) >= wanted
                    and any(wiretap.is_stun(wiretap.payload_of(packet)) for packet in taken)
                ),
                within=20,
                why="packets on the wire",
            )
            return list(taken)

    def counted(self, counter: str) -> float:
        """Return how much a counter of the engine has grown since the start."""
        name = engine_metric(counter)
        return self.daemon.metrics()[name] - self.before[name]

    def has_counted(self, counter: str, wanted: int) -> bool:
        """Whether a counter has grown by as much."""
        return self.counted(counter) >= wanted

    def undisturbed(self) -> None:
        """Assert that both go on seeing and hearing each other and saw nothing else."""
        self._all_well()
        for viewer, other in (self.people, self.people[::-1]):
            assert transitions(viewer.stop_recording()) == [other.pattern]
            assert viewer.see("state") == "in-call"
        self.daemon.returns_to(self.census, only=OF_PEERS)
        assert not self.daemon.log("error")
        assert not self.daemon.log("unparsed")


@pytest.fixture
def call(daemon: Daemon, person: PersonFactory) -> Call:
    return Call(daemon, person)


def flood(port: int, payloads: list[bytes]) -> None:
    """Send datagrams from a stranger's port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", port))
        for payload in payloads:
            stranger.send(payload)


def test_garbage_from_strangers(call: Call) -> None:
    dice = random.Random(SEED)
    garbage = [dice.randbytes(dice.randrange(MAX_DATAGRAM)) for _ in range(5_000)]
    flood(call.daemon.media_port, garbage)
    eventually(
        lambda: (
            sum(
                call.counted(f"drop_{reason}")
                for reason in ("unknown_class", "unknown_source", "bad_stun", "unknown_ufrag")
            )
            > 1_000
        ),
        within=10,
        why="the garbage to be counted",
    )
    assert call.counted("drop_unknown_class") > 0
    assert call.counted("drop_unknown_source") > 0
    assert call.counted("drop_bad_stun") > 0
    call.undisturbed()


def test_wrong_stun_passwords(call: Call) -> None:
    requests = [
        payload
        for packet in call.capture(200)
        if wiretap.is_stun(payload := wiretap.payload_of(packet))
    ]
    username = wiretap.username_of(requests[0])
    wrong = [wiretap.binding_request(username, b"guess-%d" % n) for n in range(500)]
    unknown = [wiretap.binding_request(b"nobody:here", b"x") for _ in range(500)]
    flood(call.daemon.media_port, wrong + unknown)
    # 200 guesses at once cost an HMAC each; the others are dropped for being too many.
    eventually(
        lambda: (
            call.counted("drop_bad_integrity") >= 150
            and call.counted("drop_bad_integrity") + call.counted("drop_stun_guess_rate") >= 450
            and call.counted("drop_unknown_ufrag") >= 450
        ),
        within=10,
        why="the guesses to be counted",
    )
    assert call.counted("drop_stun_guess_rate") > 0
    call.undisturbed()


def test_replayed_datagrams(call: Call) -> None:
    packets = call.capture(500)
    replayed = [p for p in packets if wiretap.is_rtp(wiretap.payload_of(p))]
    wiretap.forge(packets)
    eventually(
        lambda: call.counted("drop_replay") >= len(replayed) // 2,
        within=10,
        why="the replays to be counted",
    )
    call.undisturbed()


def test_forged_and_truncated_datagrams(call: Call) -> None:
    dice = random.Random(SEED)
    packets = call.capture(300)
    forged = []
    for packet in packets:
        payload = bytearray(wiretap.payload_of(packet))
        forged.append(wiretap.with_payload(packet, bytes(payload[: dice.randrange(len(payload))])))
        payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
        forged.append(wiretap.with_payload(packet, bytes(payload)))
        if wiretap.is_rtp(bytes(payload)):
            # A number not seen yet gets past the replay window, to the authentication.
            sequence = int.from_bytes(payload[2:4]) + 5_000
            payload[2:4] = (sequence % 2**16).to_bytes(2)
            forged.append(wiretap.with_payload(packet, bytes(payload)))
    wiretap.forge(forged)
    for counter in ("drop_auth", "drop_replay"):
        eventually(
            partial(call.has_counted, counter, 100),
            within=10,
            why=f"the forgeries to be counted as {counter}",
        )
    call.undisturbed()
