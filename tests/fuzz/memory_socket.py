"""A WebSocket without frames: what a session needs of trio-websocket, in memory."""

from collections import deque
from typing import NoReturn

import msgspec
import trio
from trio_websocket import CloseReason, ConnectionClosed

from trio_sfu.signaling.codes import ABNORMAL_CLOSURE, CODES
from trio_sfu.signaling.messages import Error, ServerMessage

_KEPT = 64
_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


class MemorySocket:
    """Both ends of a socket. ``say`` and ``close`` are the client's, the rest the server's."""

    def __init__(self) -> None:
        self.heard: deque[ServerMessage] = deque(maxlen=_KEPT)
        self.fatal: Error | None = None
        self.tokens: list[str] = []
        self._frames: deque[str | bytes] = deque()
        self._reason: CloseReason | None = None
        self._changed = trio.Event()

    @property
    def closed(self) -> bool:
        """Whether either side has closed."""
        return self._reason is not None

    def say(self, frame: str | bytes) -> None:
        """Send a frame to the server."""
        if not self.closed:
            self._frames.append(frame)
            self._changed.set()

    def close(self, code: int) -> None:
        """Close as the client does; 1006 is a socket that is lost."""
        if self._reason is None:
            self._reason = CloseReason(code, None)
            self._changed.set()

    def lose(self) -> None:
        """End without a close frame."""
        self.close(ABNORMAL_CLOSURE)

    async def get_message(self) -> str | bytes:
        await trio.lowlevel.checkpoint()
        while not self._frames:
            if self._reason is not None:
                self._raise()
            self._changed = trio.Event()
            await self._changed.wait()
        return self._frames.popleft()

    async def send_message(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.closed:
            self._raise()
        message = _decoder.decode(text)
        assert self.fatal is None, f"{message} after the fatal {self.fatal}"
        self.heard.append(message)
        if isinstance(message, Error):
            assert message.code in CODES, message
            assert message.fatal == (CODES[message.code].close is not None), message
            self.fatal = message if message.fatal else None
        token = getattr(message, "resume_token", None)
        if token is not None:
            self.tokens.append(token)

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.closed:
            self._raise()

    async def aclose(self, code: int = 1000, reason: str | None = None) -> None:
        await trio.lowlevel.checkpoint()
        if self.fatal is not None and not self.closed:
            assert code == CODES[self.fatal.code].close, (code, self.fatal)
        if self._reason is None:
            self._reason = CloseReason(code, reason)
            self._changed.set()

    def _raise(self) -> NoReturn:
        raise ConnectionClosed(self._reason)
