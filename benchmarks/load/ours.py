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
from benchmarks.load.workloads import A_FEW
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
_WITHIN: Final = 10.0
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


@asynccontextmanager
async def lecture(
    server: Daemon, crowd: Crowd, subscribers: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have one publish and the others watch, as programs do: over HTTP."""
    lines = [Line(str(n), kind, "sendonly", crowd.new_ssrc()) for n, kind in enumerate(kinds)]
    publisher = await _over_http(server, crowd, "/whip/load?name=load", lines)
    for line in lines:
        crowd.tracks.append(Track(publisher, line.ssrc, line.kind, line.mid, subscribers))
    limit = trio.CapacityLimiter(AT_ONCE)

    async def watch() -> None:
        async with limit:
            slots = [Line(str(n), kind, "recvonly") for n, kind in enumerate(kinds)]
            await _over_http(server, crowd, f"/whep/load?peer={quote('load')}", slots)

    async with trio.open_nursery() as nursery:
        for _ in range(subscribers):
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
async def meeting(
    server: Daemon, crowd: Crowd, people: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have everybody publish and see all others, as browsers do: one connection each."""
    async with _meetings(server, crowd, 1, people, kinds):
        yield


@asynccontextmanager
async def rooms(
    server: Daemon, crowd: Crowd, count: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have many meetings of a few."""
    async with _meetings(server, crowd, count, A_FEW, kinds):
        yield


@asynccontextmanager
async def _meetings(
    server: Daemon, crowd: Crowd, count: int, people: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        for room in range(count):
            for _ in range(people):
                await nursery.start(_take_part, server, crowd, f"load-{room}", people, kinds)
        yield
        nursery.cancel_scope.cancel()


async def _take_part(
    server: Daemon,
    crowd: Crowd,
    room: str,
    people: int,
    kinds: Sequence[Kind],
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    async with open_socket(Server.parse(server.url)) as socket:
        await socket.send(Join(room=room, name="somebody"))
        await _receive(socket, Joined)
        peer = await crowd.peer()
        sending = [Line(str(n), kind, "sendonly", crowd.new_ssrc()) for n, kind in enumerate(kinds)]
        wanted = [(pair, kind) for pair in range(people - 1) for kind in kinds]
        slots = [Line(str(len(kinds) + n), kind, "recvonly") for n, (_, kind) in enumerate(wanted)]
        sdp = write_offer(peer.local, sending + slots, transport_cc=crowd.link.transport_cc)
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
        mine = await crowd.connect(peer, answer)
        for line in sending:
            await socket.send(Publish(source=_SOURCES[line.kind], live=True))
            crowd.tracks.append(Track(mine, line.ssrc, line.kind, line.mid, people - 1))
        task_status.started()
        try:
            while True:
                message = await socket.receive()
                if isinstance(message, Error):
                    raise RefusedError(f"{message.code}: {message.message}")
        except trio.EndOfChannel:
            raise RefusedError("the daemon has ended a session") from None
        finally:
            with trio.move_on_after(1, shield=True):
                await socket.send(Leave())


async def _receive(socket: SignalingSocket, wanted: type[Wanted]) -> Wanted:
    with trio.fail_after(_WITHIN):
        while True:
            message = await socket.receive()
            if isinstance(message, wanted):
                return message
            if isinstance(message, Error):
                raise RefusedError(f"{message.code}: {message.message}")
