"""What perf says of a process: its system calls, and where its time goes."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

_COUNTED: Final = re.compile(r"^\s*([\d,.]+)\s+raw_syscalls:sys_enter", re.MULTILINE)
_HERTZ: Final = 1_999
"""Samples a second; no divisor of the load's own ticks."""


class Look:
    """System calls of a process for some seconds, or a profile: nothing else is measured then.

    Without perf there is neither.
    """

    def __init__(self, pid: int, seconds: float, profile: Path | None) -> None:
        self._seconds, self._counts = seconds, profile is None
        self._process: subprocess.Popen[str] | None = None
        if not shutil.which("perf"):
            return
        if profile is None:
            what = ["stat", "-e", "raw_syscalls:sys_enter"]
        else:
            profile.parent.mkdir(parents=True, exist_ok=True)
            # A virtual machine may have no counter of cycles; the clock is good enough.
            what = ["record", "-q", "-g", "-e", "cpu-clock", "-F", str(_HERTZ), "-o", str(profile)]
        command = ["perf", *what, "-p", str(pid), "--", "sleep", f"{seconds:.3f}"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def syscalls_per_second(self) -> float | None:
        """Return how many there were a second; None if they were not, or cannot be, counted."""
        if self._process is None:
            return None
        _, text = self._process.communicate(timeout=self._seconds + 60)
        found = _COUNTED.search(text)
        if found is None or not self._counts:
            return None
        return float(re.sub(r"\D", "", found[1])) / self._seconds
