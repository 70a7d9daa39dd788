"""One thread of another process, stopped and let go: what a hang looks like from outside."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DETACH, _SEIZE, _INTERRUPT = 17, 0x4206, 0x4207  # linux/ptrace.h
_WALL = 0x40000000  # wait for threads too


def thread_named(process: int, name: str) -> int:
    """Return the id of a process's thread."""
    for task in Path(f"/proc/{process}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise LookupError(name)


@contextmanager
def stopped(thread: int) -> Iterator[None]:
    """Keep one thread from running; the others of its process go on (ptrace(2))."""
    _ptrace(_SEIZE, thread)
    try:
        _ptrace(_INTERRUPT, thread)
        os.waitpid(thread, _WALL)
        yield
    finally:
        _ptrace(_DETACH, thread)


def died(thread: int) -> bool:
    """Return whether a thread that is stopped has died: without this it would not be gone."""
    return os.waitpid(thread, os.WNOHANG | _WALL)[0] == thread


def _ptrace(request: int, thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
