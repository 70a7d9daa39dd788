"""The link of a peer whose client speaks HTTP (``rooms.link.Link``).

Nothing waits for a client here: what a room says is either the reply to something that is
being asked right now, or not for such a client, and dropped. There is no socket that could be
lost, so whether the client is still there is the media's alone to say.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import trio

from trio_sfu.errors import RequestError, SfuError
from trio_sfu.ids import new_session_id
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.carried import SendingLine, SlotLine
from trio_sfu.signaling.messages import Answer, ClientMessage, Error, Joined, Offer, ServerMessage

_INBOUND: Final = 16
"""Messages that may wait for the peer. A session says less than that between two answers; what
does not fit all the same ends it, as it ends a signaling session."""

Found = TypeVar("Found")


class LinkEndedError(SfuError):
    """The room has ended the session; ``code`` says why, ``failure`` is the record of it."""

    default_code = "closed"

    def __init__(
        self, message: str, *, code: str | None = None, failure: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.failure = failure


class HttpLink:
    """Both ends of a session: the room's, and that of the requests that come for it."""

    def __init__(self) -> None:
        self.id = new_session_id()
        self.departure: Departure | None = None
        self.follows = False
        self.ended = trio.Event()
        """Set when the session is over, whoever has ended it."""
        self._code: str | None = None
        self._failure: str | None = None
        self._inbound_in, self._inbound = trio.open_memory_channel[ClientMessage](_INBOUND)
        self._joined: Joined | None = None
        self._replies: dict[int, Answer | Error | None] = {}
        self._asked = 0
        self._news = trio.Event()

    # ---- the room's end ----------------------------------------------------------------

    async def receive(self) -> ClientMessage:
        """Return the client's next message; raises trio.EndOfChannel after the last one."""
        return await self._inbound.receive()

    def send(self, message: ServerMessage) -> None:
        """Take what the room says; does nothing after the end."""
        match message:
            case Joined():
                self._joined = message
            case Answer(id=asked) if asked in self._replies:
                self._replies[asked] = message
            case Error(id=int(asked)) if asked in self._replies:
                self._replies[asked] = message
            case _:
                return
        self._tell()

    def end(
        self, code: str | None = None, message: str | None = None, *, failure: str | None = None
    ) -> None:
        """End the session with ``code``; only the first call counts."""
        del message  # A code is told in its own words.
        if self.departure is None:
            self.departure = Departure.ENDED
            self._code, self._failure = code, failure
        self._close()

    # ---- the client's end --------------------------------------------------------------

    def say(self, message: ClientMessage) -> None:
        """Send the room a message."""
        try:
            self._inbound_in.send_nowait(message)
        except trio.WouldBlock:
            self.end("rate-limited")
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            pass

    async def joined(self) -> Joined:
        """Return what the room says to whom it lets in. Raises LinkEndedError."""
        return await self._until(lambda: self._joined)

    async def ask(self, sdp: str, sending: Sequence[SendingLine], slots: Sequence[SlotLine]) -> str:
        """Return the answer to an offer.

        Raises RequestError when it is refused, LinkEndedError.
        """
        self._asked += 1
        number = self._asked
        self._replies[number] = None

        try:
            self.say(Offer(id=number, sdp=sdp, sending=list(sending), slots=list(slots)))
            reply: Answer | Error = await self._until(lambda: self._replies[number])
        finally:
            del self._replies[number]
        if isinstance(reply, Error):
            raise RequestError(reply.message, code=reply.code)
        return reply.sdp

    def leave(self) -> None:
        """End the session as a client does that says goodbye."""
        if self.departure is None:
            self.departure = Departure.LEFT
        self._close()

    def _close(self) -> None:
        self._inbound_in.close()
        self.ended.set()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def _until(self, look: Callable[[], Found | None]) -> Found:
        while (found := look()) is None:
            if self.departure is not None:
                raise LinkEndedError(
                    "the session has ended", code=self._code, failure=self._failure
                )
            await self._news.wait()
        return found
