"""A viewer receives the layer it asks for, without a decode error (issue 2, point 3)."""

from tests.browser.participant import Participant, PersonFactory
from tests.browser.patterns import transitions
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "layers"
SIZES = {"low": (320, 180), "medium": (640, 360), "high": (1280, 720)}


def prefer(viewer: Participant, name: str, quality: str) -> None:
    """Ask for a quality; what the tile's size asks for counts no more from then on."""
    viewer.page.run(
        """(name, quality) => {
            const { client } = window.trioSfu;
            client.setView({ tiles: [], hidden: false });
            client.setView = () => {};
            const peer = client.peers.find((peer) => peer.name === name);
            client.prefer(peer.id, quality);
        }""",
        name,
        quality,
    )


def decoding(viewer: Participant) -> dict[str, int]:
    """Return the statistics of the only video that is received."""
    [stats] = [s for s in viewer.see("decoded").values() if s["decoded"]]
    return dict(stats)


def test_each_of_three_layers_when_asked_for(daemon: Daemon, person: PersonFactory) -> None:
    publisher = person("alice", size=(1280, 720), fps=20)
    viewer = person("bob")
    for one in (publisher, viewer):
        one.join(daemon.url, ROOM)
    viewer.sees("alice", publisher.pattern)
    before = decoding(viewer)
    viewer.record("alice")
    offers = viewer.offers()
    for quality in ("high", "low", "medium", "high", "medium", "low", "high"):
        prefer(viewer, "alice", quality)
        # The upper layers start when the publisher's bandwidth estimate allows them.
        viewer.sees_size("alice", SIZES[quality], within=60)
        viewer.sees("alice", publisher.pattern)

    assert transitions(viewer.stop_recording()) == [publisher.pattern], "a broken picture"
    assert viewer.see("broken", "alice") is None
    assert viewer.offers() == offers
    after = decoding(viewer)
    # A decoder that meets a broken frame asks for a keyframe.
    assert after["plis"] == before["plis"], after
    assert after["keyframes"] >= before["keyframes"] + 7, after


def test_off_stops_the_picture_and_on_brings_it_back(daemon: Daemon, person: PersonFactory) -> None:
    publisher, viewer = person("alice"), person("bob")
    for one in (publisher, viewer):
        one.join(daemon.url, ROOM)
    viewer.sees("alice", publisher.pattern)

    def stands_still() -> bool:
        # Again and again: the page asks for the tile's size when that has settled.
        prefer(viewer, "alice", "off")
        before = viewer.see("frames", "alice")
        return not viewer.page.run(
            """async (name, before) => {
                await new Promise((resolve) => setTimeout(resolve, 500));
                return (await window.seeing.frames(name)) > before;
            }""",
            "alice",
            before,
        )

    eventually(stands_still, within=10, why="the frames to stop")
    prefer(viewer, "alice", "high")
    viewer.sees("alice", publisher.pattern)
