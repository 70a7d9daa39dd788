"""The daemon in this process, with real ports, a real engine and real clients."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from trio_sfu.client import Client, JoinError, SessionEndedError, SyntheticVideo, Tone, connect
from trio_sfu.config import load
from trio_sfu.daemon import Daemon, Impatience, open_daemon
from trio_sfu.events import PeerCrashed, RoomCrashed
from trio_sfu.testing import open_test_daemon
from trio_sfu.testing.faults import raise_in_peer, raise_in_room

_UPGRADE = (
    b"GET /signal HTTP/1.1\r\nhost: sfu\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-protocol: trio-sfu.v1\r\n\r\n"
)


@asynccontextmanager
async def joined(daemon: Daemon, *rooms: str) -> AsyncIterator[list[Client]]:
    async with AsyncExitStack() as stack:
        clients = []
        for number, room in enumerate(rooms):
            joining = connect(daemon.url, room=room, name=f"n{number}", pairs=2)
            clients.append(await stack.enter_async_context(joining))
        yield clients


async def returns_to(daemon: Daemon, baseline: dict[str, int], within: float) -> None:
    with trio.move_on_after(within):
        while daemon.census() != baseline:
            await trio.testing.wait_all_tasks_blocked(0.01)
    assert daemon.census() == baseline


async def test_two_clients_see_each_other_and_leave_nothing_behind() -> None:
    async with open_test_daemon() as daemon:
        baseline = daemon.census()
        async with joined(daemon, "r", "r") as (ann, bob):
            await ann.publish(camera=SyntheticVideo(), microphone=Tone(440))
            with trio.fail_after(20):
                await bob.until(lambda: bob.reception(ann.id, "camera"))
                async for picture in bob.video(ann.id):
                    assert picture.width > 0
                    break
            assert daemon.census()["peers"] == 2
            assert daemon.census()["asyncio_loops"] >= 2
            assert daemon.operating.report()[0].room == "r"
        await returns_to(daemon, baseline, 5)


async def test_an_error_in_a_peers_task_is_that_peers_alone() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r", "r", "other") as people:
        ann, bob, eve = people
        raise_in_peer(daemon, bob.id)
        with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
            await bob.until(lambda: False)
        assert ended.value.code == "peer-failed"
        with trio.fail_after(1):
            await ann.until(lambda: bob.id not in ann.peers)
        assert ann.ended is None
        assert eve.ended is None
        assert daemon.journal.count(PeerCrashed) == 1
        assert daemon.ready


async def test_an_error_in_a_rooms_task_is_that_rooms_alone() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r", "r", "other") as people:
        ann, bob, eve = people
        raise_in_room(daemon, "r")
        for client in (ann, bob):
            with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
                await client.until(lambda: False)
            assert ended.value.code == "room-failed"
        assert eve.ended is None
        with trio.fail_after(5):
            while not daemon.journal.count(RoomCrashed):
                await daemon.journal.recent.more()
        assert daemon.journal.count(RoomCrashed) == 1
        async with joined(daemon, "r") as (again,):
            assert not again.peers


async def test_a_peer_that_is_cancelled_is_gone_within_a_tenth_of_a_second() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r") as (_ann,):
        baseline = daemon.census()
        async with joined(daemon, "r") as (bob,):
            peer = daemon.rooms.find(bob.id)  # type: ignore[arg-type]
            assert peer is not None
            peer.leave("removed")
            with trio.fail_after(0.1):
                await peer.gone.wait()
            assert daemon.census()["transports"] == baseline["transports"]
            assert daemon.census()["up_tracks"] == baseline["up_tracks"]
            assert daemon.census()["slots"] == baseline["slots"]


async def test_the_stop_tells_everybody_and_is_bounded() -> None:
    stop, stopped = trio.Event(), trio.Event()

    async def run(task_status: trio.TaskStatus[Daemon]) -> None:
        async with open_test_daemon() as daemon:
            task_status.started(daemon)
            await stop.wait()
        stopped.set()

    async with trio.open_nursery() as nursery:
        daemon: Daemon = await nursery.start(run)
        async with connect(daemon.url, room="r", name="n", pairs=1) as client:
            stop.set()
            with trio.fail_after(5):
                with pytest.raises(SessionEndedError) as ended:
                    await client.until(lambda: False)
                await stopped.wait()
        assert ended.value.code == "server-stopping"
        assert not daemon.ready


async def test_limits_reach_the_client_as_codes() -> None:
    async with open_test_daemon(rooms__max_peers="1") as daemon, joined(daemon, "r"):
        with pytest.raises(JoinError) as refused:
            async with connect(daemon.url, room="r", name="n"):
                pass
        assert refused.value.code == "room-full"


async def test_a_client_that_vanishes_is_gone_within_four_seconds() -> None:
    async with open_test_daemon() as daemon, joined(daemon, "r", "r") as (ann, bob):
        start = trio.current_time()
        await bob.abort()
        with trio.fail_after(4.5):
            await ann.until(lambda: bob.id not in ann.peers)
        assert trio.current_time() - start > 2


async def test_twenty_joins_and_leaves_leave_nothing() -> None:
    async with open_test_daemon() as daemon:
        baseline = daemon.census()
        for _ in range(20):
            async with joined(daemon, "r"):
                pass
        await returns_to(daemon, baseline, 5)


async def test_an_impatient_stop_waits_for_nobody() -> None:
    """A client that does not answer the close would otherwise hold the stop up."""
    assert await _seconds_to_stop(trio.lowlevel.checkpoint) < 1
    assert await _seconds_to_stop(trio.sleep_forever) > 2


async def _seconds_to_stop(impatience: Impatience) -> float:
    flags = {"http.port": "0", "media.port": "0", "media.addresses": "127.0.0.1"}
    config = load(flags=flags | {"liveness.self_test_interval": "0"})
    async with AsyncExitStack() as stack:
        async with open_daemon(config, impatience) as daemon:
            stream = await trio.open_tcp_stream(*daemon.addresses[0])
            stack.push_async_callback(stream.aclose)
            await stream.send_all(_UPGRADE)
            assert b" 101 " in await stream.receive_some()
            start = trio.current_time()
        return trio.current_time() - start
