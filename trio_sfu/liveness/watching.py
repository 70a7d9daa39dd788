"""A thread that says where the loop hangs, since the loop cannot.

It is Python's own and needs the interpreter's lock: code that holds the lock for good
keeps it from speaking. Then systemd's watchdog is the last resort; its SIGABRT makes
``faulthandler`` write where every thread is (see ``cli``).
"""

import linecache
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from trio_sfu import logging
from trio_sfu.liveness.loop import LoopLag

LOOKS: Final = 8
"""Looks within the time that a loop may take; all of them must find it where it was."""
_DEEPEST = 24

Report = Callable[[float, str], None]
"""Called in the watching thread with the seconds so far and the stack, innermost last."""

log = logging.get("liveness")


def report_to_log(seconds: float, stack: str) -> None:
    """Say it in the log."""
    log.error("event loop stuck", seconds=round(seconds, 1), stack=stack)


@asynccontextmanager
async def watching(
    loop: LoopLag, stuck_after: float, report: Report = report_to_log
) -> AsyncIterator[None]:
    """Watch ``loop`` from outside; ``report`` once for each time it hangs ``stuck_after`` s."""
    end = threading.Event()
    arguments = (loop, stuck_after, report, end)
    thread = threading.Thread(target=_watch, args=arguments, name="liveness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(1.0)  # At most the time of one report; it waits for nothing else.


def _watch(loop: LoopLag, stuck_after: float, report: Report, end: threading.Event) -> None:
    # Looks are counted and not seconds: a process that was stopped (SIGSTOP, a machine
    # asleep) finds both the loop and this thread late, which is no fault of the loop.
    beats = looks = 0
    while not end.wait(stuck_after / LOOKS):
        if loop.thread is None or loop.beats != beats:
            beats, looks = loop.beats, 0
            continue
        looks += 1
        if looks == LOOKS:
            report(loop.since_beat(), _stack(loop.thread))


def _stack(thread: int) -> str:
    frame = sys._current_frames().get(thread)
    stack = traceback.format_stack(frame)[-_DEEPEST:] if frame is not None else []
    # Or the sources that were read for it would be kept: 0.7 MiB.
    linecache.clearcache()
    return "".join(stack)
