"""A storm of joins: the log stays readable, and says how much it has left out."""

import json
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import eventually

LINES = 30
CLIENTS, JOINS = 12, 25


def join_again_and_again(url: str, name: str) -> int:
    """Join and leave; every third time a room that is full. Return how often it was let in."""
    joined = 0
    for number in range(JOINS):
        room = "full" if number % 3 == 0 else f"{name}-{number}"
        with connect(url, subprotocols=[Subprotocol("trio-sfu.v1")], proxy=None) as connection:
            connection.send(json.dumps({"type": "join", "room": room, "name": "n"}))
            joined += json.loads(connection.recv(timeout=30))["type"] == "joined"
    return joined


def busiest_second(entries: list[dict[str, Any]]) -> int:
    """Return the most lines within any nine tenths of a second, by their own times."""
    most, window = 0, deque[float]()
    for entry in entries:
        at = datetime.fromisoformat(entry["timestamp"]).timestamp()
        window.append(at)
        while at - window[0] >= 0.9:
            window.popleft()
        most = max(most, len(window))
    return most


def test_a_storm_of_joins_does_not_flood_the_log(
    artifacts: Path, measure: Callable[[str, str], None]
) -> None:
    limits = {"TRIO_SFU_LOG_LINES_PER_SECOND": str(LINES), "TRIO_SFU_ROOMS_MAX_PEERS": "2"}
    with running_daemon(artifacts, environment=limits) as daemon:
        with ThreadPoolExecutor(CLIENTS) as pool:
            storm = pool.map(
                lambda n: join_again_and_again(daemon.signaling, f"room{n}"), range(CLIENTS)
            )
            joined = sum(storm)
        counted = daemon.metrics()
        assert counted['trio_sfu_joins_total{outcome="joined"}'] == joined
        refused = counted['trio_sfu_joins_total{outcome="room-full"}']
        assert joined + refused == CLIENTS * JOINS
        eventually(
            lambda: (
                said(daemon)["peer joined"] == joined and said(daemon)["join refused"] == refused
            ),
            within=10,
            why="every join to be logged or counted",
        )
    entries = daemon.log()
    happened = sum(said(daemon).values())
    most = busiest_second(entries)
    measure(
        "log of a storm of joins",
        f"{happened} things noted, {len(entries)} lines, at most {most} in a second",
    )
    assert most <= LINES
    assert len(entries) < happened / 2, "it was no storm"


def said(daemon: Daemon) -> Counter[str]:
    """Return how often each kind was logged, or counted as left out."""
    found: Counter[str] = Counter()
    for entry in daemon.log():
        if entry["event"] == "log lines left out":
            found.update(entry["kinds"])
        else:
            found[entry["event"]] += 1
    return found
