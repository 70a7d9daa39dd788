"""One client's signaling session: a WebSocket, two bounded queues and three tasks.

The session never waits for its peer and its peer never waits for it. Every client
message goes into ``inbound``; when that is full the client talks faster than it can
be answered, and the session ends (``rate-limited``). Every server message goes into
the outbox; when that is full, or a frame cannot be written for ``ping_timeout``, the
client does not read, and the session ends (``slow-consumer``).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio
from trio_websocket import CloseReason, ConnectionClosed, WebSocketConnection

from trio_sfu.config.model import Signaling
from trio_sfu.errors import ProtocolError, StrayCancelError, is_network
from trio_sfu.events import ConnectionCrashed, Failure, Journal, SessionEnded
from trio_sfu.ids import new_session_id
from trio_sfu.overload.bucket import TokenBucket
from trio_sfu.rooms.link import Departure
from trio_sfu.rooms.tracing import start_traced
from trio_sfu.signaling import codes
from trio_sfu.signaling.codec import decode, encode
from trio_sfu.signaling.frames import Frames, Wire
from trio_sfu.signaling.messages import ClientMessage, ServerMessage

_INBOUND = 64
_OUTBOX = 512
_TOGETHER = 65_536
"""Bytes of messages that wait and go out in one write; with the last of them it may be more."""
_FLUSH_S = 2.0
_CLOSE_S = 1.0
_frames = Frames()


class Session:
    """A client's signaling session, as its peer sees it (``rooms.link.Link``)."""

    def __init__(
        self,
        socket: WebSocketConnection,
        settings: Signaling,
        journal: Journal,
        wire: Wire | None = None,
    ) -> None:
        """``wire`` is what is below ``socket``; with it, messages that wait go out together."""
        self.id = new_session_id()
        self.departure: Departure | None = None
        self.follows = True
        self._socket = socket
        self._wire = wire
        self._settings = settings
        self._journal = journal
        self._bucket = TokenBucket(settings.messages_per_second, settings.burst)
        self._inbound_in, self._inbound = trio.open_memory_channel[ClientMessage](_INBOUND)
        self._outbox_in, self._outbox = trio.open_memory_channel[ServerMessage](_OUTBOX)
        self._close_code = codes.NORMAL
        self._close_reason = ""
        self._writing = False
        self._told = False
        self._close_limit = _CLOSE_S
        self._finished = trio.Event()

    async def receive(self) -> ClientMessage:
        """Return the client's next message; raises trio.EndOfChannel after the last one."""
        return await self._inbound.receive()

    def send(self, message: ServerMessage) -> None:
        """Queue a message. After the end it is dropped; see the module for a full queue."""
        try:
            self._outbox_in.send_nowait(message)
        except trio.WouldBlock:
            self.end("slow-consumer")
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass

    def end(
        self,
        code: str | None = None,
        message: str | None = None,
        *,
        failure: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Close the session, telling the client ``code``; None is a plain goodbye.

        ``retry_after`` (seconds) is said in place of what the code says by itself. What is
        queued is still sent, for a short time. Only the first call counts.
        """
        if self.departure is not None:
            return
        lost = code == "heartbeat-timeout"
        self._depart(Departure.LOST if lost else Departure.ENDED)
        if code is not None:
            self._told = True
            self._close_code = codes.outcome(code).close or codes.POLICY_VIOLATION
            self._close_reason = code
            self._journal.note(SessionEnded(self.id, code))
            with suppress(trio.WouldBlock):
                self._outbox_in.send_nowait(
                    codes.fatal(code, message, failure=failure, retry_after=retry_after)
                )
        self._outbox_in.close()

    async def run(self, serve: Callable[["Session"], Awaitable[None]]) -> None:
        """Carry the session to its end; ``serve`` brings it to a room or ends it.

        A crash group: an error, of ``serve`` too, ends the session, is noted, and goes no
        further, unless the network is the reason. The socket is closed by who opened it.
        """
        try:
            await self._carry(serve)
        except* Exception as error:
            if is_network(error):
                raise
            await self._failed(error)

    async def _carry(self, serve: Callable[["Session"], Awaitable[None]]) -> None:
        served = False
        async with trio.open_nursery() as nursery:
            try:
                start_traced(nursery, self._read, f"{self.id}/reader")
                start_traced(nursery, self._write, f"{self.id}/writer")
                start_traced(nursery, self._beat, f"{self.id}/heartbeat")
                await serve(self)
                await self._finished.wait()
                served = True
            finally:
                self._depart(Departure.LOST)
                nursery.cancel_scope.cancel()
        if not served:
            raise StrayCancelError

    async def _failed(self, error: BaseException) -> None:
        failure = Failure.of(error, code="connection-failed", path=self.id)
        self._journal.note(ConnectionCrashed(failure))
        if self._told:
            return
        self._journal.note(SessionEnded(self.id, failure.code))
        with trio.move_on_after(_CLOSE_S, shield=True), suppress(ConnectionClosed):
            # Half a frame may be out; there is room for a goodbye only if none is.
            if not self._writing:
                goodbye = codes.fatal(failure.code, failure=failure.id)
                await self._socket.send_message(encode(goodbye))
            await self._socket.aclose(codes.INTERNAL_ERROR, failure.code)

    def _depart(self, departure: Departure) -> None:
        if self.departure is None:
            self.departure = departure
        self._inbound_in.close()

    async def _read(self) -> None:
        # Never stops draining: with unread messages the library answers no pings.
        try:
            while True:
                frame = await self._socket.get_message()
                if self.departure is None:
                    self._accept(frame)
        except ConnectionClosed as closed:
            self._socket_closed(closed)
            self._outbox_in.close()
            self._finished.set()

    def _accept(self, frame: str | bytes) -> None:
        if not self._bucket.take(trio.current_time()):
            self.end("rate-limited")
            return
        try:
            self._inbound_in.send_nowait(decode(frame, self._settings.max_message_bytes))
        except ProtocolError as error:
            self.end(error.code, str(error))
        except trio.WouldBlock:
            self.end("rate-limited")
        except trio.BrokenResourceError:
            # The peer is gone already; its end closes the session.
            pass

    def _socket_closed(self, closed: ConnectionClosed) -> None:
        if self.departure is not None:
            return
        code = closed.reason.code if closed.reason is not None else codes.PROTOCOL_ERROR
        if code == codes.ABNORMAL_CLOSURE:
            self._depart(Departure.LOST)
        elif code in (codes.MESSAGE_TOO_BIG, codes.PROTOCOL_ERROR):
            # The library has closed the socket with that code already.
            self.end("message-too-large" if code == codes.MESSAGE_TOO_BIG else "protocol-error")
        else:
            self._depart(Departure.LEFT)

    async def _write(self) -> None:
        try:
            async for message in self._outbox:
                if not await self._written(message):
                    # Half a frame may be out, so there is no room for a goodbye.
                    self._close_limit = 0
                    break
        except ConnectionClosed as closed:
            # The reader, which would be told as well, may not have had its turn yet.
            self._socket_closed(closed)
        with trio.move_on_after(self._close_limit):
            await self._socket.aclose(self._close_code, self._close_reason)
        self._finished.set()

    async def _written(self, message: ServerMessage) -> bool:
        limit = self._settings.ping_timeout if self.departure is None else _FLUSH_S
        with trio.move_on_after(limit) as scope:
            self._writing = True
            await self._send(message)
            self._writing = False
        if scope.cancelled_caught:
            self.end("slow-consumer")
        return not scope.cancelled_caught

    async def _send(self, first: ServerMessage) -> None:
        if self._wire is None:
            await self._socket.send_message(encode(first))
            return
        data = _frames.of(first)
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while len(data) < _TOGETHER:
                data += _frames.of(self._outbox.receive_nowait())
        try:
            sent = await self._wire.send_in_turn(data, lambda: self._socket.closed is None)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            sent = False
        if not sent:
            raise ConnectionClosed(self._socket.closed or CloseReason(codes.ABNORMAL_CLOSURE, None))

    async def _beat(self) -> None:
        with suppress(ConnectionClosed):
            while self.departure is None:
                await trio.sleep(self._settings.ping_interval)
                with trio.move_on_after(self._settings.ping_timeout) as scope:
                    await self._socket.ping()
                if scope.cancelled_caught:
                    self.end("slow-consumer" if self._writing else "heartbeat-timeout")
