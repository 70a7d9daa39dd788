"""A signaling socket that costs its client next to nothing: it reads what it waits for, no more."""

import base64
import os
from typing import Final, TypeVar

import msgspec
import trio

from trio_sfu.signaling.messages import SUBPROTOCOL, ClientMessage, Error, ServerMessage

_READ: Final = 1 << 18
_MASK: Final = bytes(4)
"""RFC 6455, section 5.3, wants a random one, for browsers' sake."""
_TEXT: Final = 0x81
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()
Wanted = TypeVar("Wanted")


class RefusedError(Exception):
    """The daemon has refused something."""


class CheapSocket:
    """Speaks RFC 6455 as far as ``trio_sfu`` makes use of it. It answers no pings."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._data = bytearray()

    @classmethod
    async def open(cls, port: int) -> "CheapSocket":
        """Connect to a daemon on this machine. Raises OSError, RefusedError."""
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        socket = cls(stream)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /signal HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        )
        await stream.send_all(head.encode())
        while (end := socket._data.find(b"\r\n\r\n")) < 0:
            await socket._more()
        if b" 101 " not in socket._data[:end]:
            raise RefusedError(bytes(socket._data[:end]).decode())
        del socket._data[: end + 4]
        return socket

    async def send(self, message: ClientMessage) -> None:
        """Send a message."""
        data = _encoder.encode(message)
        size = len(data)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        if size >= 1 << 16:
            length = b"\xff" + size.to_bytes(8, "big")
        await self._stream.send_all(bytes([_TEXT]) + length + _MASK + data)

    async def receive(self, wanted: type[Wanted]) -> Wanted:
        """Return the next message of a type; what comes before it is dropped.

        Raises RefusedError.
        """
        while True:
            opcode, data = await self._frame()
            if opcode == _TEXT:
                message = _decoder.decode(data)
                if isinstance(message, wanted):
                    return message
                if isinstance(message, Error):
                    raise RefusedError(f"{message.code}: {message.message}")

    async def _frame(self) -> tuple[int, bytes]:
        begin = 2
        while True:
            if len(self._data) >= 10:
                size = self._data[1]
                if size == 126:
                    begin, size = 4, int.from_bytes(self._data[2:4], "big")
                elif size == 127:
                    begin, size = 10, int.from_bytes(self._data[2:10], "big")
                if len(self._data) >= begin + size:
                    break
            elif len(self._data) >= 2 and len(self._data) >= 2 + (size := self._data[1]):
                break
            await self._more()
        opcode, data = self._data[0], bytes(self._data[begin : begin + size])
        del self._data[: begin + size]
        return opcode, data

    async def _more(self) -> None:
        data = await self._stream.receive_some(_READ)
        if not data:
            raise RefusedError("the daemon has closed the socket")
        self._data += data

    async def drain(self) -> int:
        """Read and look at nothing, until the end; return how many bytes came."""
        size = 0
        while data := await self._stream.receive_some(_READ):
            size += len(data)
        return size

    async def aclose(self) -> None:
        """Close the connection without a word."""
        await self._stream.aclose()
