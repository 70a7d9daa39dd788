"""What the layers of a track cost, from the engine's measurements of every second.

Pure. A measurement is of one second; whoever decided by it would follow every cut in a
film. So there are two figures of each layer: what it costs as a rule (``mean``) and what it
has cost at its worst lately (``peak``), which has to fit before it is chosen anew. An encoder
that was just begun is slow to use its rate: until it has been seen for a while, its peak is
what such an encoding usually costs. What does not flow keeps its figures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Final, TypeAlias

from trio_sfu.signaling.carried import Source

LayerKey: TypeAlias = tuple[str, int, int]
"""RID, spatial and temporal layer."""
Measurement: TypeAlias = tuple[str, int, int, int, int, int]
"""RID, spatial, temporal, bits/s with all it depends on, width and height (0: not known)."""

_SETTLES: Final[dict[Source, float]] = {"camera": 1.5, "screen": 0.8}
"""Seconds within which the mean follows; a screen may be still the moment it has moved."""
_FORGETS: Final[dict[Source, float]] = {"camera": 8.0, "screen": 0.8}
"""Seconds within which a peak is forgotten: a keyframe is one, and is not to count for long."""
ASSUMED: Final[Mapping[str, tuple[int, int, int]]] = {
    "": (300_000, 0, 0),
    "q": (150_000, 320, 180),
    "h": (500_000, 640, 360),
    "f": (1_700_000, 1280, 720),
}
"""Bits/s, width and height of an encoding that has not been measured."""


@dataclass(slots=True)
class Cost:
    """One layer's cost in bits/s, and its size in pixels."""

    newest: float
    mean: float
    peak: float
    width: int
    height: int
    at: float

    def settle(self, now: float, settles: float, forgets: float) -> None:
        """Let the mean and the peak follow what was measured last."""
        passed = max(0.0, now - self.at)
        self.at = now
        self.mean += (self.newest - self.mean) * (1 - exp(-passed / settles))
        self.peak = max(self.mean, self.newest + (self.peak - self.newest) * exp(-passed / forgets))


class Measured:
    """The layers of one track that have been measured, also those that flow no more."""

    def __init__(self, source: Source = "camera") -> None:
        self._settles = _SETTLES.get(source, _SETTLES["camera"])
        self._forgets = _FORGETS.get(source, _FORGETS["camera"])
        self._flowing: set[str] = set()
        self._costs: dict[LayerKey, Cost] = {}

    def note(self, now: float, layers: Iterable[Measurement]) -> None:
        """Take a measurement of all layers that flow."""
        fresh = {(layer[0], layer[1], layer[2]): layer for layer in layers}
        flowing = {rid for rid, _, _ in fresh}
        for key in [key for key in self._costs if key[0] in flowing and key not in fresh]:
            del self._costs[key]
        self._settle(now)
        self._flowing = flowing
        for key, (rid, _, _, bitrate, width, height) in fresh.items():
            cost = self._costs.get(key)
            if cost is None:
                peak = bitrate * self._usual(rid, fresh)
                self._costs[key] = Cost(bitrate, bitrate, peak, width, height, now)
                continue
            cost.newest = bitrate
            cost.peak = max(cost.peak, bitrate)
            if width and height:
                cost.width, cost.height = width, height

    def costs(self, now: float) -> dict[LayerKey, Cost]:
        """Return each layer with what it costs now."""
        self._settle(now)
        return self._costs

    def _settle(self, now: float) -> None:
        for key, cost in self._costs.items():
            if key[0] in self._flowing:
                cost.settle(now, self._settles, self._forgets)
            cost.at = now

    def _usual(self, rid: str, fresh: Mapping[LayerKey, Measurement]) -> float:
        """Return how many times what an encoding costs it usually costs; at least 1."""
        if rid not in ASSUMED or not rid:
            return 1.0
        whole = max(layer[3] for layer in fresh.values() if layer[0] == rid)
        return max(1.0, ASSUMED[rid][0] / max(whole, 1))
