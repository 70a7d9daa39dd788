"""What nobody watches is not encoded, and it is back the moment somebody does."""

import time
from collections.abc import Callable

from tests.browser.participant import Participant, PersonFactory
from tests.browser.test_simulcast import SIZES, prefer
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "on-demand"
BACK = 2.5
"""Seconds until the larger size is shown again: on demand, not when an estimate has grown."""

FRAMES = """async (rid) => {
    const report = await window.trioSfu.pc.getStats();
    const sent = [...report.values()].filter(({ type }) => type === "outbound-rtp");
    return sent.find((each) => each.rid === rid)?.framesSent ?? 0;
}"""

# When the encoding has sent something again, and when the viewer has a picture of that height.
WATCH_SENT = """async (rid) => {
    const frames = async () => {
        const report = await window.trioSfu.pc.getStats();
        const sent = [...report.values()].filter(({ type }) => type === "outbound-rtp");
        return sent.find((each) => each.rid === rid).framesSent;
    };
    const before = await frames();
    window.sentAt = null;
    const look = setInterval(async () => {
        if ((await frames()) === before) return;
        window.sentAt ??= Date.now();
        clearInterval(look);
    }, 20);
}"""
WATCH_SHOWN = """(name, height) => {
    const video = document.querySelector(`article.tile[data-name="${name}"] video`);
    window.shownAt = null;
    const note = () => {
        if (video.videoHeight === height) window.shownAt = Date.now();
        else video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
}"""


def stands_still(publisher: Participant, rid: str) -> Callable[[], bool]:
    counted: list[int] = []

    def still() -> bool:
        counted.append(publisher.page.run(FRAMES, rid))
        return len(counted) > 20 and counted[-1] == counted[-20]

    return still


def all_but_the_smallest_stop(daemon: Daemon, publisher: Participant, viewer: Participant) -> None:
    """Have all encodings flow, and then those stopped that nobody watches."""
    for one in (publisher, viewer):
        one.join(daemon.url, ROOM)
    viewer.page.click("Turn camera off")
    prefer(viewer, "alice", "high")
    viewer.sees_size("alice", SIZES["high"], within=60)
    prefer(viewer, "alice", "low")
    viewer.sees_size("alice", SIZES["low"])
    for rid in ("h", "f"):
        eventually(stands_still(publisher, rid), within=40, why=f"{rid} to be stopped")


def test_encodings_stop_unwatched_and_are_back_on_demand(
    daemon: Daemon, person: PersonFactory, measure: Callable[[str, str], None]
) -> None:
    publisher, viewer = person("alice", size=(1280, 720), fps=20), person("bob")
    all_but_the_smallest_stop(daemon, publisher, viewer)
    assert not stands_still(publisher, "q")()

    # They stay so when the lines are negotiated anew.
    offers = publisher.offers()
    publisher.page.run("() => window.dispatchEvent(new Event('online'))")
    eventually(lambda: publisher.offers() > offers, within=10, why="another offer")
    viewer.sees("alice", publisher.pattern)
    sent = [publisher.page.run(FRAMES, rid) for rid in ("h", "f")]
    time.sleep(3)  # Not for luck: browsers begin within one.
    assert [publisher.page.run(FRAMES, rid) for rid in ("h", "f")] == sent

    publisher.page.run(WATCH_SENT, "f")
    viewer.page.run(WATCH_SHOWN, "alice", SIZES["high"][1])
    asked = viewer.page.run("() => Date.now()")
    prefer(viewer, "alice", "high")
    for who, what in ((publisher, "sentAt"), (viewer, "shownAt")):
        at = eventually(
            lambda who=who, what=what: who.page.run(f"() => window.{what}"),  # type: ignore[misc]
            within=20,
            why=what,
        )
        measure(f"an encoding on demand, {what}", f"{at - asked:.0f} ms")
    assert at - asked < BACK * 1_000
    viewer.sees("alice", publisher.pattern)
