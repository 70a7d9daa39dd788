"""What a thread of this process has used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trio_sfu.overload.workers import cpu_seconds, threads
from trio_sfu.trial.errors import TrialError

_TASKS: Final = Path("/proc/self/task")
_USER, _SYSTEM = 11, 12
"""Of the fields of ``stat`` behind the name, which is the second one."""
_SWITCHES: Final = ("voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:")


@dataclass(frozen=True, slots=True)
class Usage:
    """So far."""

    nanos: int
    """CPU time, exact."""
    user_ticks: int
    """CPU time in clock ticks: how it is shared by the two, roughly."""
    system_ticks: int
    switches: int
    """Context switches, of its own will and not."""


def usage(worker: str) -> Usage:
    """Return that of the worker's thread, which is called as ``worker-0``. Raises TrialError."""
    thread = threads().get(worker)
    seconds = None if thread is None else cpu_seconds(thread)
    if thread is None or seconds is None:
        raise TrialError("the packet engine's worker is gone", code="trial-failed")
    task = _TASKS / str(thread)
    # The name is in parentheses, and may hold anything.
    fields = (task / "stat").read_text().rpartition(")")[2].split()
    switches = 0
    for line in (task / "status").read_text().splitlines():
        if line.startswith(_SWITCHES):
            switches += int(line.partition(":")[2])
    return Usage(round(seconds * 1e9), int(fields[_USER]), int(fields[_SYSTEM]), switches)
