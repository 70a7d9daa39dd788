"""The upgrade request and the frames after it, as bytes on a connection."""

from typing import Final, cast

import trio
from trio.testing import MockClock, memory_stream_pair
from trio_websocket import WebSocketConnection

from tests.fuzz.crashes import suspicious
from tests.fuzz.reading import Input
from trio_sfu.config.model import Signaling
from trio_sfu.errors import is_network
from trio_sfu.events import Fact, Journal
from trio_sfu.listeners.head import HeadTooLarge, parse_head, read_head
from trio_sfu.listeners.replay import ReplayStream
from trio_sfu.listeners.upgrade import serve_signaling
from trio_sfu.signaling.session import Session

LINES: Final = (
    b"GET /signal HTTP/1.1",
    b"Host: sfu.example",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Protocol: trio-sfu.v1",
)
MORE: Final = (
    b"Origin: http://sfu.example",
    b"Origin: http://[",
    b"Origin: null",
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99",
    b"Sec-WebSocket-Version: 12",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Host: other.example",
    b"Sec-WebSocket-Protocol: ,,",
    b" folded",
)
MASK: Final = b"\x00\x00\x00\x00"


def websocket(data: bytes) -> None:
    """Whatever comes, the connection ends without an error of ours."""
    trio.run(_run, Input(data), clock=MockClock(autojump_threshold=0))


async def _run(source: Input) -> None:
    told: list[Fact] = []
    near, far = memory_stream_pair()
    journal = Journal(told.append)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_drain, far)
        nursery.start_soon(_say, far, source)
        try:
            await _dispatch(near, journal)
        except* Exception as error:
            if not is_network(error):
                raise
        finally:
            nursery.cancel_scope.cancel()
    troubles = list(filter(None, map(suspicious, told)))
    assert not troubles, troubles


async def _dispatch(stream: trio.abc.Stream, journal: Journal) -> None:
    # As Port._dispatch does.
    try:
        data = await read_head(stream)
    except HeadTooLarge:
        return
    head = parse_head(data)
    if head is None or not head.wants_signaling():
        return
    replayed = ReplayStream(data, cast("trio.SocketStream", stream))

    async def serve(socket: WebSocketConnection, wire: ReplayStream) -> None:
        await Session(socket, Signaling(), journal, wire).run(_listen)

    await serve_signaling(head, replayed, serve, origins=["https://page.example"], journal=journal)


async def _listen(session: Session) -> None:
    try:
        while True:
            await session.receive()
    except trio.EndOfChannel:
        session.end()


async def _drain(stream: trio.abc.Stream) -> None:
    try:
        while await stream.receive_some():
            pass
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


async def _say(stream: trio.abc.Stream, source: Input) -> None:
    try:
        await stream.send_all(request(source))
        while source:
            choice = source.byte()
            if choice & 7 == 7:
                await trio.sleep(choice)
            elif choice & 7 == 6:
                await stream.send_all(source.slice())
            else:
                await stream.send_all(frame(source))
        await stream.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


def request(source: Input) -> bytes:
    """Return an upgrade request, or something like one."""
    lines = list(LINES)
    for _ in range(source.byte() & 7):
        place = source.byte() % (len(lines) + 1)
        match source.byte() & 3:
            case 0:
                lines.insert(place, source.choose(MORE))
            case 1:
                lines[place : place + 1] = [source.slice()]
            case 2:
                del lines[place : place + 1]
            case _:
                lines[place:place] = lines[place : place + 1]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def frame(source: Input) -> bytes:
    """Return a frame (RFC 6455, section 5.2) whose fields the bytes decide."""
    first, flags = source.byte(), source.byte()
    payload = source.slice() * (1 + (flags & 3) * 50)
    size = len(payload) if flags & 0x1C else source.short()
    masked = 0x80 if flags & 0xE0 else 0
    if size < 126 and not flags & 0x80:
        head = bytes([first, masked | size])
    elif flags & 0x40:
        head = bytes([first, masked | 127]) + size.to_bytes(8, "big")
    else:
        head = bytes([first, masked | 126]) + (size & 0xFFFF).to_bytes(2, "big")
    return head + (MASK if masked else b"") + payload
