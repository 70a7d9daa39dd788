"""The head of an HTTP request: read in pieces of any size, and taken apart."""

import trio

from tests.fuzz.reading import Input
from trio_sfu.listeners.head import MAX_HEAD_BYTES, HeadTooLarge, parse_head, read_head
from trio_sfu.listeners.upgrade import origin_allowed


class Pieces(trio.abc.ReceiveStream):
    """Gives bytes in pieces, and counts what was taken."""

    def __init__(self, data: bytes, size: int) -> None:
        self.taken = 0
        self._data = data
        self._size = size

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        size = min(self._size, max_bytes or self._size)
        piece = self._data[self.taken : self.taken + size]
        self.taken += len(piece)
        return piece

    async def aclose(self) -> None:
        pass


def http_head(data: bytes) -> None:
    """Whatever comes is a head, no head, or too much of it; nothing else, and bounded."""
    source = Input(data)
    size = 1 + source.short()
    repeated = source.byte() * 64
    rest = source.rest()
    stream = Pieces(rest * (1 + repeated // max(len(rest), 1)), size)
    read = drive(stream)
    assert stream.taken < MAX_HEAD_BYTES + size
    if read is None:
        return
    head = parse_head(read)
    whole = b"\r\n\r\n" in read
    if head is None:
        return
    assert whole
    assert len(head.headers) <= read.count(b"\r\n")
    # How the bytes were cut does not matter.
    assert head == parse_head(read.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    head.wants_signaling()
    origin_allowed(head, ["https://sfu.example"])


def drive(stream: Pieces) -> bytes | None:
    """Return what ``read_head`` returns, or None when it refuses; nothing here waits."""
    reading = read_head(stream)
    try:
        reading.send(None)
    except StopIteration as done:
        result: bytes = done.value
        return result
    except HeadTooLarge:
        return None
    raise AssertionError("it waited for something")
