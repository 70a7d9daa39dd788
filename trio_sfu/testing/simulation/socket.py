"""One WebSocket of a simulated client, as client/src/lib/signaling.ts has it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Pong,
    Request,
    TextMessage,
)
from wsproto.events import Ping as Probe
from wsproto.utilities import LocalProtocolError

from trio_sfu.signaling.messages import SUBPROTOCOL, ClientMessage, Ping, ServerMessage
from trio_sfu.testing.simulation.wire import WireEnd

_OPENING: Final = 8.0
_HEARTBEAT: Final = 4.0
_PATIENCE: Final = 12.0
_OUTBOX: Final = 64  # more waiting messages end the socket, as a browser's would not
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()
_NETWORK = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    LocalProtocolError,  # what is said after the server's close frame
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
        self._say, self._queue = trio.open_memory_channel[ClientMessage | Pong](_OUTBOX)
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._scope = trio.CancelScope()

    def say(self, message: ClientMessage | Pong) -> None:
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
                await self._converse(first, hear)
            except* _NETWORK:
                pass
        self._say.close()
        self._stream.reset()

    async def _converse(self, first: ClientMessage, hear: Callable[[ServerMessage], None]) -> None:
        request = Request(host="sfu", target="/signal", subprotocols=[SUBPROTOCOL])
        await self._stream.send_all(self._socket.send(request))
        with trio.move_on_after(_OPENING):
            self.opened = isinstance(await self._next(), AcceptConnection)
        if not self.opened:
            return
        self._heard = self._said = trio.current_time()
        self.say(first)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write, name=f"{self._name} writer")
            closing = await self._read(hear)
            nursery.cancel_scope.cancel()
        if closing is not None and self._socket.state is ConnectionState.REMOTE_CLOSING:
            await self._stream.send_all(self._socket.send(closing.response()))
        await self._stream.aclose()

    async def _next(self) -> Event | None:
        """Return the first event of what comes, once there is one; None at the end."""
        while data := await self._stream.receive_some():
            self._socket.receive_data(data)
            for event in self._socket.events():
                return event
        return None

    async def _read(self, hear: Callable[[ServerMessage], None]) -> CloseConnection | None:
        """Hear what is said; return how the server closes, if it says so."""
        said = ""
        while True:
            for event in self._socket.events():
                match event:
                    case TextMessage(data=text):
                        said += text
                        if event.message_finished:
                            self._heard = trio.current_time()
                            hear(_decoder.decode(said))
                            said = ""
                    case Probe():
                        self.say(event.response())
                    case CloseConnection():
                        return event
                    case _:
                        pass
            data = await self._stream.receive_some()
            if not data:
                return None
            self._socket.receive_data(data)

    async def _write(self) -> None:
        """Send what is queued; a close frame after the last."""
        with suppress(*_NETWORK):
            async for each in self._queue:
                if isinstance(each, Pong):
                    event: Event = each
                else:
                    event = TextMessage(data=_encoder.encode(each).decode())
                await self._stream.send_all(self._socket.send(event))
            await self._stream.send_all(self._socket.send(CloseConnection(code=1000)))

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
