"""However a client goes, nothing of it stays."""

import gc

import pytest
import trio

from tests.client.calling import running_daemon, see, settled
from trio_sfu.client import SyntheticVideo, connect
from trio_sfu.daemon import Daemon

JOINS = 50
CAMERA = SyntheticVideo(width=160, height=120)


async def test_fifty_joins_and_leaves_in_a_row_leave_nothing() -> None:
    async with running_daemon() as daemon:
        async with connect(daemon.url, room="room", name="warm-up"):
            pass
        await settled_once(daemon)
        gc.collect()  # what tests before this one left to the collector
        baseline = daemon.census()
        for number in range(JOINS):
            async with connect(daemon.url, room="room", name=f"guest {number}", pairs=1):
                assert daemon.census()["peers"] == 1
            await settled(daemon, baseline)


async def settled_once(daemon: Daemon) -> None:
    with trio.fail_after(5):
        while daemon.census()["peers"] or daemon.census()["asyncio_loops"]:  # noqa: ASYNC110
            await trio.sleep(0.02)


async def test_a_killed_client_is_gone_within_four_seconds() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="stays") as stays,
    ):
        baseline = daemon.census()
        async with connect(daemon.url, room="room", name="killed") as killed:
            await killed.publish(camera=CAMERA)
            await see(stays, killed.id, bool)
            begun = trio.current_time()
            await killed.abort()
            with trio.fail_after(6):
                await stays.until(lambda: stays.state.left)
            assert 2.0 < trio.current_time() - begun < 4.0
            assert stays.state.left[0].reason == "gone"
        await settled(daemon, baseline)


async def test_a_client_that_closes_its_media_leaves() -> None:
    async with (
        running_daemon() as daemon,
        connect(daemon.url, room="room", name="stays") as stays,
        connect(daemon.url, room="room", name="closes") as closes,
    ):
        await closes.close_media()
        with trio.fail_after(2):
            await stays.until(lambda: stays.state.left)
        assert stays.state.left[0].reason == "left"


@pytest.mark.parametrize("members", [3])
async def test_when_all_have_left_the_room_is_gone(members: int) -> None:
    async with running_daemon() as daemon:
        async with connect(daemon.url, room="other", name="warm-up"):
            pass
        await settled_once(daemon)
        gc.collect()
        baseline = daemon.census()
        async with trio.open_nursery() as nursery:
            for number in range(members):
                nursery.start_soon(_visit, daemon.url, number)
        await settled(daemon, baseline)


async def _visit(url: str, number: int) -> None:
    async with connect(url, room="room", name=f"guest {number}", pairs=2) as client:
        await client.publish(camera=CAMERA)
        await trio.sleep(0.3)
