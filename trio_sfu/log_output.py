"""Where the log goes: a descriptor that may be full, blocked or gone at any time.

The loop must never wait for whoever reads the log, so a thread of its own writes. What
finds no place in its bounded queue, or cannot be written, is dropped and counted; the
first line that gets through again says how many are missing.
"""

import io
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

QUEUE_BYTES: Final = 1_048_576
"""What may wait to be written; lines that come on top of it are dropped."""

GOODBYE_S: Final = 1.0
"""How long the end waits for what is queued."""


class LogOutput(io.TextIOBase):
    """A text stream whose ``write`` never waits. Made by ``open_output``.

    ``lost`` words the line about so many lost lines.
    """

    def __init__(self, descriptor: int, lost: Callable[[int], str]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._lines: deque[bytes] = deque()
        self._queued = 0
        self._missing = 0
        self._unfinished = ""
        self._torn = False
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether a person reads it as it comes."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Queue the lines of ``text``; an unfinished one waits for its end."""
        with self._changed:
            *lines, self._unfinished = (self._unfinished + text).split("\n")
            for line in lines:
                self._queue(f"{line}\n".encode(errors="backslashreplace"))
            self._changed.notify()
        return len(text)

    def _queue(self, line: bytes) -> None:
        if self._queued + len(line) > QUEUE_BYTES:
            self._missing += 1
        else:
            self._lines.append(line)
            self._queued += len(line)

    def end(self) -> None:
        """Write what is queued, for ``GOODBYE_S`` at most."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(GOODBYE_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._lines and not self._ending:
                    self._changed.wait()
                if not self._lines:
                    return
                line = self._lines[0]
                missing, self._missing = self._missing, 0
            if missing and not self._written(f"{self._lost(missing)}\n".encode()):
                self._count(missing)
            if not self._written(line):
                self._count(1)
            with self._changed:
                # Counted as queued while it is being written.
                self._lines.popleft()
                self._queued -= len(line)

    def _count(self, missing: int) -> None:
        with self._changed:
            self._missing += missing

    def _written(self, line: bytes) -> bool:
        # Half a line that went out before the disk was full must not begin this one.
        rest = b"\n" + line if self._torn else line
        whole = len(rest)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                # The disk is full or the reader is gone: that may pass.
                self._torn = self._torn or len(rest) < whole
                return False
        self._torn = False
        return True


@contextmanager
def open_output(descriptor: int, lost: Callable[[int], str]) -> Iterator[LogOutput]:
    """Open an output on ``descriptor``; at the end what is queued is written, if it can be."""
    output = LogOutput(descriptor, lost)
    try:
        yield output
    finally:
        output.end()
