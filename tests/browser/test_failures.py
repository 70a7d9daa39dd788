"""The server fails in a call with a shared screen: what people see of it (docs/failures.md)."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.browser.firefox import running_firefox
from tests.browser.flow import flows_again
from tests.browser.participant import DeviceFactory, Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_ice_restart import longest_gap
from tests.process.daemon import OF_PEERS, Daemon, free_ports, running_daemon
from tests.process.network import ADDRESS, own_network
from tests.process.patience import SLACK, eventually

ROOM = "failing"
SCREEN = "MCCM"
BACK_WITHIN = 5.0
"""Seconds from a failure, or from the server's return, to media in a new session."""
FREEZE = 2.0
"""Seconds that a panic of the packet engine may cost a picture."""

# Whether the page is in another session than `self`, and its media flows.
BACK = """(self) => {
    const { client, pc } = window.trioSfu;
    return client.self !== null && client.self !== self && pc?.connectionState === "connected";
}"""

# Each picture's moment in the tile of this name; a rejoin makes another tile.
WATCH_TILE = """(name) => {
    window.frameTimes = [];
    const watched = new WeakSet();
    setInterval(() => {
        const video = document.querySelector(`article.tile[data-name="${name}"] video`);
        if (!video || watched.has(video)) return;
        watched.add(video);
        const note = (now) => {
            window.frameTimes.push(now);
            video.requestVideoFrameCallback(note);
        };
        video.requestVideoFrameCallback(note);
    }, 10);
}"""

# What comes from now on into the region that is read out when nobody speaks.
NOTE_WORDS = """() => {
    window.wordsSaid = [];
    const note = (changes) => {
        for (const { addedNodes } of changes)
            for (const { textContent } of addedNodes) window.wordsSaid.push(textContent);
    };
    const region = document.querySelector(".calm-notices[role=status]");
    new MutationObserver(note).observe(region, { childList: true });
}"""

Measure = Callable[[str, str], None]


class Call:
    """Alice shares her screen, Bob watches and speaks; the daemon may be started again."""

    def __init__(self, artifacts: Path, person: PersonFactory, stack: ExitStack) -> None:
        http, media = free_ports()
        self._artifacts = artifacts
        self._stack = stack
        self._ports = {"TRIO_SFU_HTTP_PORT": str(http), "TRIO_SFU_MEDIA_PORT": str(media)}
        self._starts = 0
        self.daemon = self.start()
        self.alice, self.bob = person("alice"), person("bob", language="fr-FR")
        self.people = (self.alice, self.bob)
        for one in self.people:
            one.join(self.daemon.url, ROOM)
        self.bob.sees("alice", self.alice.pattern)
        colours = [COLOURS[letter] for letter in SCREEN]
        chromium_of(self.alice).prepare_screen(f"{self.daemon.url}/healthz", colours)
        self.alice.page.click("Share my screen")
        self.bob.sees("alice", SCREEN)
        self.selves = self.present_selves()
        self.census = self.daemon.settled_census()

    def start(self) -> Daemon:
        """Start the daemon, always on the same ports."""
        self._starts += 1
        running = running_daemon(
            self._artifacts, environment=self._ports, faulty=True, log=f"daemon-{self._starts}.log"
        )
        self.daemon = self._stack.enter_context(running)
        return self.daemon

    def present_selves(self) -> list[Any]:
        """Return the peer ids that the pages have now."""
        return [one.page.run("() => window.trioSfu.client.self") for one in self.people]

    def back(self, *who: Participant) -> float:
        """Wait until they are in a new session, and media flows; return how long that took."""
        started = time.monotonic()
        for one, before in zip(self.people, self.selves, strict=True):
            if one in who:
                eventually(
                    partial(one.page.run, BACK, before),
                    within=4 * BACK_WITHIN,
                    why=f"{one.name} to be back",
                    every=0.02,
                )
        return time.monotonic() - started

    def flows(self) -> tuple[float, float]:
        """Return the seconds until all get sound and picture, and Bob the screen, from now."""
        started = time.monotonic()
        self.back(*self.people)
        flows_again(*self.people)
        flowing = time.monotonic() - started
        self.bob.sees("alice", SCREEN)
        return flowing, time.monotonic() - started

    def is_whole(self) -> None:
        """Assert that screen, camera and microphones are as before, and nothing is left over."""
        self.bob.sees("alice", SCREEN)
        self.alice.sees("bob", self.bob.pattern)
        self.bob.hears({"alice": self.alice.tone})
        self.alice.hears({"bob": self.bob.tone})
        for one in self.people:
            assert one.names().count("alice") == one.names().count("bob") == 1, one.names()
        self.daemon.returns_to(self.census, only=OF_PEERS)
        # The camera was not forgotten under the screen.
        self.alice.page.click("Stop sharing")
        self.bob.sees("alice", self.alice.pattern)


@pytest.fixture
def call(artifacts: Path, person: PersonFactory) -> Iterator[Call]:
    with ExitStack() as stack:
        yield Call(artifacts, person, stack)


