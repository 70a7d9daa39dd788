"""A screen that sends nothing is not over: nothing moves on it, or its machine is busy."""

import time

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.patterns import COLOURS, transitions
from tests.browser.test_paused import paused_browser
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "idle"
SCREEN = "MCCM"

# A screen of which a picture comes only when it is painted, unlike a captured tab, of which
# Chromium repeats the last one each second.
PAINTED = """(colours) => {
    navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [640, 360];
        const context = canvas.getContext("2d");
        const stream = canvas.captureStream(0);
        const [track] = stream.getVideoTracks();
        let painted = 0;
        window.paint = () => {
            colours.forEach((rgb, quarter) => {
                context.fillStyle = `rgb(${rgb})`;
                context.fillRect((quarter % 2) * 320, quarter > 1 ? 180 : 0, 320, 180);
            });
            context.fillRect(320, 180, 1 + (painted++ % 9), 2);
            track.requestFrame();
        };
        const timer = setInterval(() => {
            window.paint();
            if (painted > 40) clearInterval(timer);
        }, 100);
        return stream;
    };
}"""
SCREEN_PACKETS = """async () => {
    let sent = 0;
    for (const sender of window.trioSfu.pc.getSenders())
        if (sender.track instanceof CanvasCaptureMediaStreamTrack)
            for (const stats of (await sender.getStats()).values())
                if (stats.type === "outbound-rtp") sent += stats.packetsSent;
    return sent;
}"""


def test_a_screen_that_sends_nothing_is_still_shown(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.sees("alice", alice.pattern)
    alice.page.run(PAINTED, [COLOURS[letter] for letter in SCREEN])
    bob.record("alice")
    alice.page.click("Share my screen")
    bob.sees("alice", SCREEN)
    sent = paused(alice)
    # Longer than a source without reports is given (10 s).
    time.sleep(15)
    assert packets_sent(alice) == sent, "the screen was to send nothing"
    assert transitions(bob.stop_recording()) == [alice.pattern, SCREEN]
    assert bob.see("source", "alice") == "screen"

    bob.record("alice")
    alice.page.click("Stop sharing")
    bob.sees("alice", alice.pattern)
    assert transitions(bob.stop_recording()) == [SCREEN, alice.pattern]


def test_a_presenter_whose_machine_stands_still_for_three_seconds(
    daemon: Daemon, person: PersonFactory
) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    chromium_of(alice).prepare_screen(f"{daemon.url}/healthz", [COLOURS[x] for x in SCREEN])
    bob.sees("alice", alice.pattern)
    bob.record("alice")
    alice.page.click("Share my screen")
    bob.sees("alice", SCREEN)
    with paused_browser(alice):
        time.sleep(3)  # Not for luck: it is the test's matter.
    bob.sees("alice", SCREEN)
    assert transitions(bob.stop_recording()) == [alice.pattern, SCREEN]


def test_a_screen_on_which_nothing_moves_is_sent_to_who_comes_later(
    daemon: Daemon, person: PersonFactory
) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    chromium_of(alice).prepare_screen(f"{daemon.url}/healthz", [COLOURS[x] for x in SCREEN])
    alice.page.click("Share my screen")
    bob.sees("alice", SCREEN)
    chromium_of(alice).still_screen()
    time.sleep(5)
    carol = person("carol")
    carol.join(daemon.url, ROOM)
    carol.sees_source("alice", "screen")
    eventually(lambda: carol.see("pattern", "alice") == SCREEN, within=10, why="the still screen")


def packets_sent(presenter: Participant) -> int:
    """Return how many RTP packets the line of the screen has sent."""
    return int(presenter.page.run(SCREEN_PACKETS))


def paused(presenter: Participant) -> int:
    """Wait until the screen sends nothing; return what it has sent."""
    seen = [-2, -1]

    def still() -> bool:
        seen[:] = [seen[1], packets_sent(presenter)]
        return seen[0] == seen[1]

    eventually(still, within=20, why="the screen to send nothing", every=1.5)
    return seen[1]
