"""A signaling session without a socket: messages pass by memory (``rooms.link.Link``)."""

from contextlib import suppress
from typing import Final

import trio

from trio_sfu.errors import SfuError
from trio_sfu.ids import SessionId
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.messages import ClientMessage, Error, ServerMessage

_INBOUND: Final = 8
_OUTBOX: Final = 64


class LinkEndedError(SfuError):
    """The room has ended the session; ``code`` is what its client would be told."""

    default_code = "closed"


class MemoryLink:
    """Both ends of a session. What does not fit into a queue ends it."""

    def __init__(self, name: str) -> None:
        self.id = SessionId(name)
        self.departure: Departure | None = None
        self.follows = True
        self._code = "closed"
        self._inbound_in, self._inbound = trio.open_memory_channel[ClientMessage](_INBOUND)
        self._outbox_in, self._outbox = trio.open_memory_channel[ServerMessage](_OUTBOX)

    # ---- the room's end ----------------------------------------------------------------

    async def receive(self) -> ClientMessage:
        """Return the client's next message; raises trio.EndOfChannel after the last one."""
        return await self._inbound.receive()

    def send(self, message: ServerMessage) -> None:
        """Queue a message; does nothing after the end."""
        try:
            self._outbox_in.send_nowait(message)
        except trio.WouldBlock:
            self.end("slow-consumer")
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass

    def end(
        self, code: str | None = None, message: str | None = None, *, failure: str | None = None
    ) -> None:
        """End the session with ``code``; only the first call counts."""
        del message, failure  # Nobody reads them.
        if self.departure is None:
            self.departure = Departure.ENDED
            self._code = code or self._code
            self._inbound_in.close()
            self._outbox_in.close()

    # ---- the client's end --------------------------------------------------------------

    def say(self, message: ClientMessage) -> None:
        """Send the room a message; there are never more than fit."""
        with suppress(trio.ClosedResourceError, trio.BrokenResourceError):
            self._inbound_in.send_nowait(message)

    async def hear(self) -> ServerMessage:
        """Return the room's next message.

        Raises LinkEndedError after the last one, and for an error, with its code.
        """
        try:
            message = await self._outbox.receive()
        except trio.EndOfChannel:
            raise LinkEndedError(f"the room ended it: {self._code}", code=self._code) from None
        if isinstance(message, Error):
            raise LinkEndedError(message.message, code=message.code)
        return message

    def leave(self) -> None:
        """End the session as a client does that says goodbye."""
        if self.departure is None:
            self.departure = Departure.LEFT
            self._inbound_in.close()
