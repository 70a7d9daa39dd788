import time
from dataclasses import dataclass, field

import trio
from trio.testing import MockClock

from trio_sfu.config.model import Overload
from trio_sfu.events import Fact, Journal, OverloadChanged
from trio_sfu.overload.levels import Level
from trio_sfu.overload.strain import Readings
from trio_sfu.overload.watch import OverloadWatch
from trio_sfu.signaling.carried import VideoLimit


@dataclass
class SetGauges:
    """Gauges a test sets."""

    readings: Readings = field(default_factory=Readings)
    lags: list[float] = field(default_factory=list)

    def read(self, now: float, lag: float) -> Readings:  # noqa: ARG002  (Gauges)
        self.lags.append(lag)
        return self.readings


class Watched:
    def __init__(self) -> None:
        self.noted: list[OverloadChanged] = []
        self.limits: list[VideoLimit] = []
        self.gauges = SetGauges()
        self.watch = OverloadWatch(Overload(), Journal(self._note), self.limits.append, self.gauges)

    def level(self) -> Level:
        return self.watch.level

    def _note(self, fact: Fact) -> None:
        assert isinstance(fact, OverloadChanged)
        self.noted.append(fact)


async def test_overload_is_noted_once_a_step_and_video_limited(autojump_clock: MockClock) -> None:
    watched = Watched()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.watch.run)
        watched.gauges.readings = Readings(workers=(1.0,))
        await trio.sleep(60)
        assert watched.level() is Level.AUDIO
        trouble = watched.watch.trouble()
        assert trouble is not None
        assert trouble.message == "step audio: workers at 118% of the limit"
        assert watched.limits == ["medium", "low", "screens", "none"]
        watched.gauges.readings = Readings()
        await trio.sleep(60)
        nursery.cancel_scope.cancel()
    assert watched.level() is Level.NORMAL
    assert watched.watch.trouble() is None
    assert watched.limits[4:] == ["screens", "low", "medium", "high"]
    assert [fact.step for fact in watched.noted] == [
        *("full", "medium", "low", "screens", "audio"),
        *("screens", "low", "medium", "full", "normal"),
    ]
    assert {fact.because for fact in watched.noted} == {"workers"}


async def test_the_lag_is_by_how_much_it_was_woken_late() -> None:
    watched = Watched()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.watch.run)
        await trio.sleep(0.45)
        # Nothing else runs meanwhile: that is what is measured.
        time.sleep(0.35)  # noqa: ASYNC251
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    assert 0.2 < watched.gauges.lags[0] < 5


def test_a_forced_level_stays_whatever_the_gauges_say() -> None:
    watched = Watched()
    watched.watch.force(Level.LOW)
    for half_second in range(100):
        watched.watch.look(half_second / 2, 0.0)
    assert watched.level() is Level.LOW
    watched.watch.force(None)
    assert watched.level() is Level.NORMAL
    assert watched.limits == ["low", "high"]
