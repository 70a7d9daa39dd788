"""How busy the packet engine's worker threads are."""

import time
from pathlib import Path
from typing import Final

_TASKS: Final = Path("/proc/self/task")
_NAME: Final = "sfu-worker-"
_LOOK_EVERY: Final = 5.0
"""Seconds between two looks at which threads there are."""


class WorkerGauge:
    """The share of the time between two readings that each worker was running.

    A thread that is kept waiting for a core by other programs is not running: that shows
    as the loop's lag, which shares the cores.
    """

    def __init__(self) -> None:
        self._workers: dict[int, tuple[int, float]] = {}
        """By thread id: the worker's number, and its CPU seconds at the last reading."""
        self._read_at: float | None = None
        self._looked_at: float | None = None

    def read(self, now: float) -> list[float]:
        """Return the shares, 0 to 1, by the workers' numbers; 0 the first time."""
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._workers = {
                thread: (number, self._workers.get(thread, (number, -1.0))[1])
                for thread, number in _workers().items()
            }
        seconds = now - self._read_at if self._read_at is not None else 0.0
        self._read_at = now
        shares = [0.0] * (1 + max((number for number, _ in self._workers.values()), default=-1))
        for thread, (number, before) in list(self._workers.items()):
            used = cpu_seconds(thread)
            if used is None:
                # Another thread has taken its place: look again.
                del self._workers[thread]
                self._looked_at = None
                continue
            self._workers[thread] = number, used
            if before >= 0 and seconds > 0:
                shares[number] = min((used - before) / seconds, 1.0)
        return shares


def cpu_by_worker() -> dict[str, float]:
    """Return the CPU seconds of each worker of the engine, as ``worker-0``."""
    read = {name: cpu_seconds(thread) for name, thread in threads().items()}
    return {name: seconds for name, seconds in read.items() if seconds is not None}


def threads() -> dict[str, int]:
    """Return the id of each worker's thread, by its name as ``worker-0``."""
    return {f"worker-{number}": thread for thread, number in _workers().items()}


def _workers() -> dict[int, int]:
    """Return each worker's number by the id of its thread."""
    names = {int(task.name): _name(task).strip() for task in _TASKS.iterdir()}
    numbers = {each: name.removeprefix(_NAME) for each, name in names.items()}
    return {
        each: int(number)
        for each, number in numbers.items()
        if number != names[each] and number.isdigit()
    }


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
