"""The fuzzer's bytes, read off one thing at a time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Input:
    """What is left of the bytes. Reading past the end gives zeros: every input means something."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        """Return the next byte."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def short(self) -> int:
        """Return the next two bytes as a number."""
        return self.byte() << 8 | self.byte()

    def slice(self) -> bytes:
        """Return bytes that are preceded by their number."""
        size = self.short()
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def rest(self) -> bytes:
        """Return all that is left."""
        piece = self._data[self._at :]
        self._at = len(self._data)
        return piece

    def text(self) -> str:
        """Return a slice as text; what is no UTF-8 becomes Latin-1."""
        piece = self.slice()
        try:
            return piece.decode()
        except UnicodeDecodeError:
            return piece.decode("latin-1")

    def choose(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``."""
        return items[self.byte() % len(items)]
