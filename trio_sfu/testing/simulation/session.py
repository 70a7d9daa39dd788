"""One session of a simulated client: a WebSocket, a transport, and what it knows."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, cast

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
    Answer,
    ClientMessage,
    Error,
    Join,
    Joined,
    Leave,
    Offer,
    Ping,
    Pong,
    Publish,
    ServerMessage,
    Slots,
    SlotShows,
    SlotState,
    Source,
)
from trio_sfu.testing.simulation.description import (
    read_answer,
    sending_lines,
    slot_lines,
    write_offer,
)
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.packets import Received
from trio_sfu.testing.simulation.transport import PERIOD, ClientTransport
from trio_sfu.testing.simulation.wire import WireEnd

PAIRS: Final = 4
_OPENING: Final = 10.0
_HEARTBEAT: Final = 5.0
_PATIENCE: Final = 12.0
_OUTBOX: Final = 64  # more waiting messages end the session, as a browser's would not
_decoder = msgspec.json.Decoder(ServerMessage)
_encoder = msgspec.json.Encoder()
_NETWORK = (
    ConnectionClosed,
    HandshakeError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    LocalProtocolError,  # trio-websocket #184: a ping that comes after the own close frame
)

Ending = Literal["left", "closed", "killed", "vanished", "dropped", "failed"]
"""How a session ended, as its client knows it."""

OnMedia = Callable[["ClientSession", str, Received], None]


@dataclass(eq=False)
class ClientSession:
    """From dialling to the end. ``run`` is its whole life."""

    label: str
    room: str
    replaces: str | None
    network: Network
    host: Host
    random: Random
    stream: WireEnd
    on_media: OnMedia
    published: dict[Source, bool] = field(default_factory=dict)
    """What it publishes: source, and whether it is muted."""
    slots: dict[str, SlotState] = field(default_factory=dict)
    shows: dict[str, SlotShows] = field(default_factory=dict)
    last_media: dict[tuple[str, Source], float] = field(default_factory=dict)
    """When something of a sender's source came last."""
    joined: Joined | None = None
    error: str | None = None
    rejoin: bool = True
    ending: Ending = "failed"
    over: bool = False

    def __post_init__(self) -> None:
        self.began = trio.current_time()
        self.transport = ClientTransport(self.network, self.host, self.random, self._media)
        self._heard = self.began
        self._say, self._said = trio.open_memory_channel[ClientMessage](_OUTBOX)
        self._scope = trio.CancelScope()

    @property
    def healthy(self) -> bool:
        """Whether it is in the room and its media connection stands."""
        return self.joined is not None and self.transport.secured and not self.over

    def say(self, message: ClientMessage) -> None:
        """Queue a message; does nothing once it is over."""
        if self.over:
            return
        try:
            self._say.send_nowait(message)
        except trio.WouldBlock:
            self.end("killed")

    def publish(self, source: Source, *, live: bool, muted: bool = False) -> None:
        """Publish a source, mute it or stop it."""
        if live:
            self.published[source] = muted
        else:
            self.published.pop(source, None)
        self.say(Publish(source=source, live=live, muted=muted))

    def end(self, ending: Ending) -> None:
        """End it in some way; only the first call counts."""
        if self.over:
            return
        self.over = True
        self.ending = ending
        self.transport.close(goodbye=ending in ("left", "closed"))
        match ending:
            case "left":
                with suppress(trio.WouldBlock):
                    self._say.send_nowait(Leave())
            case "killed" | "dropped" | "failed":
                self.stream.reset()
            case "vanished":
                self.stream.vanish()
            case "closed":
                self._say.close()
        if ending not in ("left", "closed"):
            self._scope.cancel()

    async def run(self) -> None:
        """Join, negotiate, and live until something ends the session."""
        with self._scope:
            try:
                async with trio.open_nursery() as nursery:
                    await self._live(nursery)
                    nursery.cancel_scope.cancel()
            except* _NETWORK:
                pass
        self.end("failed")
        self.stream.reset()

    async def _live(self, nursery: trio.Nursery) -> None:
        socket = None
        with trio.move_on_after(_OPENING):
            socket = await wrap_client_stream(
                nursery,
                cast("trio.SocketStream", self.stream),
                "sfu",
                "/signal",
                subprotocols=[SUBPROTOCOL],
                message_queue_size=600,
                max_message_size=2 * MAX_MESSAGE_BYTES,
            )
        if socket is None:
            return
        nursery.start_soon(self._write, socket, name=f"{self.label} writer")
        nursery.start_soon(self._tick, nursery.cancel_scope, name=f"{self.label} ticks")
        self.say(Join(room=self.room, name=self.label, replaces=self.replaces))
        while True:
            message = _decoder.decode(await socket.get_message())
            self._heard = trio.current_time()
            self._hear(message)

    async def _write(self, socket: WebSocketConnection) -> None:
        with suppress(*_NETWORK):
            async for message in self._said:
                await socket.send_message(_encoder.encode(message).decode())
            await socket.aclose(1000)

    def _hear(self, message: ServerMessage) -> None:
        match message:
            case Joined():
                self.joined = message
                sdp = write_offer(self.transport.credentials, PAIRS)
                slots = slot_lines(PAIRS)
                self.say(Offer(id=1, sdp=sdp, sending=sending_lines(), slots=slots))
            case Answer():
                answered = read_answer(message.sdp)
                self.transport.connect(answered, self.random, self.label, self.room)
                for source, muted in self.published.items():
                    self.say(Publish(source=source, live=True, muted=muted))
            case Slots():
                self.slots = {slot.mid: slot for slot in message.slots}
            case SlotShows():
                self.shows[message.mid] = message
            case Error() if message.fatal:
                self.error, self.rejoin = message.code, message.rejoin
            case Pong():
                pass
            case _:
                pass

    async def _tick(self, scope: trio.CancelScope) -> None:
        said = self.began
        while True:
            await trio.sleep(PERIOD)
            now = trio.current_time()
            if not self.over:
                self.transport.tick(set(self.published))
            if now - said >= _HEARTBEAT:
                said = now
                self.say(Ping(id=1))
            if now - self._heard > _PATIENCE or self.transport.failed:
                scope.cancel()

    def _media(self, mid: str, received: Received) -> None:
        self.last_media[received.tag.sender, received.tag.source] = trio.current_time()
        self.on_media(self, mid, received)
