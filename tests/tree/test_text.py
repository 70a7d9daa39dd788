"""What an operator reads on a terminal."""

from datetime import UTC, datetime

import pytest

from trio_sfu.events import Cause, Failure
from trio_sfu.ids import FailureId
from trio_sfu.tree.nodes import Node
from trio_sfu.tree.text import duration, render

TREE = """\
daemon  ready  2m05s
├─ rooms  running  2m05s
│  │  ! peer-failed f-1 at 12:30:05 UTC in r/p-2/media
│  │  ! ValueError: a defect, at trio_sfu/rooms/peer.py:9
│  │  !   because of KeyError: 'x' (3 times)
│  └─ room r  running  5.0s  2 restarts
│     └─ peer p-1  connected  4.0s
│        ├─ task media  waiting  4.0s  at follow_media (following.py:24)
│        └─ transport 256  connected  heard 0.1 s ago
└─ watchdog  running  2m05s
"""


def test_a_tree_as_lines() -> None:
    cause = Cause(type="KeyError", message="'x'", count=3)
    error = Cause(
        type="ValueError", message="a defect", where="trio_sfu/rooms/peer.py:9", causes=(cause,)
    )
    failure = Failure(
        id=FailureId("f-1"),
        time=datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC),
        path="r/p-2/media",
        code="peer-failed",
        causes=(error,),
    )
    where = "follow_media (following.py:24)"
    task = Node(kind="task", name="media", state="waiting", age=4, where=where)
    media = Node(kind="transport", name="256", state="connected", detail="heard 0.1 s ago")
    peer = Node(kind="peer", name="p-1", state="connected", age=4, children=[task, media])
    room = Node(kind="room", name="r", state="running", age=5, restarts=2, children=[peer])
    rooms = Node(
        kind="service", name="rooms", state="running", age=125, failure=failure, children=[room]
    )
    watchdog = Node(kind="service", name="watchdog", state="running", age=125)
    root = Node(kind="daemon", name="daemon", state="ready", age=125, children=[rooms, watchdog])
    assert render(root) == TREE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (59.94, "59.9s"),
        (60, "1m00s"),
        (3_599.9, "59m59s"),
        (3_600, "1h00m"),
        (86_399, "23h59m"),
        (200_000, "2d07h"),
    ],
)
def test_a_duration_has_the_units_that_matter(seconds: float, text: str) -> None:
    assert duration(seconds) == text
