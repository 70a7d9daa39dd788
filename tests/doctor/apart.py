"""Runs something in a thread of its own, which has given up something for good."""

import ctypes
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
_NEW_MOUNTS: Final = 0x00020000  # unshare(2): CLONE_NEWNS
_CAPABILITIES: Final = 0x20080522  # capset(2): _LINUX_CAPABILITY_VERSION_3


def apart(prepare: Callable[[], object], then: Callable[[], T]) -> T:
    """Return what ``then`` does in a thread that has done ``prepare`` first."""
    outcome: list[T] = []

    def run() -> None:
        prepare()
        outcome.append(then())

    thread = threading.Thread(target=run, name="apart")
    thread.start()
    thread.join()
    assert outcome, "it has failed; see above"
    return outcome[0]


def give_up_rights() -> None:
    """Let this thread be no more than a user whose number is 0: no capability is left."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def mount_over(folder: Path, place: str) -> None:
    """Let ``folder`` be at ``place`` for this thread and what it starts."""
    _call("unshare", _NEW_MOUNTS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", str(folder), place], check=True)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
