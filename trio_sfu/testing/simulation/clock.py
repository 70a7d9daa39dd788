"""The clock of a simulation: it stands while anybody has something to do.

``MockClock`` with ``autojump_threshold=0`` does the same, but takes another turn of trio's loop
for each moment, and reads the machine's clock each time it is asked. This one goes to the next
deadline when it is asked how long to sleep, which is when no task can run. And it has an alarm,
which costs no task and no cancel scope: the network rings it at each moment.

There is nothing else to wait for, no socket and no thread. As with ``MockClock``, who waits in
``wait_all_tasks_blocked`` comes before the next moment; that somebody does is in a private name
of trio's (``tests/simulation/test_clock.py``).
"""

import math
from collections.abc import Callable, Sized

import trio

_SCHEDULER = trio._core._run


class VirtualClock(trio.abc.Clock):
    """Begins at 0; one is for one run."""

    def __init__(self) -> None:
        self.now = 0.0
        """The same as ``current_time``, for who asks for each packet."""
        self._alarm = math.inf
        self._ring: Callable[[], None] = _nothing
        self._waiting_for_idle: Sized = ()

    @staticmethod
    def current() -> "VirtualClock":
        """Return the clock of this run. Raises TypeError when it has another."""
        clock = trio.lowlevel.current_clock()
        if not isinstance(clock, VirtualClock):
            raise TypeError(f"a simulation runs on a VirtualClock, not on {clock!r}")
        return clock

    def start_clock(self) -> None:
        """Begin; called by trio."""
        self._waiting_for_idle = _SCHEDULER.GLOBAL_RUN_CONTEXT.runner.waiting_for_idle

    def current_time(self) -> float:
        """Return the seconds since the beginning."""
        return self.now

    def set_alarm(self, when: float, ring: Callable[[], None]) -> None:
        """Have ``ring`` called at ``when``, and not at the time set before; never, if infinite.

        It is called outside of any task, before those that wake at that moment, and must not
        raise.
        """
        self._alarm, self._ring = when, ring

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Go to ``deadline``, unless somebody waits for all to be blocked; called by trio."""
        if deadline <= self.now:
            return 0.0
        if self._waiting_for_idle:
            return math.inf
        if self._alarm <= deadline and self._alarm < math.inf:
            self.now = max(self.now, self._alarm)
            self._alarm = math.inf
            self._ring()
            return 0.0
        if deadline == math.inf:
            return math.inf
        self.now = deadline
        return 0.0


def _nothing() -> None:
    """Ring no bell."""
