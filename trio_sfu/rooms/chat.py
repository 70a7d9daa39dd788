"""What was said in a room in writing, as long as the room lives. Pure: reads no clock.

Kept are the newest ``MOST_MESSAGES`` messages and of these no more than ``MOST_BYTES`` bytes of
names and texts: when another one does not fit, the oldest go, and who comes later is told how
many. Nothing of it is ever written anywhere else.
"""

from collections import deque
from typing import Final

from trio_sfu.errors import RequestError
from trio_sfu.overload.bucket import TokenBucket
from trio_sfu.signaling.carried import ChatMessage

MOST_MESSAGES: Final = 200
MOST_BYTES: Final = 64 * 1024
PEER_RATE: Final = 1.0
PEER_BURST: Final = 5.0
"""Messages of one peer: a second, and at once."""
ROOM_RATE: Final = 20.0
ROOM_BURST: Final = 40.0
"""Of all together: no more than a session's outbox takes beside everything else."""


class Chat:
    """The messages of one room, oldest first."""

    def __init__(self) -> None:
        self.dropped = 0
        """How many messages before those kept there were."""
        self._kept: deque[ChatMessage] = deque(maxlen=MOST_MESSAGES)
        self._bytes = 0
        self._all = TokenBucket(ROOM_RATE, ROOM_BURST)

    @property
    def messages(self) -> list[ChatMessage]:
        """Those that are kept, oldest first."""
        return list(self._kept)

    @property
    def written(self) -> int:
        """How many messages there have been."""
        return self.dropped + len(self._kept)

    @property
    def size(self) -> int:
        """Bytes of the names and texts that are kept."""
        return self._bytes

    def say(
        self, peer: str, name: str, text: str, *, wall: float, now: float, bucket: TokenBucket
    ) -> ChatMessage:
        """Add what a peer says. ``wall`` is Unix time; ``bucket`` is the peer's own.

        Raises RequestError: chat-empty, chat-too-fast.
        """
        text = text.strip()
        if not text:
            raise RequestError("there is nothing in the message", code="chat-empty")
        if not (bucket.take(now) and self._all.take(now)):
            raise RequestError("too many messages at once", code="chat-too-fast")
        said = ChatMessage(
            number=self.written + 1,
            peer=peer,
            name=name,
            time=round(wall, 3),
            text=text,
        )
        if len(self._kept) == MOST_MESSAGES:
            self._drop()
        self._kept.append(said)
        self._bytes += _size(said)
        while self._bytes > MOST_BYTES:
            self._drop()
        return said

    def _drop(self) -> None:
        self._bytes -= _size(self._kept.popleft())
        self.dropped += 1


def chat_bucket() -> TokenBucket:
    """Return what holds one peer to its rate."""
    return TokenBucket(PEER_RATE, PEER_BURST)


def _size(said: ChatMessage) -> int:
    return len(said.text.encode()) + len(said.name.encode())
