"""A defect strikes ten times a second: the media of other rooms has no gap (issue 3, 3)."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.test_restart import in_thread, pictures
from trio_sfu.client import Client, SyntheticVideo, Tone, connect
from trio_sfu.client.socket import Server, open_socket
from trio_sfu.signaling.messages import Error, Join, Joined

pytestmark = pytest.mark.alone

SECONDS = float(os.environ.get("SOAK_STORM_SECONDS", "6"))
PER_SECOND = 10
STORMY = "stormy"
CALM = "calm"
CAMERA = SyntheticVideo(width=160, height=120, fps=20)
GAP = 0.5
"""Seconds between two pictures that would be a freeze; also of a busy machine."""


@asynccontextmanager
async def calm_call(url: str) -> AsyncIterator[tuple[Client, Client]]:
    """Two people in another room, one seeing and hearing the other."""
    async with (
        connect(url, room=CALM, name="shows", pairs=1) as shows,
        connect(url, room=CALM, name="sees", pairs=1) as sees,
    ):
        await shows.publish(camera=CAMERA, microphone=Tone())
        with trio.fail_after(20):
            await pictures(sees, shows.id)
        yield shows, sees


async def longest_gap(viewer: Client, peer: str, longest: list[float]) -> None:
    """Note the longest time between two pictures of a peer, as long as it runs."""
    last = trio.current_time()
    async for _ in viewer.video(peer):
        now = trio.current_time()
        longest[0] = max(longest[0], now - last)
        last = now


async def losses(viewer: Client) -> tuple[int, int]:
    """Return packets lost and received (W3C webrtc-stats)."""
    reports = [each for each in (await viewer.stats()).values() if each.type == "inbound-rtp"]
    return sum(each.packetsLost for each in reports), sum(each.packetsReceived for each in reports)


async def victim(daemon: Daemon, room: str, fault: str) -> str:
    """Join, and have the defect strike; return the code that was told."""
    async with open_socket(Server.parse(daemon.url)) as socket:
        await socket.send(Join(room=room, name="victim"))
        with trio.fail_after(5):
            while True:
                match await socket.receive():
                    case Joined(peer=peer):
                        daemon.fault(f"{fault} {peer if fault == 'peer' else room}")
                    case Error(code=code):
                        return code


async def storm(daemon: Daemon, told: list[str]) -> None:
    """Have a peer of one room fail at each tick, and at every tenth the whole room."""
    began = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def one(number: int) -> None:
            whole = number % PER_SECOND == 0
            # A room that fails a fourth time in a minute would not be opened any more.
            room = f"{STORMY}-{number // PER_SECOND % 30}" if whole else STORMY
            told.append(await victim(daemon, room, "room" if whole else "peer"))

        for number in count():
            due = began + number / PER_SECOND
            if due > began + SECONDS:
                break
            await trio.sleep_until(due)
            nursery.start_soon(one, number)


async def test_other_rooms_notice_nothing(
    artifacts: Path, measure: Callable[[str, str], None]
) -> None:
    async with in_thread(lambda: running_daemon(artifacts, faulty=True)) as daemon:
        empty = await trio.to_thread.run_sync(daemon.settled_census)
        async with calm_call(daemon.url) as (shows, sees), trio.open_nursery() as nursery:
            longest = [0.0]
            nursery.start_soon(longest_gap, sees, shows.id, longest)
            lost_before, received_before = await losses(sees)
            told: list[str] = []
            await storm(daemon, told)
            lost, received = await losses(sees)
            nursery.cancel_scope.cancel()
        await trio.to_thread.run_sync(daemon.returns_to, empty)
        metrics = await trio.to_thread.run_sync(daemon.metrics)
    strikes = metrics["trio_sfu_peer_crashes_total"] + metrics["trio_sfu_room_crashes_total"]
    measure(
        f"crash storm: {strikes:.0f} in {SECONDS:.0f} s",
        f"next room: {lost - lost_before} of {received - received_before} packets lost, "
        f"longest time between pictures {1000 * longest[0]:.0f} ms",
    )
    assert set(told) == {"peer-failed", "room-failed"}
    assert strikes >= 0.9 * SECONDS * PER_SECOND
    assert lost == lost_before
    assert received - received_before > 40 * SECONDS
    assert longest[0] < GAP
