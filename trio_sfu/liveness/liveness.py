"""What the daemon knows of its own progress."""

from collections.abc import Callable
from typing import Final

import trio

from trio_sfu import events
from trio_sfu.config import model
from trio_sfu.events import Journal
from trio_sfu.liveness.health import Health, Trouble, judge
from trio_sfu.liveness.loop import LoopLag
from trio_sfu.liveness.self_test import SelfTestRecord
from trio_sfu.liveness.watching import watching
from trio_sfu.liveness.workers import Workers
from trio_sfu.services.supervisor import Services

LOOK: Final = 0.25
"""Seconds between two looks at the workers."""


class Liveness:
    """The event loop's lag and the workers' progress, measured all the time.

    ``progress`` is the engine's: a counter for each worker.
    """

    def __init__(
        self,
        settings: model.Liveness,
        progress: Callable[[], list[int]],
        services: Services,
        journal: Journal,
    ) -> None:
        self.loop = LoopLag()
        self.workers = Workers(progress)
        self.self_test = SelfTestRecord(settings.self_test_interval)
        self._stuck_after = settings.stuck_after
        self._services = services
        self._journal = journal

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Measure, until cancelled."""
        async with watching(self.loop, self._stuck_after), trio.open_nursery() as nursery:
            await nursery.start(self.loop.run, self._late, name="liveness/loop")
            nursery.start_soon(self._look, name="liveness/workers")
            task_status.started()

    def stuck_workers(self) -> list[int]:
        """Return the numbers of the workers that have stood still for too long."""
        idle = self.workers.idle(trio.current_time())
        return [number for number, seconds in enumerate(idle) if seconds > self._stuck_after]

    def turning(self) -> bool:
        """Whether loop and workers get on: that this runs at all says so of the loop."""
        return not self.stuck_workers()

    def health(self, *others: Trouble | None) -> Health:
        """Return the verdict; ``others`` are what is known elsewhere of what is missing."""
        now = trio.current_time()
        return judge(
            now=now,
            loop_lag=self.loop.recent(),
            workers=self.workers.idle(now),
            stuck_after=self._stuck_after,
            self_test=self.self_test,
            services=[
                (each.name, each.state)
                for each in self._services.services.values()
                if each.degraded
            ],
            others=[each for each in others if each is not None],
        )

    def _late(self, lag: float) -> None:
        if lag > self._stuck_after:
            self._journal.note(events.LoopStalled(lag))

    async def _look(self) -> None:
        while True:
            self.workers.idle(trio.current_time())
            await trio.sleep(LOOK)
