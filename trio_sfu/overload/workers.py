"""How busy the packet engine's worker threads are."""

import time
from pathlib import Path
from typing import Final

_TASKS: Final = Path("/proc/self/task")
_NAME: Final = "sfu-worker-"
_LOOK_EVERY: Final = 5.0
"""Seconds between two looks at which threads there are."""


class WorkerGauge:
    """The share of the time between two readings that the busiest worker was running.

    A thread that is kept waiting for a core by other programs is not running: that shows
    as the loop's lag, which shares the cores.
    """

    def __init__(self) -> None:
        self._workers: dict[int, float] = {}
        """CPU seconds by thread id, at the last reading."""
        self._read_at: float | None = None
        self._looked_at: float | None = None

    def read(self, now: float) -> float:
        """Return the share, 0 to 1; 0 the first time."""
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            found = _workers()
            self._workers = {each: self._workers.get(each, -1.0) for each in found}
        seconds = now - self._read_at if self._read_at is not None else 0.0
        self._read_at = now
        busiest = 0.0
        for thread, before in list(self._workers.items()):
            used = cpu_seconds(thread)
            if used is None:
                # Another thread has taken its place: look again.
                del self._workers[thread]
                self._looked_at = None
                continue
            self._workers[thread] = used
            if before >= 0 and seconds > 0:
                busiest = max(busiest, (used - before) / seconds)
        return min(busiest, 1.0)


def cpu_by_worker() -> dict[str, float]:
    """Return the CPU seconds of each worker of the engine, as ``worker-0``."""
    read = {name: cpu_seconds(thread) for name, thread in threads().items()}
    return {name: seconds for name, seconds in read.items() if seconds is not None}


def threads() -> dict[str, int]:
    """Return the id of each worker's thread, by its name as ``worker-0``."""
    numbers = {each: _name(_TASKS / str(each)).strip().removeprefix(_NAME) for each in _workers()}
    return {f"worker-{number}": each for each, number in numbers.items() if number.isdigit()}


def _workers() -> list[int]:
    return [int(task.name) for task in _TASKS.iterdir() if _name(task).startswith(_NAME)]


def _name(task: Path) -> str:
    try:
        return (task / "comm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # It ended meanwhile.


def cpu_seconds(thread: int) -> float | None:
    """Return the CPU time of a thread of this process, None when it is no more.

    Linux makes the number of a thread's CPU clock from its id (clock_getcpuclockid(3)):
    its complement, shifted by three, with 6 for "a thread's, as scheduled".
    """
    try:
        return time.clock_gettime((~thread << 3) | 6)
    except OSError:
        return None
