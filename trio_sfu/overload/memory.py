"""How much of the memory it may have the daemon uses."""

import os
import resource
from pathlib import Path
from typing import Final

from trio_sfu.control_groups import control_groups

_PAGE: Final = resource.getpagesize()
_UNLIMITED: Final = 1 << 60
"""Control groups of version 1 say a number like this for "no limit"."""
_FILES: Final = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}
"""By the version of control groups: the limit, the use, and the line with what is only cached."""


class MemoryGauge:
    """The share in use of what the process, or the control group it is in, may have.

    Without a limit of its own (``limit``, bytes) and without one on a control group,
    the machine's memory counts. A limit of the address space (RLIMIT_AS) always does.
    """

    def __init__(self, limit: int = 0, *, root: Path = Path("/")) -> None:
        self._limit = limit
        self._root = root
        self._machine = os.sysconf("SC_PHYS_PAGES") * _PAGE
        self._groups = [] if limit else _limited_groups(root)

    def allowed(self) -> int:
        """Return the bytes that the process may have at most."""
        return min([self._limit or self._machine, *(group.limit for group in self._groups)])

    def read(self) -> float:
        """Return the share, 0 to 1. Raises OSError when it cannot be told."""
        addressed, resident = self._sizes()
        own = resident / (self._limit or self._machine)
        # Can be set from outside at any time. Near it even a stack that grows is the end.
        allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
        space = addressed / allowed if allowed > 0 else 0.0
        return max([own, space, *(group.share() for group in self._groups)])

    def _sizes(self) -> tuple[int, int]:
        """Return the address space and the memory in use, in bytes."""
        addressed, resident, *_ = (self._root / "proc/self/statm").read_text().split()
        return int(addressed) * _PAGE, int(resident) * _PAGE


class _Group:
    """A control group with a limit, and the files that tell its use."""

    def __init__(self, folder: Path, limit: int, current: str, inactive: str) -> None:
        self._current = folder / current
        self._stat = folder / "memory.stat"
        self._inactive = inactive
        self.limit = limit

    def share(self) -> float:
        """Return the share that is not just cached files, which the kernel takes back."""
        cached = 0
        for line in self._stat.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == self._inactive:
                cached = int(value)
        return max(0, int(self._current.read_text()) - cached) / self.limit


def _limited_groups(root: Path) -> list[_Group]:
    """Return the process's control groups that have a limit, it and those above it."""
    found = []
    for group in control_groups("memory", root):
        most, current, inactive = _FILES[group.version]
        limit = _limit(group.folder / most)
        if limit is not None:
            found.append(_Group(group.folder, limit, current, inactive))
    return found


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and 0 < int(text) < _UNLIMITED else None
