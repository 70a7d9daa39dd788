"""Each video codec the server forwards, as real encoders send it and decoders take it."""

import pytest

from tests.browser.chromium import ChromiumBrowser
from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import Daemon
from tests.process.patience import eventually

ROOM = "codecs"

ONLY = """(name) => {
    const real = RTCRtpSender.getCapabilities;
    RTCRtpSender.getCapabilities = (kind) => {
        const all = real.call(RTCRtpSender, kind);
        const wanted = [`video/${name}`, "video/rtx"];
        const codecs = all.codecs.filter((codec) => wanted.includes(codec.mimeType.toLowerCase()));
        return kind === "video" ? { ...all, codecs } : all;
    };
}"""


def only(person: Participant, codec: str) -> None:
    """Have the person's browser know one video codec to send, from the next page on."""
    assert isinstance(person.page, ChromiumBrowser)
    person.page.page.add_init_script(f"({ONLY})('{codec}')")


def received_codec(viewer: Participant) -> set[str]:
    """Return the codecs of the video that is decoded."""
    found = viewer.page.run(
        """async () => {
            const report = await window.trioSfu.pc.getStats();
            const all = [...report.values()];
            return all
                .filter((s) => s.type === "inbound-rtp" && s.kind === "video" && s.framesDecoded)
                .map((s) => report.get(s.codecId)?.mimeType.toLowerCase());
        }"""
    )
    return set(found)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
def test_seen_and_spliced(daemon: Daemon, person: PersonFactory, codec: str) -> None:
    publisher, viewer = person("alice"), person("bob")
    only(publisher, codec)
    for one in (publisher, viewer):
        one.join(daemon.url, ROOM)
    viewer.sees("alice", publisher.pattern)
    assert received_codec(viewer) == {f"video/{codec}"}
    # Away and back: the same slot begins again, at a keyframe of a new encoder.
    publisher.page.click("Turn camera off")
    eventually(lambda: viewer.see("source", "alice") == "none", within=10, why="the camera to go")
    publisher.page.click("Turn camera on")
    viewer.sees("alice", publisher.pattern)
    assert viewer.see("broken", "alice") is None
