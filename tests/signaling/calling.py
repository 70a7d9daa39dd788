"""A session at one end of a WebSocket over memory, a client at the other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import msgspec
import pytest
import trio
from trio.testing import memory_stream_pair
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    wrap_client_stream,
    wrap_server_stream,
)

from trio_sfu.config.model import Signaling
from trio_sfu.events import Journal, SessionEnded
from trio_sfu.signaling.messages import MAX_MESSAGE_BYTES, SUBPROTOCOL, Error, ServerMessage
from trio_sfu.signaling.session import Session


async def listen_to_the_end(session: Session) -> None:
    """Be a peer that reads everything and answers nothing."""
    try:
        while True:
            await session.receive()
    except trio.EndOfChannel:
        session.end()


@dataclass
class Call:
    session: Session
    client: WebSocketConnection
    stream: trio.abc.Stream
    journal: Journal
    finished: trio.Event
    to_client: "Congestible"
    to_server: "Congestible"

    async def say(self, text: str | bytes) -> None:
        await self.client.send_message(text)

    async def hear(self) -> ServerMessage:
        message: ServerMessage = msgspec.json.decode(
            await self.client.get_message(), type=ServerMessage
        )
        return message

    async def refused(self) -> tuple[str, int]:
        """Return the code of the fatal error and that of the close frame after it."""
        error = await self.hear()
        assert isinstance(error, Error)
        assert error.fatal
        return error.code, await self.closed()

    async def closed(self) -> int:
        with pytest.raises(ConnectionClosed) as closed:
            await self.client.get_message()
        assert closed.value.reason is not None
        return closed.value.reason.code

    @property
    def counted(self) -> dict[str, int]:
        return dict(self.journal.by_label(SessionEnded))


class Congestible(trio.abc.Stream):
    """A stream that can stop taking bytes, as when the other end reads no more."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self.congested = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self.congested:
            await trio.sleep_forever()
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._stream.aclose()


@asynccontextmanager
async def calling(
    serve: Callable[[Session], Awaitable[None]] = listen_to_the_end,
    settings: Signaling | None = None,
) -> AsyncIterator[Call]:
    """Bring a client to a session that ``serve`` serves."""
    near, far = (Congestible(stream) for stream in memory_stream_pair())
    journal, finished = Journal(), trio.Event()
    sessions: list[Session] = []

    async def server() -> None:
        async with trio.open_nursery() as nursery:
            request = await wrap_server_stream(nursery, near, 16, 2 * MAX_MESSAGE_BYTES)
            socket = await request.accept(subprotocol=SUBPROTOCOL)
            session = Session(socket, settings or Signaling(), journal)
            sessions.append(session)
            await session.run(serve)
            nursery.cancel_scope.cancel()
        finished.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(server)
        client = await wrap_client_stream(
            nursery,
            cast("trio.SocketStream", far),
            "sfu",
            "/signal",
            subprotocols=[SUBPROTOCOL],
            message_queue_size=2_000,
        )
        await trio.testing.wait_all_tasks_blocked()
        yield Call(sessions[0], client, far, journal, finished, near, far)
        nursery.cancel_scope.cancel()
