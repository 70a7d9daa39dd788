"""One stream with spatial layers (VP9 L3T3_KEY): a viewer gets the size it asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.participant import PersonFactory
from tests.browser.test_codecs import received_codec
from tests.browser.test_simulcast import SIZES, prefer
from tests.process.daemon import Daemon, running_daemon

ROOM = "layered"


@pytest.fixture
def layered(artifacts: Path) -> Iterator[Daemon]:
    with running_daemon(artifacts, "--video-rooms", "layered: vp9 svc") as daemon:
        yield daemon


def test_each_size_of_one_stream(layered: Daemon, person: PersonFactory) -> None:
    publisher, viewer = person("alice", size=(1280, 720), fps=15), person("bob")
    for one in (publisher, viewer):
        one.join(layered.url, ROOM)
    viewer.page.click("Turn camera off")
    viewer.sees("alice", publisher.pattern)
    for quality in ("high", "low", "medium", "high"):
        prefer(viewer, "alice", quality)
        viewer.sees_size("alice", SIZES[quality], within=60)
        viewer.sees("alice", publisher.pattern)
    assert received_codec(viewer) == {"video/vp9"}
    assert viewer.see("broken", "alice") is None
