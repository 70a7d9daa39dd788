"""A camera in three encodings, and viewers who change between them, of each forwarder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trio

from benchmarks.load import floor as floor_program
from benchmarks.load import janus as janus_program
from benchmarks.load import ours as our_daemon
from benchmarks.load.crowd import AT_ONCE, Crowd, Encoding, Track
from benchmarks.load.janus_api import Session
from benchmarks.load.sdp import Line
from benchmarks.load.workloads import Workload
from tests.process.daemon import Daemon
from trio_sfu.signaling.carried import Tile
from trio_sfu.signaling.messages import Publish, View

ENCODINGS: Final = (
    Encoding("q", 320, 180, 6_000),
    Encoding("h", 640, 360, 18_000),
    Encoding("f", 1_280, 720, 50_000),
)
"""From the smallest to the fullest, in the order in which a workload has their schedules."""
_ROOM: Final = "load-layers"
_MID: Final = "0"
_WAITING: Final = 4
"""Wishes of one viewer that wait to be told; one more is not told at all."""


_RIDS: Final = tuple(each.rid for each in ENCODINGS)


def _camera(rids: tuple[str, ...] = _RIDS) -> Line:
    return Line(_MID, "video", "sendonly", rids=rids)


def _tracks(crowd: Crowd, peers: tuple[int, int, int]) -> list[Track]:
    return [
        Track(peer, crowd.new_ssrc(), "video", _MID, 0, encoding=encoding)
        for peer, encoding in zip(peers, ENCODINGS, strict=True)
    ]


def _hears(crowd: Crowd, peer: int) -> trio.MemoryReceiveChannel[int]:
    """Return where a peer hears which encoding it wants, by its place among them."""
    crowd.wishes[peer], heard = trio.open_memory_channel[int](_WAITING)
    return heard


@asynccontextmanager
async def floor(program: Path, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have an encoding be a room: as many viewers in each, and nobody changes.

    Keyframes come as often as if they did.
    """
    count = len(ENCODINGS)
    places = [(number % count, int(number >= count)) for number in range(count + workload.size)]
    async with floor_program.running(program, crowd, places):
        crowd.tracks += _tracks(crowd, (0, 1, 2))
        for viewer in range(count, count + workload.size):
            _hears(crowd, viewer)
        yield


@asynccontextmanager
async def ours(server: Daemon, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have viewers whose tile is as large as the encoding they want."""
    async with trio.open_nursery() as nursery:
        publisher: str = await nursery.start(_publish, server, crowd)
        for _ in range(workload.size):
            await nursery.start(_view, server, crowd, publisher)
        yield
        nursery.cancel_scope.cancel()


async def _publish(server: Daemon, crowd: Crowd, *, task_status: trio.TaskStatus[str]) -> None:
    async with our_daemon.join(server, _ROOM) as (socket, own):
        number = await our_daemon.connect(socket, crowd, [_camera()], 0, ["video"])
        crowd.tracks += _tracks(crowd, (number, number, number))
        await socket.send(Publish(source="camera", live=True))
        task_status.started(own)
        await our_daemon.stay(socket, crowd)


async def _view(
    server: Daemon, crowd: Crowd, publisher: str, *, task_status: trio.TaskStatus[None]
) -> None:
    async with our_daemon.join(server, _ROOM) as (socket, _), trio.open_nursery() as nursery:
        number = await our_daemon.connect(socket, crowd, [], 1, ["video"])
        heard = _hears(crowd, number)
        nursery.start_soon(our_daemon.stay, socket, crowd)
        task_status.started()
        async for wanted in heard:
            each = ENCODINGS[wanted]
            tile = Tile(peer=publisher, width=each.width, height=each.height)
            await socket.send(View(tiles=[tile]))


@asynccontextmanager
async def janus(
    server: janus_program.Janus, crowd: Crowd, workload: Workload
) -> AsyncIterator[None]:
    """Have subscribers who configure the substream they want."""
    room = janus_program.ROOM
    async with janus_program.session_with(server) as session, trio.open_nursery() as nursery:
        await janus_program.create_room(session, room)
        # Whatever their names are, it takes the first one for the fullest.
        camera = _camera(_RIDS[::-1])
        feed, (sent,) = await janus_program.publish(session, crowd, [camera], room)
        crowd.tracks += _tracks(crowd, (sent.peer, sent.peer, sent.peer))
        limit = trio.CapacityLimiter(AT_ONCE)

        async def watch() -> None:
            async with limit:
                handle, peer = await janus_program.subscribe(session, crowd, [feed], room)
                heard = _hears(crowd, crowd.peers.index(peer))
                nursery.start_soon(_configure, session, handle, heard)

        async with trio.open_nursery() as joining:
            for _ in range(workload.size):
                joining.start_soon(watch)
        yield
        nursery.cancel_scope.cancel()


async def _configure(session: Session, handle: int, heard: trio.MemoryReceiveChannel[int]) -> None:
    async for wanted in heard:
        stream = {"mid": _MID, "substream": wanted}
        await session.message(handle, {"request": "configure", "streams": [stream]})
