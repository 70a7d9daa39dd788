"""What the daemon knows of its own progress."""

from collections.abc import Callable
from typing import Final

import trio

from trio_sfu.liveness.loop import LoopLag
from trio_sfu.liveness.watching import watching
from trio_sfu.liveness.workers import Workers

LOOK: Final = 0.25
"""Seconds between two looks at the workers."""


class Liveness:
    """The event loop's lag and the workers' progress, measured all the time.

    ``stuck_after`` is how many seconds either may stand still.
    """

    def __init__(self, progress: Callable[[], list[int]], *, stuck_after: float) -> None:
        self.loop = LoopLag()
        self.workers = Workers(progress)
        self.stuck_after = stuck_after

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Measure, until cancelled."""
        async with watching(self.loop, self.stuck_after), trio.open_nursery() as nursery:
            await nursery.start(self.loop.run, name="liveness/loop")
            nursery.start_soon(self._look, name="liveness/workers")
            task_status.started()

    async def _look(self) -> None:
        while True:
            self.workers.idle(trio.current_time())
            await trio.sleep(LOOK)
