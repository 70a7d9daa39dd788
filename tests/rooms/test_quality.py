"""Distributions of what viewers get."""

from dataclasses import dataclass, field

import trio
from trio.testing import MockClock

from trio_sfu._native import EngineError
from trio_sfu.events import Histogram
from trio_sfu.rooms.plan import Planned
from trio_sfu.rooms.quality import EVERY, Quality, watch_quality
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import SlotLayer
from trio_sfu.signaling.messages import Experience


@dataclass
class Viewer:
    planned: Planned
    view: View = field(default_factory=View)
    lost: bool = False

    @property
    def loss(self) -> float:
        if self.lost:
            raise EngineError("the engine is lost")
        return 0.03


def viewer(*layers: SlotLayer, estimate: int | None = 900_000) -> Viewer:
    return Viewer(Planned(layers=layers), View(estimate=estimate))


def counted(histogram: Histogram) -> dict[float, int]:
    """Return how many values came into each bucket that has any."""
    found, before = {}, 0
    for bound, count in histogram.cumulative():
        if count > before:
            found[bound] = count - before
        before = count
    return found


def test_what_somebody_looks_at_is_counted() -> None:
    quality = Quality()
    quality.look(
        viewer(
            SlotLayer(mid="1", rid="f", height=720),
            SlotLayer(mid="2", rid="q", height=180),
            SlotLayer(mid="3", paused="bandwidth"),
            SlotLayer(mid="4", paused="hidden"),
            SlotLayer(mid="5", paused="not-sent"),
        )
    )
    assert counted(quality.heights) == {720: 1, 180: 1, 0: 1}
    assert counted(quality.estimates) == {1.5e6: 1}
    assert counted(quality.losses) == {0.05: 1}


def test_who_looks_at_nothing_is_not() -> None:
    quality = Quality()
    quality.look(viewer(SlotLayer(mid="1", paused="hidden")))
    quality.look(viewer(estimate=None))
    assert not counted(quality.heights)
    assert not counted(quality.estimates)


def test_what_browsers_say_is_counted() -> None:
    quality = Quality()
    quality.hear(Experience(watched=20, frozen=0.1, heard=10, concealed=2))
    quality.hear(Experience(watched=1, frozen=3))
    quality.hear(Experience())
    assert counted(quality.frozen) == {0.005: 1, float("inf"): 1}
    assert counted(quality.concealed) == {0.2: 1}


async def test_all_viewers_are_looked_at_again_and_again(autojump_clock: MockClock) -> None:
    quality = Quality()
    layer = SlotLayer(mid="1", rid="h", height=360)
    gone = viewer(layer)
    gone.lost = True
    async with trio.open_nursery() as nursery:
        await nursery.start(watch_quality, quality, lambda: [gone, viewer(layer)])
        await trio.sleep(3.5 * EVERY)
        nursery.cancel_scope.cancel()
    assert counted(quality.losses) == {0.05: 3}
