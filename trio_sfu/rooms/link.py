"""What a peer needs of its signaling session; ``signaling.session`` provides it."""

from enum import Enum
from typing import Protocol

from trio_sfu.ids import SessionId
from trio_sfu.signaling.messages import ClientMessage, ServerMessage


class Departure(Enum):
    """How a session ended."""

    LEFT = "the client closed the socket with a close frame"
    LOST = "the socket ended without a goodbye"
    ENDED = "the server ended the session"


class Link(Protocol):
    """A signaling session. No call of it waits for the client."""

    @property
    def id(self) -> SessionId:
        """The session's id, for log lines."""
        ...

    @property
    def departure(self) -> Departure | None:
        """How it ended; None while it has not."""
        ...

    @property
    def follows(self) -> bool:
        """Whether its client does what it is told: one that speaks HTTP hears nothing."""
        ...

    async def receive(self) -> ClientMessage:
        """Return the client's next message; raises trio.EndOfChannel after the last one."""
        ...

    def send(self, message: ServerMessage) -> None:
        """Queue a message; does nothing after the end."""
        ...

    def end(
        self, code: str | None = None, message: str | None = None, *, failure: str | None = None
    ) -> None:
        """End the session, telling the client ``code``; only the first call counts.

        ``failure`` is the id of the failure that is the reason, if one is.
        """
        ...
