"""trio-sfu under load: by WHIP and WHEP where one sends, by its signaling where all do."""

import http.client
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import trio

from benchmarks.load.crowd import AT_ONCE, Crowd, Track
from benchmarks.load.sdp import Kind, Line, Remote, parse, write_offer
from benchmarks.load.workloads import Workload
from tests.process.daemon import Daemon, running_daemon
from trio_sfu.client.socket import Server, SignalingSocket, open_socket
from trio_sfu.signaling.carried import SendingLine, SlotLine, Source
from trio_sfu.signaling.messages import Answer, Error, Join, Joined, Leave, Offer, Publish

SETTINGS: Final = {
    # A load is one room of one address, and may be all that a core can do.
    "TRIO_SFU_ROOMS_MAX_PEERS": "10000",
    "TRIO_SFU_ROOMS_MAX_ROOMS": "10000",
    "TRIO_SFU_WHIP_MAX_SESSIONS": "10000",
    "TRIO_SFU_OVERLOAD_MAX_BUSY": "100",
    "TRIO_SFU_OVERLOAD_SHED": "false",
    "TRIO_SFU_OVERLOAD_JOIN_BURST": "10000",
    "TRIO_SFU_OVERLOAD_ADDRESS_JOIN_BURST": "10000",
    "TRIO_SFU_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "10000",
}
_SOURCES: Final[dict[Kind, Source]] = {"audio": "microphone", "video": "camera"}
_WITHIN: Final = 30.0
_STOPS_WITHIN: Final = 120.0
Wanted = TypeVar("Wanted", Joined, Answer)


class RefusedError(Exception):
    """The daemon has refused something."""


@contextmanager
def daemon(workers: int) -> Iterator[Daemon]:
    """Run one, on ports of its own; several ``workers`` share the people."""
    settings = {"TRIO_SFU_MEDIA_WORKERS": str(workers)}
    if workers > 1:
        settings["TRIO_SFU_MEDIA_SPREAD_ABOVE"] = "1"
    with (
        tempfile.TemporaryDirectory() as folder,
        running_daemon(Path(folder), environment=SETTINGS | settings) as running,
    ):
        yield running
        if running.process.poll() is not None:
            raise RefusedError(f"the daemon has ended: {running.log()[-5:]}")
        # With thousands inside, all of them on one core with their clients, it has to say a lot.
        running.process.terminate()
        running.process.wait(_STOPS_WITHIN)
        running.already_stopped = True


@asynccontextmanager
async def lecture(server: Daemon, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have one publish and the others watch, as programs do: over HTTP."""
    kinds = workload.kinds
    lines = [Line(str(n), kind, "sendonly", crowd.new_ssrc()) for n, kind in enumerate(kinds)]
    publisher = await _over_http(server, crowd, "/whip/load?name=load", lines)
    for line in lines:
        crowd.tracks.append(Track(publisher, line.ssrc, line.kind, line.mid, workload.size))
    limit = trio.CapacityLimiter(AT_ONCE)

    async def watch() -> None:
        async with limit:
            slots = [Line(str(n), kind, "recvonly") for n, kind in enumerate(kinds)]
            await _over_http(server, crowd, f"/whep/load?peer={quote('load')}", slots)

    async with trio.open_nursery() as nursery:
        for _ in range(workload.size):
            nursery.start_soon(watch)
    yield


async def _over_http(server: Daemon, crowd: Crowd, path: str, lines: Sequence[Line]) -> int:
    peer = await crowd.peer()
    offer = write_offer(peer.local, lines, transport_cc=crowd.link.transport_cc)
    answer = await trio.to_thread.run_sync(_post, server.http_port, path, offer)
    return await crowd.connect(peer, parse(answer))


def _post(port: int, path: str, offer: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN)
    try:
        connection.request("POST", path, offer, {"content-type": "application/sdp"})
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    if response.status != 201:
        raise RefusedError(f"{path}: {response.status} {body}")
    return body


@asynccontextmanager
async def meeting(server: Daemon, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have everybody publish and see all others, as browsers do: one connection each."""
    async with _meetings(server, crowd, 1, workload):
        yield


@asynccontextmanager
async def rooms(server: Daemon, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have many meetings of a few."""
    async with _meetings(server, crowd, workload.size, workload):
        yield


@asynccontextmanager
async def _meetings(
    server: Daemon, crowd: Crowd, count: int, workload: Workload
) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        for room in range(count):
            for place in range(workload.people):
                await nursery.start(_take_part, server, crowd, f"load-{room}", place, workload)
        yield
        nursery.cancel_scope.cancel()


async def _take_part(
    server: Daemon,
    crowd: Crowd,
    room: str,
    place: int,
    workload: Workload,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    """Be the ``place``-th in a room."""
    kinds = workload.kinds
    async with join(server, room) as (socket, _):
        sending = [Line(str(n), kind, "sendonly", crowd.new_ssrc()) for n, kind in enumerate(kinds)]
        mine = await connect(socket, crowd, sending, workload.seen, kinds)
        fanout = workload.fanout(place)
        for line in sending:
            await socket.send(Publish(source=_SOURCES[line.kind], live=True))
            crowd.tracks.append(Track(mine, line.ssrc, line.kind, line.mid, fanout))
        task_status.started()
        await stay(socket, crowd)


@asynccontextmanager
async def join(server: Daemon, room: str) -> AsyncIterator[tuple[SignalingSocket, str]]:
    """Be in a room; gives the socket and the peer that one is there."""
    async with open_socket(Server.parse(server.url)) as socket:
        await socket.send(Join(room=room, name="somebody"))
        joined = await _receive(socket, Joined)
        try:
            yield socket, joined.peer
        finally:
            with trio.move_on_after(1, shield=True):
                await socket.send(Leave())


async def connect(
    socket: SignalingSocket,
    crowd: Crowd,
    sending: Sequence[Line],
    pairs: int,
    kinds: Sequence[Kind],
) -> int:
    """Negotiate what is sent, and slots of some kinds for so many others; return the number."""
    peer = await crowd.peer()
    wanted = [(pair, kind) for pair in range(pairs) for kind in kinds]
    slots = [Line(str(len(sending) + n), kind, "recvonly") for n, (_, kind) in enumerate(wanted)]
    sdp = write_offer(peer.local, [*sending, *slots], transport_cc=crowd.link.transport_cc)
    await socket.send(
        Offer(
            id=1,
            sdp=sdp,
            sending=[SendingLine(mid=line.mid, source=_SOURCES[line.kind]) for line in sending],
            slots=[
                SlotLine(mid=line.mid, kind=line.kind, pair=pair)
                for line, (pair, _) in zip(slots, wanted, strict=True)
            ],
        )
    )
    answer: Remote = parse((await _receive(socket, Answer)).sdp)
    return await crowd.connect(peer, answer)


async def stay(socket: SignalingSocket, crowd: Crowd) -> None:
    """Read what the daemon says until all leave. Raises RefusedError."""
    try:
        while True:
            message = await socket.receive()
            if isinstance(message, Error) and not crowd.left:
                raise RefusedError(f"{message.code}: {message.message}")
    except trio.EndOfChannel:
        if not crowd.left:
            raise RefusedError("the daemon has ended a session") from None


async def _receive(socket: SignalingSocket, wanted: type[Wanted]) -> Wanted:
    with trio.fail_after(_WITHIN):
        while True:
            message = await socket.receive()
            if isinstance(message, wanted):
                return message
            if isinstance(message, Error):
                raise RefusedError(f"{message.code}: {message.message}")
