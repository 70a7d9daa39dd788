"""The client's end of the signaling socket: messages out, messages in."""

import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import LocalProtocolError

from trio_sfu.client.errors import ClientError
from trio_sfu.signaling.messages import MAX_MESSAGE_BYTES, SUBPROTOCOL, ClientMessage, ServerMessage

_MAX_ANSWER: Final = 2 * MAX_MESSAGE_BYTES
_OPENING: Final = 10.0
_CLOSING: Final = 1.0
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()

Stream: TypeAlias = trio.SocketStream | trio.SSLStream[trio.SocketStream]


@dataclass(frozen=True, slots=True)
class Server:
    """Where the daemon is: taken from the URL of its page or of its socket."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Return the server of an http, https, ws or wss URL. Raises ValueError."""
        parts: SplitResult = urlsplit(url)
        if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a trio-sfu daemon")
        tls = parts.scheme in ("https", "wss")
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls)

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class SignalingSocket:
    """An open signaling socket. Made by ``open_socket``."""

    def __init__(self, websocket: WebSocketConnection, tcp: trio.SocketStream) -> None:
        self._websocket = websocket
        self._tcp = tcp

    async def send(self, message: ClientMessage) -> None:
        """Send a message; does nothing on a socket that has ended."""
        try:
            await self._websocket.send_message(_encoder.encode(message).decode())
        except ConnectionClosed:
            return

    async def receive(self) -> ServerMessage:
        """Return the next message. Raises trio.EndOfChannel after the last one.

        Messages of types this client does not know are passed over.
        """
        while True:
            try:
                frame = await self._websocket.get_message()
            except ConnectionClosed:
                raise trio.EndOfChannel from None
            try:
                message: ServerMessage = _decoder.decode(frame)
            except msgspec.ValidationError:
                continue
            return message

    async def close(self) -> None:
        """Close with a close frame."""
        await self._websocket.aclose(1000)

    async def abort(self) -> None:
        """Reset the TCP connection without a close frame, as a killed program does."""
        linger = struct.pack("ii", 1, 0)
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        await trio.aclose_forcefully(self._tcp)


@asynccontextmanager
async def open_socket(
    server: Server, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SignalingSocket]:
    """Open the signaling socket of a daemon.

    Raises OSError when nobody answers, ClientError (not-a-daemon) when it is no
    signaling socket that does.
    """
    tcp = await trio.open_tcp_stream(server.host, server.port)
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream: Stream = tcp
    closing = False
    if server.tls:
        context = tls or ssl.create_default_context()
        stream = trio.SSLStream(tcp, context, server_hostname=server.host)
    try:
        async with stream, trio.open_nursery() as nursery:
            websocket = await _shake_hands(nursery, stream, server)
            opened = SignalingSocket(websocket, tcp)
            try:
                yield opened
            finally:
                closing = True
                with trio.move_on_after(_CLOSING, shield=True):
                    await opened.close()
                nursery.cancel_scope.cancel()
    except* HandshakeError as group:
        # Raised by the library's reader, in the nursery.
        raise ClientError("not-a-daemon", f"no signaling socket there: {group}") from group
    except* LocalProtocolError:
        # The library answers even a ping that comes after our close frame, and cannot.
        if not closing:
            raise


async def _shake_hands(
    nursery: trio.Nursery, stream: Stream, server: Server
) -> WebSocketConnection:
    watched = _Watched(stream)
    opened: WebSocketConnection | None = None
    with trio.move_on_after(_OPENING) as scope:
        async with trio.open_nursery() as shaking:
            # The library waits for ever on a stream that ends before the handshake does.
            shaking.start_soon(_cancel_at_end, watched, shaking.cancel_scope)
            try:
                opened = await wrap_client_stream(
                    nursery,
                    watched,  # type: ignore[arg-type]  # any stream would do
                    server.authority,
                    "/signal",
                    subprotocols=[SUBPROTOCOL],
                    max_message_size=_MAX_ANSWER,
                )
            except (ConnectionClosed, trio.BrokenResourceError) as error:
                raise ClientError("not-a-daemon", f"no signaling socket there: {error}") from error
            shaking.cancel_scope.cancel()
    if opened is not None:
        return opened
    why = f"within {_OPENING:g} s" if scope.cancelled_caught else "there: the connection ended"
    raise ClientError("not-a-daemon", f"no signaling socket {why}")


async def _cancel_at_end(watched: "_Watched", scope: trio.CancelScope) -> None:
    await watched.over.wait()
    scope.cancel()


class _Watched(trio.abc.Stream):
    """A stream that says when nothing more comes in."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.over = trio.Event()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._stream.receive_some(max_bytes)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.over.set()
            raise
        if not data:
            self.over.set()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        self.over.set()
        await self._stream.aclose()
