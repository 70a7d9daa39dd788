"""One WebSocket of a simulated client, as client/src/lib/signaling.ts has it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import LocalProtocolError

from trio_sfu.signaling.messages import (
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    ClientMessage,
    Ping,
    ServerMessage,
)
from trio_sfu.testing.simulation.wire import WireEnd

_OPENING: Final = 8.0
_HEARTBEAT: Final = 4.0
_PATIENCE: Final = 12.0
_OUTBOX: Final = 64  # more waiting messages end the socket, as a browser's would not
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()
_NETWORK = (
    ConnectionClosed,
    HandshakeError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    LocalProtocolError,  # trio-websocket #184: a ping that comes after the own close frame
)


class ClientSocket:
    """From dialling to the end; ``run`` is its whole life."""

    def __init__(self, stream: WireEnd, name: str) -> None:
        self.lost = False
        """Whether it ended without a close frame, by ``lose`` or ``vanish``."""
        self._stream = stream
        self._name = name
        self.opened = False
        self._heard = self._said = trio.current_time()
        self._say, self._queue = trio.open_memory_channel[ClientMessage](_OUTBOX)
        self._scope = trio.CancelScope()

    def say(self, message: ClientMessage) -> None:
        """Queue a message; does nothing once the socket is closed."""
        try:
            self._say.send_nowait(message)
        except trio.WouldBlock:
            self.lose()
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass

    def close(self) -> None:
        """Close with a close frame, after what is queued."""
        self._say.close()

    def lose(self) -> None:
        """End as a killed program's socket does."""
        self.lost = True
        self._stream.reset()
        self._scope.cancel()

    def vanish(self) -> None:
        """End without a word to the server."""
        self.lost = True
        self._stream.vanish()
        self._scope.cancel()

    async def run(self, first: ClientMessage, hear: Callable[[ServerMessage], None]) -> None:
        """Say ``first``, and hear until the socket is closed or lost, by whomever."""
        with self._scope:
            try:
                async with trio.open_nursery() as nursery:
                    await self._converse(nursery, first, hear)
                    nursery.cancel_scope.cancel()
            except* _NETWORK:
                pass
        self._say.close()
        self._stream.reset()

    async def _converse(
        self, nursery: trio.Nursery, first: ClientMessage, hear: Callable[[ServerMessage], None]
    ) -> None:
        # Refused: the library would wait for the opening handshake all the same.
        nursery.start_soon(self._stream.wait_broken, name=f"{self._name} reset")
        socket = None
        with trio.move_on_after(_OPENING):
            socket = await wrap_client_stream(
                nursery,
                cast("trio.SocketStream", self._stream),
                "sfu",
                "/signal",
                subprotocols=[SUBPROTOCOL],
                message_queue_size=600,
                max_message_size=2 * MAX_MESSAGE_BYTES,
            )
        if socket is None:
            return
        self.opened = True
        self._heard = self._said = trio.current_time()
        self.say(first)
        nursery.start_soon(self._write, socket, name=f"{self._name} writer")
        while True:
            message = _decoder.decode(await socket.get_message())
            self._heard = trio.current_time()
            hear(message)

    async def _write(self, socket: WebSocketConnection) -> None:
        with suppress(*_NETWORK):
            async for message in self._queue:
                await socket.send_message(_encoder.encode(message).decode())
            await socket.aclose(1000)

    def tick(self) -> None:
        """Send the heartbeat that is due; give up a socket that is silent."""
        if not self.opened:
            return
        now = trio.current_time()
        if now - self._said >= _HEARTBEAT:
            self._said = now
            self.say(Ping(id=1))
        if now - self._heard > _PATIENCE:
            self.lose()
