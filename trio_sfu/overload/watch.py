"""The service that looks at the strain twice a second and takes the steps."""

from collections.abc import Callable, Sequence
from typing import Final

import trio

from trio_sfu.config.model import Overload
from trio_sfu.events import Journal, OverloadChanged
from trio_sfu.liveness.health import Trouble
from trio_sfu.overload.gauges import Gauges, ProcessGauges
from trio_sfu.overload.levels import Level
from trio_sfu.overload.pressure import Pressure
from trio_sfu.overload.strain import Readings, Strain, strains
from trio_sfu.signaling.carried import VideoLimit

EVERY: Final = 0.5  # seconds
_MEBIBYTE: Final = 1 << 20


class OverloadWatch:
    """The daemon's level of overload. ``run`` keeps it up to date; else it stays."""

    def __init__(
        self,
        settings: Overload,
        journal: Journal,
        limit_video: Callable[[VideoLimit], None],
        gauges: Gauges | None = None,
        workers_busy: Callable[[Sequence[float]], None] = lambda _shares: None,
    ) -> None:
        """``workers_busy`` is told the share of time that each worker was running."""
        self.level = Level.NORMAL
        self.strains: Sequence[Strain] = strains(Readings(), settings)
        self._settings = settings
        self._journal = journal
        self._limit_video = limit_video
        self._gauges = gauges or ProcessGauges(settings.memory_limit * _MEBIBYTE)
        self._workers_busy = workers_busy
        self._pressure = Pressure()
        self._forced: Level | None = None

    def reconfigure(self, settings: Overload) -> None:
        """Have other limits from the next look on."""
        if settings.memory_limit != self._settings.memory_limit:
            self._gauges = ProcessGauges(settings.memory_limit * _MEBIBYTE)
        self._settings = settings

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look, for ever. A service: should it fail, the step stays until it is back."""
        task_status.started()
        due = trio.current_time() + EVERY
        while True:
            await trio.sleep_until(due)
            now = trio.current_time()
            self.look(now, lag=now - due)
            due = now + EVERY

    def look(self, now: float, lag: float) -> None:
        """Read the gauges at ``now``, the loop being late by ``lag`` seconds."""
        readings = self._gauges.read(now, lag)
        self._workers_busy(readings.workers)
        self.strains = strains(readings, self._settings)
        change = self._pressure.update(now, self.strains)
        if change is not None and self._forced is None:
            self._go(change.level, change.because)

    def force(self, level: Level | None) -> None:
        """Have this level whatever the gauges say, for tests; None: what they say."""
        self._forced = level
        self._go(self._pressure.level if level is None else level, "forced")

    def trouble(self) -> Trouble | None:
        """Return what is to be said of it in ``/healthz``, if anything."""
        if self.level is Level.NORMAL:
            return None
        worst = max(self.strains, key=lambda strain: strain.full)
        use = f"{worst.of} at {worst.full:.0%} of the limit"
        return Trouble(what="overload", message=f"step {self.level.word}: {use}")

    def _go(self, level: Level, because: str) -> None:
        before, self.level = self.level, level
        if level is before:
            return
        self._journal.note(OverloadChanged(level.word, before.word, because))
        if level.video_limit != before.video_limit:
            self._limit_video(level.video_limit)
