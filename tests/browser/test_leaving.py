"""Who goes is gone, and nothing of them stays (issue 2, point 4)."""

import time
from collections.abc import Callable

import pytest

from tests.browser import chromium
from tests.browser.participant import PersonFactory
from tests.process.daemon import OF_PEERS, Daemon
from tests.process.patience import SLACK, eventually

ROOM = "leaving"


@pytest.mark.parametrize("how", ["button", "tab closed", "killed"])
def test_the_tile_goes_in_time_and_the_census_returns(
    daemon: Daemon, person: PersonFactory, measure: Callable[[str, str], None], how: str
) -> None:
    empty = daemon.settled_census()
    stays, goes = person("alice"), person("bob")
    stays.join(daemon.url, ROOM)
    alone = daemon.settled_census()
    goes.join(daemon.url, ROOM)
    stays.sees("bob", goes.pattern)
    goes.sees("alice", stays.pattern)

    started = time.monotonic()
    match how:
        case "button":
            goes.page.click("Leave")
        case "tab closed":
            goes.page.close()
        case _:
            chromium.kill(goes.device.camera)
    limit = 4.0 if how == "killed" else 1.0
    eventually(
        lambda: "bob" not in stays.names(), within=limit + SLACK, why="bob to be gone", every=0.02
    )
    seconds = time.monotonic() - started
    measure(f"tile gone ({how})", f"{seconds:.2f} s")
    assert seconds <= limit
    daemon.returns_to(alone, only=OF_PEERS)
    stays.page.click("Leave")
    daemon.returns_to(empty)
