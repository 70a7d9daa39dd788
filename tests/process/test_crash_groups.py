"""An exception ends the peer or the room it is in, and nothing else (issue 2, point 5).

The daemon runs in the test's own trio loop, because the error is put into its tree.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import structlog
import trio

from trio_sfu.client import Client, JoinError, SessionEndedError, SyntheticVideo, connect
from trio_sfu.config.model import Config, Http, Liveness, Media
from trio_sfu.daemon import Daemon, open_daemon
from trio_sfu.ids import PeerId, RoomId

ROOM = RoomId("fragile")
OTHER = RoomId("solid")


class BoomError(Exception):
    """A defect."""


async def boom() -> None:
    """Fail, as a defect in a task would."""
    raise BoomError


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What the daemon logs."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@asynccontextmanager
async def running() -> AsyncIterator[Daemon]:
    """Run a daemon on ports the system chooses."""
    config = Config(
        http=Http(port=0),
        media=Media(port=0, addresses=["127.0.0.1"]),
        liveness=Liveness(self_test_interval=0),
    )
    async with open_daemon(config) as daemon:
        yield daemon


@asynccontextmanager
async def three_people(daemon: Daemon) -> AsyncIterator[tuple[Client, Client, Client]]:
    """Two in one room, seeing each other's pictures, and one in another."""
    async with (
        connect(daemon.url, room=ROOM, name="doomed") as doomed,
        connect(daemon.url, room=ROOM, name="beside") as beside,
        connect(daemon.url, room=OTHER, name="far") as far,
    ):
        for one in (doomed, beside, far):
            await one.publish(camera=SyntheticVideo())
        await sees(beside, doomed.id)
        yield doomed, beside, far


async def sees(viewer: Client, peer: str, pictures: int = 3) -> None:
    """Wait for so many new pictures of a peer."""
    seen = 0
    with trio.fail_after(20):
        async for _ in viewer.video(peer):
            seen += 1
            if seen == pictures:
                return
    raise AssertionError(f"{peer} has left")


async def ended(client: Client) -> str:
    """Wait for the end of a client's session; return the code it was told."""
    with trio.fail_after(5):
        try:
            while True:
                await client.next_change()
        except SessionEndedError as error:
            return error.code


def census(daemon: Daemon) -> dict[str, int]:
    """Return the daemon's census without the descriptors, which are this process's."""
    return {
        name: count
        for name, count in daemon.census().items()
        if name not in {"file_descriptors", "sockets"}
    }


async def settled(daemon: Daemon, counts: dict[str, int]) -> None:
    """Wait for the census."""
    with trio.move_on_after(5):
        while census(daemon) != counts:  # noqa: ASYNC110  (a census is no event)
            await trio.sleep(0.02)
    assert census(daemon) == counts


async def rested(daemon: Daemon) -> dict[str, int]:
    """Return a census that two readings agree on."""
    seen = [census(daemon)]
    while len(seen) < 2 or seen[-1] != seen[-2]:
        await trio.sleep(0.1)
        seen.append(census(daemon))
    return seen[-1]


async def test_an_error_in_a_peers_task_ends_that_peer_only(
    logged: list[structlog.typing.EventDict],
) -> None:
    async with running() as daemon:
        empty = await rested(daemon)
        async with three_people(daemon) as (doomed, beside, far):
            peer = daemon.rooms.rooms[ROOM].peers[PeerId(doomed.id)]
            assert peer.nursery is not None
            peer.nursery.start_soon(boom, name=f"{peer.path}/defect")

            assert await ended(doomed) == "peer-failed"
            with trio.fail_after(5):
                await beside.until(lambda: doomed.id not in beside.peers)
            assert set(daemon.rooms.rooms[ROOM].peers) == {beside.id}
            assert beside.ended is None
            assert far.ended is None

            # The room goes on as if somebody had left.
            async with connect(daemon.url, room=ROOM, name="doomed again") as again:
                await again.publish(camera=SyntheticVideo())
                await sees(beside, again.id)
                await sees(again, beside.id)
        await settled(daemon, empty)

    errors = [entry for entry in logged if entry["log_level"] == "error"]
    assert len(errors) == 1, errors
    assert errors[0]["room"] == ROOM
    assert errors[0]["peer"] == doomed.id


async def test_an_error_in_a_rooms_task_ends_that_room_only(
    logged: list[structlog.typing.EventDict],
) -> None:
    async with running() as daemon:
        empty = await rested(daemon)
        async with three_people(daemon) as (doomed, beside, far):
            room = daemon.rooms.rooms[ROOM]
            assert room.nursery is not None
            room.nursery.start_soon(boom, name=f"{ROOM}/defect")

            assert await ended(doomed) == "room-failed"
            assert await ended(beside) == "room-failed"
            assert set(daemon.rooms.rooms) == {OTHER}
            assert far.ended is None

            # It is made again under the same name by whoever comes first.
            async with (
                connect(daemon.url, room=ROOM, name="doomed again") as again,
                connect(daemon.url, room=ROOM, name="beside again") as neighbour,
            ):
                await again.publish(camera=SyntheticVideo())
                await sees(neighbour, again.id)
        await settled(daemon, empty)

    errors = [entry for entry in logged if entry["log_level"] == "error"]
    assert len(errors) == 1, errors
    assert errors[0]["room"] == ROOM


async def test_a_room_that_fails_again_and_again_is_closed_for_a_while() -> None:
    async with running() as daemon:
        for _ in range(3):
            async with connect(daemon.url, room=ROOM, name="doomed") as doomed:
                nursery = daemon.rooms.rooms[ROOM].nursery
                assert nursery is not None
                nursery.start_soon(boom, name=f"{ROOM}/defect")
                assert await ended(doomed) == "room-failed"
        with pytest.raises(JoinError) as refused:
            async with connect(daemon.url, room=ROOM, name="late"):
                pass
        assert refused.value.code == "room-unavailable"
        async with connect(daemon.url, room=OTHER, name="elsewhere") as elsewhere:
            assert elsewhere.media_state == "connected"
