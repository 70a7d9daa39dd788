"""A defect strikes ten times a second in one room: a call in another goes on (issue 3, 3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import trio

from tests.browser.participant import PersonFactory
from tests.process.daemon import OF_PEERS, running_daemon
from tests.process.test_crash_storm import CALM, PER_SECOND, SECONDS, storm

LONG = 60

# Of all that is received: packets lost, and pictures that froze (W3C webrtc-stats).
GAPS = """async () => {
    const reports = [...(await window.trioSfu.pc.getStats()).values()];
    const inbound = reports.filter(({ type }) => type === "inbound-rtp");
    const sum = (name) => inbound.reduce((all, report) => all + (report[name] ?? 0), 0);
    return {
        lost: sum("packetsLost"),
        freezes: sum("freezeCount"),
        received: sum("packetsReceived"),
    };
}"""


def test_pages_in_another_room_notice_nothing(
    artifacts: Path, person: PersonFactory, measure: Callable[[str, str], None]
) -> None:
    with running_daemon(artifacts, faulty=True) as daemon:
        people = [person(name) for name in ("alice", "bob")]
        for one in people:
            one.join(daemon.url, CALM)
        for viewer, other in zip(people, reversed(people), strict=True):
            viewer.sees(other.name, other.pattern)
        census = daemon.settled_census()
        before: list[dict[str, Any]] = [one.page.run(GAPS) for one in people]
        told: list[str] = []
        # Not in this thread: Playwright has an asyncio loop suspended in it.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(trio.run, storm, daemon, told).result()
        after: list[dict[str, Any]] = [one.page.run(GAPS) for one in people]
        for viewer, other in zip(people, reversed(people), strict=True):
            viewer.sees(other.name, other.pattern)
        daemon.returns_to(census, only=OF_PEERS)
    grown = {
        what: [now[what] - then[what] for now, then in zip(after, before, strict=True)]
        for what in ("lost", "freezes", "received")
    }
    measure(
        f"crash storm of {len(told)} beside two Chromiums, {SECONDS:.0f} s",
        f"lost {sum(grown['lost'])} of {sum(grown['received'])} packets, "
        f"freezes {sum(grown['freezes'])}",
    )
    assert len(told) >= 0.9 * SECONDS * PER_SECOND
    assert grown["lost"] == [0, 0]
    if SECONDS >= LONG:
        # A busy machine freezes pictures by itself; `make soak` has it for itself.
        assert grown["freezes"] == [0, 0]
