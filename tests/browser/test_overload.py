"""What people see of an overloaded server: less and less video, sound all the time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS
from tests.browser.test_simulcast import prefer
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually

ROOM = "busy"
SCREEN = "MCCM"

# Of the microphone: the sound of a screen has come later and has fewer packets.
SOUND = """async () => {
    const reports = [...(await window.trioSfu.pc.getStats()).values()]
        .filter((report) => report.type === "inbound-rtp" && report.kind === "audio")
        .sort((one, other) => other.packetsReceived - one.packetsReceived);
    return [reports[0].packetsReceived, reports[0].packetsLost, performance.now()];
}"""
NOTICES = '() => [...document.querySelectorAll(".notice")].map((notice) => notice.dataset.code)'


@pytest.fixture
def daemon(artifacts: Path) -> Iterator[Daemon]:
    """A daemon that can be made to believe that it is overloaded."""
    with running_daemon(artifacts, faulty=True) as running:
        yield running


def told(person: Participant, *codes: str) -> None:
    """Wait until these are the notices on somebody's page."""
    eventually(
        lambda: person.page.run(NOTICES) == list(codes),
        within=5,
        why=f"{person.name} to be told {codes}",
    )


def test_video_is_shed_and_comes_back_and_sound_goes_on(
    daemon: Daemon, person: PersonFactory, artifacts: Path
) -> None:
    alice, bob = person("alice", size=(1280, 720), fps=20), person("bob")
    alice.join(daemon.url, ROOM)
    chromium_of(alice).prepare_screen(daemon.url, [COLOURS[letter] for letter in SCREEN])
    bob.join(daemon.url, ROOM)
    prefer(bob, "alice", "high")
    bob.sees_size("alice", (1280, 720), within=60)
    bob.hears({"alice": alice.tone})
    offers, before = bob.offers(), bob.page.run(SOUND)

    for step, size in (("medium", (640, 360)), ("low", (320, 180))):
        daemon.fault(f"overload {step}")
        bob.sees_size("alice", size)
        bob.sees("alice", alice.pattern)
        told(bob, "video-reduced")

    daemon.fault("overload screens")
    told(bob, "video-screens-only")
    eventually(
        lambda: bob.see("pattern", "alice") in ("none", "hidden"),
        within=5,
        why="the camera to be dark and not a frozen picture",
    )
    bob.page.screenshot(artifacts / "screens.png")
    alice.page.click("Share my screen")
    bob.sees("alice", SCREEN)

    daemon.fault("overload audio")
    told(bob, "video-off")
    eventually(
        lambda: bob.see("pattern", "alice") in ("none", "hidden"), within=5, why="no screen either"
    )
    bob.hears({"alice": alice.tone})

    daemon.fault("overload normal")
    told(bob)
    bob.sees("alice", SCREEN)
    alice.page.click("Stop sharing")
    bob.sees("alice", alice.pattern)
    bob.sees_size("alice", (1280, 720), within=60)

    after = bob.page.run(SOUND)
    packets, lost, seconds = (now - then for now, then in zip(after, before, strict=True))
    assert lost == 0
    # Opus packets are 20 ms apart.
    assert packets > 0.95 * seconds / 20, (packets, seconds)
    assert bob.offers() == offers


def test_a_newcomer_waits_by_itself_until_there_is_room(
    daemon: Daemon, person: PersonFactory
) -> None:
    daemon.fault("overload full")
    eventually(lambda: daemon.get("/readyz")[0] == 503, within=5, why="the daemon to be full")
    alice = person("alice")
    alice.open(f"{daemon.url}/{ROOM}?name=alice&join")
    alice.wait_state("joining")
    told(alice, "server-busy")
    daemon.fault("overload normal")
    eventually(lambda: daemon.get("/readyz")[0] == 200, within=5, why="the daemon to be well")
    alice.page.click("Try now")
    alice.wait_state("in-call")
    told(alice)
