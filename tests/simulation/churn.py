"""People who come and go all the time, in every way, and what is left of them."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

import trio
import trio.testing

from trio_sfu import events
from trio_sfu.rooms.peer import Peer
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.determinism import seeded
from trio_sfu.testing.simulation.ending import Ending
from trio_sfu.testing.simulation.invariants import check
from trio_sfu.testing.simulation.world import World, open_world

CLIENTS: Final = 20
ROOMS: Final = ("amber", "birch", "cedar", "dogwood")
ENDINGS: Final[tuple[Ending, ...]] = ("left", "closed", "killed", "vanished", "dropped")
MOMENTS: Final = ("at once", "mid-join", "mid-handshake", "connected", "mid-share")
SETTLED: Final = 40.0
"""Seconds after which nothing may be left of the last."""


@dataclass
class Churned:
    """What was seen: the census before and after, and each measured at every tenth."""

    baseline: dict[str, int]
    left: list[dict[str, int]] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    """KiB of the process, when nobody is there."""
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    joins: int = 0
    virtual: list[float] = field(default_factory=list)
    """Seconds of virtual time from a peer's end to nothing being left of it."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of the process's CPU time in between."""
    broken: list[str] = field(default_factory=list)


def churn(joins: int, seed: int = 0) -> Churned:
    """Have so many joins and leaves."""
    with seeded(seed):
        return trio.run(_churn, joins, seed, clock=VirtualClock())


async def _churn(joins: int, seed: int) -> Churned:
    async with open_world(seed, CLIENTS, remembered=1000) as world:
        await trio.testing.wait_all_tasks_blocked()
        seen = Churned(world.daemon.census())
        with _timed(seen):
            for tenth in range(1, 11):
                await _people(world, seen, joins * tenth // 10)
                await trio.sleep(SETTLED)
                seen.left.append(world.daemon.census())
                seen.resident.append(_resident())
                seen.broken += check(world)
        seen.joins = _joins(world)
        return seen


def _joins(world: World) -> int:
    # The daemon's count: who goes before it has joined was never there.
    return world.daemon.journal.count(events.PeerJoined)


async def _people(world: World, seen: Churned, joins: int) -> None:
    async with trio.open_nursery() as nursery:
        for client in world.clients:
            nursery.start_soon(_come_and_go, world, seen, client, joins)


async def _come_and_go(world: World, seen: Churned, client: SimulatedClient, joins: int) -> None:
    random = world.random
    while _joins(world) < joins:
        moment, ending = random.choice(MOMENTS), random.choice(ENDINGS)
        seen.ways[moment, ending] += 1
        client.wishes = {"screen": False, "microphone": False} if moment == "mid-share" else {}
        client.want(random.choice(ROOMS))
        with trio.fail_after(30):
            await _until(client, moment, random)
        client.want(None)
        client.end_session(ending)
        await _when(lambda: client.session is None)


async def _until(client: SimulatedClient, moment: str, random: Random) -> None:
    await _when(lambda: client.session is not None)
    if moment == "at once":
        await trio.sleep(random.random() * 0.1)
        return
    await _when(lambda: client.session is not None and client.session.joined is not None)
    if moment == "mid-handshake":
        await trio.sleep(random.random() * 0.3)
    elif moment != "mid-join":
        await _when(lambda: client.session is not None and client.session.healthy)
        await trio.sleep(random.random() * (0.2 if moment == "connected" else 1.0))


async def _when(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await trio.sleep(0.02)


@contextmanager
def _timed(seen: Churned) -> Iterator[None]:
    """Measure each peer's end, in both times."""
    began: dict[str, tuple[float, float]] = {}
    leaving, torn_down = Peer._note_leaving, Peer._note_torn_down

    def begin(peer: Peer) -> None:
        began.setdefault(peer.id, (trio.current_time(), time.process_time()))
        leaving(peer)

    def end(peer: Peer) -> None:
        torn_down(peer)
        virtual, cpu = began.pop(peer.id)
        seen.virtual.append(trio.current_time() - virtual)
        seen.cpu.append(time.process_time() - cpu)

    with (
        patch.object(Peer, "_note_leaving", begin),
        patch.object(Peer, "_note_torn_down", end),
    ):
        yield


def _resident() -> int:
    gc.collect()
    # What the C library keeps for later is no leak.
    CDLL("libc.so.6").malloc_trim(0)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")
