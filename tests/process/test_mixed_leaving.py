"""However people come and go, nothing of them stays (issue 3, "must be seen" 1)."""

import os
import random
from collections.abc import Callable
from functools import partial
from statistics import median

import pytest
import trio

from tests.process.daemon import Daemon
from tests.process.leaving import GONE_WITHIN, ways_to_leave

pytestmark = pytest.mark.alone

JOINS = int(os.environ.get("SOAK_MIXED_JOINS", "100"))
AT_ONCE = 6
SEED = 3
GROWTH = (2 if JOINS >= 1_000 else 6) * 1024 * 1024
"""Bytes of memory that the second half of the joins may cost. It takes some 250 joins until the
allocator has what it needs for the busiest moment; fifty peers that stayed would be 14 MB."""
TEARDOWN = 0.1
"""Seconds a peer's end may take, after it was noticed."""
IN_TIME = 0.99 if JOINS >= 1_000 else 0.8
"""The share of ends that keep to it; less in the short form, for a machine that is busy."""


async def all_come_and_go(url: str, numbers: range, chance: random.Random) -> None:
    limit = trio.CapacityLimiter(AT_ONCE)
    choices = ways_to_leave(chance)

    async def one(number: int) -> None:
        async with limit:
            await choices[number % len(choices)](url, number)

    async with trio.open_nursery() as nursery:
        for number in numbers:
            nursery.start_soon(one, number)


async def settle(daemon: Daemon, census: dict[str, int]) -> int:
    """Wait for the census; return the memory that the daemon then has."""
    await trio.to_thread.run_sync(partial(daemon.returns_to, census, within=GONE_WITHIN))
    readings = []
    for _ in range(5):
        readings.append(daemon.resident())
        await trio.sleep(0.1)
    return int(median(readings))


async def test_mixed_joins_and_leaves(daemon: Daemon, measure: Callable[[str, str], None]) -> None:
    chance = random.Random(SEED)
    empty = await trio.to_thread.run_sync(daemon.settled_census)
    # What is made once, at the first of each kind, is no growth.
    await all_come_and_go(daemon.url, range(19), chance)
    await settle(daemon, empty)
    started = trio.current_time()
    await all_come_and_go(daemon.url, range(JOINS // 2), chance)
    halfway = await settle(daemon, empty)
    await all_come_and_go(daemon.url, range(JOINS // 2, JOINS), chance)
    grown = await settle(daemon, empty) - halfway
    seconds = trio.current_time() - started

    metrics = await trio.to_thread.run_sync(daemon.metrics)
    name = "trio_sfu_peer_teardown_seconds"
    ends, quick = metrics[f"{name}_count"], metrics[f'{name}_bucket{{le="{TEARDOWN}"}}']
    measure(f"{JOINS} mixed joins and leaves", f"{seconds:.0f} s")
    measure(f"memory grown in the second half of {JOINS} mixed joins", f"{grown / 1024:.0f} KiB")
    measure(f"teardowns within {TEARDOWN * 1000:.0f} ms", f"{quick:.0f} of {ends:.0f}")
    assert ends >= JOINS // 2
    assert quick >= IN_TIME * ends
    assert grown < GROWTH
    assert not daemon.log("error")
