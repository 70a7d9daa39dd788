"""Tell a viewer what is sent on its slots of video, and why something is not."""

from collections.abc import Callable, Mapping
from math import inf

from msgspec.structs import replace

from trio_sfu.media.track import Slot
from trio_sfu.rooms.plan import Planned
from trio_sfu.signaling.carried import SlotLayer
from trio_sfu.signaling.messages import ServerMessage, SlotQuality

_EVERY = 1.0
"""Seconds between two reports of figures alone, to a viewer that looks at them."""


class Reporting:
    """What one viewer was told last."""

    def __init__(self, tell: Callable[[ServerMessage], None]) -> None:
        self._send = tell
        self._told: SlotQuality | None = None
        self._told_at = -inf

    def report(self, now: float, planned: Planned, slots: Mapping[str, Slot]) -> None:
        """Tell what is new about the slots; their figures as well, where they are looked at."""
        before = self._told.slots if self._told is not None else []
        figures = planned.statistics and now >= self._told_at + _EVERY
        if not figures and [_mark(each) for each in before] == [_mark(e) for e in planned.layers]:
            return
        layers = list(planned.layers)
        if planned.statistics:
            layers = [_with_loss(each, slots.get(each.mid)) for each in layers]
        self._told = SlotQuality(slots=layers, estimate=planned.estimate)
        self._told_at = now
        self._send(self._told)

    def repeat(self) -> None:
        """Tell the client again; it may not have heard it."""
        if self._told is not None:
            self._send(self._told)


def _mark(layer: SlotLayer) -> tuple[object, ...]:
    """Return what is told without being asked."""
    size = layer.width, layer.height
    return layer.mid, layer.rid, layer.spatial, layer.temporal, layer.wanted, layer.paused, size


def _with_loss(layer: SlotLayer, slot: Slot | None) -> SlotLayer:
    loss = slot.stats()["fraction_lost"] if slot is not None and layer.rid is not None else None
    return replace(layer, loss=round(float(loss) / 256, 3) if loss is not None else None)
