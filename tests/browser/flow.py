"""When sound and picture flow again, and whether the pages believe what the server knows."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.browser.participant import Participant
from tests.process.daemon import Daemon
from tests.process.patience import eventually

GIVE_UP: Final = 30.0
"""Seconds."""
PICTURES: Final = 2
SOUNDS: Final = 5
"""More of each than before: it flows again."""

# Pictures that were decoded, and packets of sound that came, in which session.
_FLOWN = """async () => {
    const { client, pc } = window.trioSfu ?? {};
    let [pictures, sounds] = [0, 0];
    for (const report of (await pc?.getStats())?.values() ?? []) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "video") pictures += report.framesDecoded ?? 0;
        else sounds += report.packetsReceived ?? 0;
    }
    return [client?.self ?? null, pictures, sounds];
}"""

# What the page believes: itself, and of each of the others the connection and the tracks.
_BELIEVES = """() => {
    const { client } = window.trioSfu;
    const peers = client.peers.map(({ id, connection, tracks }) => [id, connection,
        tracks.map(({ source, muted }) => `${source} ${muted}`).sort()]);
    return {
        self: client.self,
        peers: Object.fromEntries(peers.map(([id, ...rest]) => [id, rest])),
    };
}"""


@dataclass(frozen=True)
class Flown:
    """What has come to somebody so far in a session; another one counts from 0 again."""

    session: str | None
    pictures: int
    sounds: int

    def has_grown(self, before: "Flown") -> bool:
        """Return whether more has come since then."""
        anew = self.session != before.session
        pictures, sounds = (0, 0) if anew else (before.pictures, before.sounds)
        return (
            self.session is not None
            and self.pictures >= pictures + PICTURES
            and self.sounds >= sounds + SOUNDS
        )


def flown(one: Participant) -> Flown:
    """Return what has come to ``one``."""
    return Flown(*one.page.run(_FLOWN))


def flows_again(*people: Participant) -> float:
    """Return the seconds until all of them get sound and picture, from now."""
    started = time.monotonic()
    waiting = [(one, flown(one)) for one in people]

    def flows() -> bool:
        waiting[:] = [(one, old) for one, old in waiting if not flown(one).has_grown(old)]
        return not waiting

    eventually(flows, within=GIVE_UP, why="sound and picture at all", every=0.02)
    return time.monotonic() - started


def server_knows(daemon: Daemon, room: str) -> dict[str, Any]:
    """Return each peer's connection and tracks, by id, as the API has them."""
    status, body = daemon.get(f"/api/v1/rooms/{room}/peers")
    assert status == 200, body
    return {
        peer["peer"]: [
            peer["connection"],
            sorted(f"{each['source']} {str(each['muted']).lower()}" for each in peer["tracks"]),
        ]
        for peer in json.loads(body)["peers"]
    }


def agree(daemon: Daemon, room: str, people: Sequence[Participant]) -> bool:
    """Return whether all pages believe what the server knows, and nobody is twice."""
    knows = server_knows(daemon, room)
    names = sorted(one.name for one in people)
    for one in people:
        believes = one.page.run(_BELIEVES)
        if sorted(one.names()) != names or len(knows) != len(people):
            return False
        if {believes["self"]} | believes["peers"].keys() != knows.keys():
            return False
        if any(knows[peer] != state for peer, state in believes["peers"].items()):
            return False
    return True
