"""How many system calls a process makes, where perf can count them."""

import re
import shutil
import subprocess
from typing import Final

_COUNTED: Final = re.compile(r"^\s*([\d,.]+)\s+raw_syscalls:sys_enter", re.MULTILINE)


class Counting:
    """System calls of a process for some seconds, in which nothing else is measured."""

    def __init__(self, pid: int, seconds: float) -> None:
        command = ["perf", "stat", "-e", "raw_syscalls:sys_enter", "-p", str(pid)]
        command += ["--", "sleep", f"{seconds:.3f}"]
        self._process: subprocess.Popen[str] | None = None
        if shutil.which("perf"):
            self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self._seconds = seconds

    def per_second(self) -> float | None:
        """Return how many there were a second; None if they cannot be counted here."""
        if self._process is None:
            return None
        _, text = self._process.communicate(timeout=self._seconds + 10)
        found = _COUNTED.search(text)
        return float(found[1].replace(",", "").replace(".", "")) / self._seconds if found else None
