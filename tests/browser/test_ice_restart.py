"""The path changes in mid-call: nobody notices (DESIGN 5, "network path changed")."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import OF_PEERS, Daemon
from tests.process.patience import eventually

ROOM = "moving"
FREEZE = 1000
"""Milliseconds between two frames that a viewer would notice."""
FRAMES = 60

# Each frame's moment, as the video element presents it.
WATCH = """(name) => {
    const video = document.querySelector(`article.tile[data-name="${name}"] video`);
    window.frameTimes = [];
    const note = (now) => { window.frameTimes.push(now); video.requestVideoFrameCallback(note); };
    video.requestVideoFrameCallback(note);
}"""

# The way media takes now: who checks with which credentials, and over which pair.
PATH = """async () => {
    const reports = [...(await window.trioSfu.pc.getStats()).values()];
    const { selectedCandidatePairId } = reports.find(({ type }) => type === "transport");
    return {
        pair: selectedCandidatePairId,
        remote: window.trioSfu.pc.remoteDescription.sdp.match(/a=ice-ufrag:(\\S+)/)[1],
        local: window.trioSfu.pc.localDescription.sdp.match(/a=ice-ufrag:(\\S+)/)[1],
    };
}"""


def longest_gap(person: Participant) -> float:
    """Return the longest time, in ms, between two of the watched frames, a few seconds' worth."""
    eventually(
        lambda: person.page.run("() => window.frameTimes.length") > FRAMES,
        within=20,
        why=f"{FRAMES} frames at {person.name}",
    )
    times: list[float] = person.page.run("() => [...window.frameTimes, performance.now()]")
    return max(after - before for before, after in pairwise(times))


def test_ice_is_restarted_in_mid_call_and_nobody_sees_it(
    daemon: Daemon, person: PersonFactory, measure: Callable[[str, str], None]
) -> None:
    people = alice, bob = [person(name) for name in ("alice", "bob")]
    for one in people:
        one.join(daemon.url, ROOM)
    for viewer, other in ((alice, bob), (bob, alice)):
        viewer.sees(other.name, other.pattern)
        viewer.page.run(WATCH, other.name)
    census = daemon.settled_census()
    before: dict[str, Any] = alice.page.run(PATH)
    offers = [one.offers() for one in people]

    alice.page.run("() => { window.dispatchEvent(new Event('online')); }")
    eventually(
        lambda: alice.page.run(PATH)["pair"] != before["pair"],
        within=10,
        why="the new path to be taken",
    )
    for viewer, other in ((alice, bob), (bob, alice)):
        viewer.sees(other.name, other.pattern)
    after: dict[str, Any] = alice.page.run(PATH)
    assert after["remote"] != before["remote"]
    assert after["local"] != before["local"]
    assert [one.offers() for one in people] == [offers[0] + 1, offers[1]]
    gaps = [longest_gap(viewer) for viewer in people]
    measure("ICE restart: longest time between pictures", f"{max(gaps):.0f} ms")
    assert max(gaps) < FREEZE
    daemon.returns_to(census, only=OF_PEERS)
    # Not the engine's count of nominations under the new credentials: a browser that has gathered
    # before the answer comes may take the new path under those of the server before.
    assert daemon.metrics()["trio_sfu_ice_restarts_total"] == 1
