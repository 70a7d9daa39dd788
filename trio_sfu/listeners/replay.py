"""A stream whose first bytes were read already, handed on as if they had not been."""

from collections.abc import Callable

import trio

_SEND_LIMIT_S = 30.0


class ReplayStream(trio.abc.Stream):
    """Gives ``head`` first, then what ``stream`` gives.

    A client that takes no byte of an answer for 30 s is cut off: the HTTP server
    shields its writes, so that nothing else could end them. ``over`` is set when the
    stream has ended, whoever ended it.
    """

    def __init__(
        self, head: bytes, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]
    ) -> None:
        self._head = head
        self._stream = stream
        self.over = trio.Event()
        self._turn = trio.StrictFIFOLock()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return some bytes, none at the end."""
        if not self._head:
            return await self._receive(max_bytes)
        await trio.lowlevel.checkpoint()
        size = len(self._head) if max_bytes is None else max_bytes
        data, self._head = self._head[:size], self._head[size:]
        return data

    async def _receive(self, max_bytes: int | None) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.over.set()
            raise
        if not data:
            self.over.set()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``; raises trio.BrokenResourceError when the client does not take it."""
        await self.send_in_turn(data, lambda: True)

    async def send_in_turn(
        self, data: bytes | bytearray | memoryview, still: Callable[[], bool]
    ) -> bool:
        """Send ``data`` when nobody else does, if ``still`` then; return whether it was sent.

        Raises trio.BrokenResourceError when the client does not take it.
        """
        async with self._turn:
            if not still():
                return False
            await self._send(data)
            return True

    async def _send(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        while view:
            # In pieces, so that a long answer may take its time as long as it moves.
            piece, view = view[:65_536], view[65_536:]
            with trio.move_on_after(_SEND_LIMIT_S) as scope:
                await self._stream.send_all(piece)
            if scope.cancelled_caught:
                self.over.set()
                await trio.aclose_forcefully(self._stream)
                raise trio.BrokenResourceError("the client does not read")

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the underlying stream may take more."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the underlying stream."""
        self.over.set()
        await self._stream.aclose()


class PlainReplayStream(ReplayStream):
    """Over TCP; the HTTP server asks it for its ``socket``."""

    def __init__(self, head: bytes, stream: trio.SocketStream) -> None:
        super().__init__(head, stream)
        self.socket = stream.socket


class TlsReplayStream(ReplayStream):
    """Over TLS; the HTTP server asks it for what it asks a ``trio.SSLStream``."""

    def __init__(self, head: bytes, stream: trio.SSLStream[trio.SocketStream]) -> None:
        super().__init__(head, stream)
        self.transport_stream = stream.transport_stream
        self._tls = stream

    async def do_handshake(self) -> None:
        """Do nothing: the handshake is done, or there would be no head."""
        await trio.lowlevel.checkpoint()

    def selected_alpn_protocol(self) -> str:
        """Return the one protocol the port offers."""
        return "http/1.1"


def replay(
    head: bytes, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]
) -> PlainReplayStream | TlsReplayStream:
    """Return ``stream`` as if ``head`` had not been read from it."""
    if isinstance(stream, trio.SSLStream):
        return TlsReplayStream(head, stream)
    return PlainReplayStream(head, stream)
