"""Somebody comes whose browser lacks the codec of a call: everybody sees everybody all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.participant import Participant, PersonFactory, chromium_of
from tests.browser.test_codecs import received_codec
from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually

ROOM = "lecture-1"

LACKS = """(lacking) => {
    for (const side of [RTCRtpSender, RTCRtpReceiver]) {
        const real = side.getCapabilities;
        side.getCapabilities = (kind) => {
            const all = real.call(side, kind);
            const codecs = all.codecs.filter(
                (codec) => !lacking.includes(codec.mimeType.toLowerCase()));
            return { ...all, codecs };
        };
    }
}"""


def lacks(person: Participant, *codecs: str) -> None:
    """Have the person's browser lack video codecs, from the next page on."""
    names = [f"video/{codec}" for codec in codecs]
    chromium_of(person).page.add_init_script(f"({LACKS})({names})")


@pytest.fixture
def lecture(artifacts: Path) -> Iterator[Daemon]:
    with running_daemon(artifacts, "--video-rooms", "lecture-*: vp9 vp8") as daemon:
        yield daemon


def test_a_codec_that_somebody_lacks_is_given_up(lecture: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    for one in (alice, bob):
        one.join(lecture.url, ROOM)
    bob.sees("alice", alice.pattern)
    eventually(
        lambda: received_codec(bob) == {"video/vp9"}, within=10, why="the room's codec at bob"
    )
    offers = alice.offers()
    carol = person("carol")
    lacks(carol, "vp9", "av1")
    carol.join(lecture.url, ROOM)
    for viewer in (carol, bob):
        viewer.sees("alice", alice.pattern, within=10)
        assert viewer.see("broken", "alice") is None
    assert received_codec(carol) == {"video/vp8"}
    eventually(lambda: received_codec(bob) == {"video/vp8"}, within=10, why="one codec for all")
    assert alice.offers() == offers, "the codec changes without an offer"


def test_whom_no_codec_suits_is_told(daemon: Daemon, person: PersonFactory) -> None:
    publisher, viewer = person("alice"), person("bob")
    lacks(publisher, "h264", "vp9", "av1")
    lacks(viewer, "vp8", "vp9", "av1")
    for one in (publisher, viewer):
        one.join(daemon.url, ROOM)
    viewer.hears({"alice": publisher.tone})
    eventually(
        lambda: "cannot play" in viewer.page.run("() => document.body.innerText"),
        within=10,
        why="the tile to say why it is empty",
    )
