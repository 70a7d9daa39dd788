"""What the layers of a track cost, from the engine's measurements of every second.

Pure. A measurement is of one second; whoever decided by it would follow every cut in a
film. So there are two figures of each layer: what it costs as a rule (``mean``) and what it
has cost at its worst lately (``peak``), which has to fit before it is chosen anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp
from typing import Final, TypeAlias

from trio_sfu.signaling.messages import Source

LayerKey: TypeAlias = tuple[str, int, int]
"""RID, spatial and temporal layer."""
Measurement: TypeAlias = tuple[str, int, int, int, int, int]
"""RID, spatial, temporal, bits/s with all it depends on, width and height (0: not known)."""

_SETTLES: Final[dict[Source, float]] = {"camera": 1.5, "screen": 4.0}
"""Seconds within which the mean follows; a screen's changes come in bursts."""
_FORGETS: Final = 10.0
"""Seconds within which a peak is forgotten."""


@dataclass(slots=True)
class Cost:
    """One layer's cost in bits/s, and its size in pixels."""

    newest: float
    mean: float
    peak: float
    width: int
    height: int
    at: float

    def settle(self, now: float, settles: float) -> None:
        """Let the mean and the peak follow what was measured last."""
        passed = max(0.0, now - self.at)
        self.at = now
        self.mean += (self.newest - self.mean) * (1 - exp(-passed / settles))
        self.peak = max(
            self.mean, self.newest + (self.peak - self.newest) * exp(-passed / _FORGETS)
        )


class Measured:
    """The layers of one track that have been measured, also those that flow no more."""

    def __init__(self, source: Source = "camera") -> None:
        self._settles = _SETTLES.get(source, 1.5)
        self._costs: dict[LayerKey, Cost] = {}

    def note(self, now: float, layers: Iterable[Measurement]) -> None:
        """Take a measurement of all layers that flow."""
        fresh = {(layer[0], layer[1], layer[2]): layer for layer in layers}
        flowing = {rid for rid, _, _ in fresh}
        for key in [key for key in self._costs if key[0] in flowing and key not in fresh]:
            del self._costs[key]
        for key, (_, _, _, bitrate, width, height) in fresh.items():
            cost = self._costs.get(key)
            if cost is None:
                self._costs[key] = Cost(bitrate, bitrate, bitrate, width, height, now)
                continue
            cost.settle(now, self._settles)
            cost.newest = bitrate
            cost.peak = max(cost.peak, bitrate)
            if width and height:
                cost.width, cost.height = width, height

    def costs(self, now: float) -> dict[LayerKey, Cost]:
        """Return each layer with what it costs now."""
        for cost in self._costs.values():
            cost.settle(now, self._settles)
        return self._costs
