"""The head of an HTTP/1.1 request: read once, bounded, to tell who is to serve it."""

from dataclasses import dataclass

import trio

MAX_HEAD_BYTES = 16 * 1024
_END = b"\r\n\r\n"


class HeadTooLarge(Exception):  # noqa: N818  (a verdict on the request, not a defect)
    """The head is longer than ``MAX_HEAD_BYTES``."""


@dataclass(frozen=True, slots=True)
class Head:
    """What of a request decides who serves it. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    ascii: bool
    """Whether every byte is ASCII, as all of an upgrade request is (RFC 6455, section 4.1)."""

    def wants_signaling(self) -> bool:
        """Return whether the request asks for the signaling WebSocket (RFC 6455)."""
        return self.path == "/signal" and "websocket" in self.headers.get("upgrade", "").lower()


async def read_head(stream: trio.abc.ReceiveStream) -> bytes:
    """Return what came up to the end of the head, and perhaps more; or all until the end.

    Raises HeadTooLarge.
    """
    data = b""
    while _END not in data:
        if len(data) >= MAX_HEAD_BYTES:
            raise HeadTooLarge
        more = await stream.receive_some(MAX_HEAD_BYTES)
        if not more:
            break
        data += more
    return data


def parse_head(data: bytes) -> Head | None:
    """Return the head in ``data``, or None when it is not one.

    Lenient: whoever serves the request parses it anew, strictly.
    """
    text, end, _ = data.partition(_END)
    if not end:
        return None
    first, *lines = text.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Head(parts[0], parts[1].partition("?")[0], headers, text.isascii())