@pytest.mark.parametrize("seconds_down", [0, 12])
def test_the_daemon_is_killed_and_started_again(
    call: Call, measure: Measure, seconds_down: int
) -> None:
    for one in call.people:
        one.page.run(NOTE_WORDS)
    call.daemon.kill()
    for one in call.people:
        one.wait_state("reconnecting", within=15)
    time.sleep(seconds_down)  # Not for luck: it is the test's matter.
    call.start()
    flowing, shared = call.flows()
    after = f"after kill -9 and {seconds_down} s"
    measure(f"sound and picture at both {after}", f"{flowing:.1f} s after the start")
    measure(f"the screen again {after}", f"{shared:.1f} s after the start")
    assert flowing < BACK_WITHIN
    assert shared < BACK_WITHIN
    call.is_whole()
    # Once, however many attempts it took.
    for one, words in ((call.alice, "Connected again"), (call.bob, "Connexion rétablie")):
        said = one.page.run("() => window.wordsSaid")
        assert said.count(words) == 1, said


def test_the_daemon_is_killed_in_a_call_without_a_screen(call: Call, measure: Measure) -> None:
    call.alice.page.click("Stop sharing")
    call.bob.sees("alice", call.alice.pattern)
    call.daemon.kill()
    for one in call.people:
        one.wait_state("reconnecting", within=15)
    call.start()
    started = time.monotonic()
    call.back(*call.people)
    flows_again(*call.people)
    flowing = time.monotonic() - started
    measure("sound and picture at both after kill -9 in mid-call", f"{flowing:.1f} s")
    assert flowing < BACK_WITHIN
    for one, other in (call.people, call.people[::-1]):
        one.sees(other.name, other.pattern)
        one.hears({other.name: other.tone})


def test_the_room_fails(call: Call, measure: Measure) -> None:
    call.daemon.fault(f"room {ROOM}")
    seconds = call.back(*call.people)
    measure("pages back after their room failed", f"{seconds:.1f} s")
    assert seconds < BACK_WITHIN
    call.is_whole()


def test_the_presenters_session_fails(call: Call, measure: Measure) -> None:
    call.daemon.fault(f"peer {call.selves[0]}")
    seconds = call.back(call.alice)
    measure("page back after its session failed", f"{seconds:.1f} s")
    assert seconds < BACK_WITHIN
    call.is_whole()
    assert call.present_selves()[1] == call.selves[1]


def test_the_packet_engine_panics(call: Call, measure: Measure) -> None:
    call.bob.page.run(WATCH_TILE, "alice")
    call.daemon.fault("panic 0")
    back = call.back(*call.people)
    call.bob.sees("alice", SCREEN)  # or the freeze has not ended yet
    freeze = longest_gap(call.bob) / 1000
    measure("a worker panics: longest freeze", f"{freeze:.1f} s, connected after {back:.1f} s")
    assert freeze < FREEZE + SLACK
    call.is_whole()


def test_the_daemon_stops_and_starts_again(call: Call, measure: Measure) -> None:
    began = time.monotonic()
    assert call.daemon.stop() == 0
    stopped = time.monotonic() - began
    call.daemon.already_stopped = True
    for one in call.people:
        one.wait_state("reconnecting", within=1 + SLACK)
        assert one.page.run("() => document.querySelector('[data-code]').dataset.code") in {
            "server-stopping",
            "server-unreachable",
        }
    call.start()
    started = time.monotonic()
    seconds = call.back(*call.people)
    flows_again(*call.people)
    flowing = time.monotonic() - started
    measure("sound and picture at both after a restart", f"{flowing:.1f} s after the start")
    assert flowing < BACK_WITHIN
    measure("SIGTERM with a call inside: stopped", f"{stopped:.1f} s")
    measure("pages back after a restart", f"{seconds:.1f} s after the start")
    assert stopped < 5
    assert seconds < BACK_WITHIN
    call.is_whole()


def test_a_firefox_is_back_after_a_kill_too(
    artifacts: Path,
    tmp_path: Path,
    person: PersonFactory,
    devices: DeviceFactory,
    measure: Measure,
) -> None:
    with own_network() as network, network.inside(), ExitStack() as stack:
        http, media = free_ports()
        settings = {
            "TRIO_SFU_HTTP_PORT": str(http),
            "TRIO_SFU_MEDIA_PORT": str(media),
            "TRIO_SFU_MEDIA_ADDRESSES": ADDRESS,
        }
        page = stack.enter_context(running_firefox("YRGB", 1700))
        fox = Participant(devices("dave"), page)
        alice = person("alice", executable=str(network.wrapper(tmp_path, "/usr/bin/chromium")))
        with running_daemon(artifacts, environment=settings) as daemon:
            for one in (fox, alice):
                one.join(daemon.url, ROOM)
            fox.sees("alice", alice.pattern)
            before, alices = (
                one.page.run("() => window.trioSfu.client.self") for one in (fox, alice)
            )
            daemon.kill()
        with running_daemon(artifacts, environment=settings, log="second.log"):
            started = time.monotonic()
            eventually(partial(fox.page.run, BACK, before), within=20, why="Firefox to be back")
            seconds = time.monotonic() - started
            measure("Firefox back after kill -9", f"{seconds:.1f} s after the start")
            # Until then her tile may still show the last picture of the session before.
            eventually(partial(alice.page.run, BACK, alices), within=20, why="alice to be back")
            alice.sees("dave", fox.pattern)
            fox.sees("alice", alice.pattern)
            fox.hears({"alice": alice.tone})
    assert seconds < BACK_WITHIN
