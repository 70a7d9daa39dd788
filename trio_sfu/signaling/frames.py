"""Messages as frames, so that several go out in one write, and what many get is framed once.

A server's frames are not masked (RFC 6455, section 5.1), and no extension is negotiated: the bytes
are the same for whoever gets the message.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from trio_sfu.signaling.codec import encode
from trio_sfu.signaling.messages import ServerMessage

KEPT: Final = 64
"""Frames that are kept, for those who get the same."""
_KEPT_BYTES: Final = 4_096
"""Longer frames are not kept: they are for one client."""


class Wire(Protocol):
    """The stream below a WebSocket."""

    async def send_in_turn(self, data: bytes, still: Callable[[], bool]) -> bool:
        """Send ``data`` when nobody else does, if ``still`` then; return whether it was sent.

        Raises trio.BrokenResourceError, trio.ClosedResourceError.
        """
        ...


class Frames:
    """Makes frames, and keeps those of the messages that came last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[ServerMessage, bytes]] = OrderedDict()
        self._writer = Connection(ConnectionType.SERVER)
        """Whole messages leave nothing behind in it."""

    def of(self, message: ServerMessage) -> bytes:
        """Return the frame of a message."""
        kept = self._kept.get(id(message))
        # While it is kept nothing else can have its id; a message is never changed.
        if kept is not None:
            return kept[1]
        frame = self._writer.send(TextMessage(encode(message)))
        if len(frame) <= _KEPT_BYTES:
            self._kept[id(message)] = message, frame
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return frame
