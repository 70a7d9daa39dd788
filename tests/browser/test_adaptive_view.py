"""What cannot be seen is not sent."""

from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "view"


def layer(viewer: Participant, name: str) -> dict[str, object]:
    """Return what the server says that it sends the viewer of somebody."""
    said = viewer.page.run(
        "(name) => window.trioSfu.client.peers.find((peer) => peer.name === name).layer", name
    )
    return dict(said or {})


def video_bytes(viewer: Participant) -> int:
    """Return how many bytes of video have arrived."""
    return int(
        viewer.page.run(
            """async () => {
                const report = await window.trioSfu.client.pc.getStats();
                return [...report.values()]
                    .filter(({ type, kind }) => type === "inbound-rtp" && kind === "video")
                    .reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
            }"""
        )
    )


def test_a_tile_out_of_sight_costs_no_video(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(daemon.url, ROOM)
    bob.sees("alice", alice.pattern)
    tile = "document.querySelector('.tile:not([data-peer=self])')"
    # As a list that is scrolled has it.
    bob.page.run(f"() => {{ {tile}.style.transform = 'translateY(200vh)'; }}")
    eventually(lambda: layer(bob, "alice").get("paused") == "hidden", within=5, why="the pause")
    counted: list[int] = []

    def still() -> bool:
        counted.append(video_bytes(bob))
        return len(counted) > 3 and counted[-1] == counted[-4]

    eventually(still, within=10, why="the video to stop")
    bob.page.run(f"() => {{ {tile}.style.transform = ''; }}")
    eventually(lambda: video_bytes(bob) > counted[-1], within=5, why="the video to go on")
    bob.sees("alice", alice.pattern)
