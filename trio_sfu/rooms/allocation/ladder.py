"""The layers of a track that a viewer can be sent, from the cheapest to the best.

Pure. A *step* is a choice of encoding and layers, with what it costs. Steps of a camera
first give up frame rate, then size; below full frame rate a picture is worth less than a
smaller one that moves, so only the smallest one goes down to its lowest temporal layer. A
screen has the steps of its largest size alone: text that is scaled down is lost.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Final, TypeAlias

from trio_sfu.rooms.allocation.measured import ASSUMED, Cost, LayerKey
from trio_sfu.rooms.layers import LADDER
from trio_sfu.signaling.carried import Source


@dataclass(frozen=True, slots=True)
class Step:
    """An encoding, its highest layers (None: all) and what they cost.

    ``bitrate`` is the cost as a rule and ``peak`` the worst lately, in bits/s; ``size``
    counts the sizes of the track from 0 upwards; width and height are 0 where unknown.
    """

    rid: str
    spatial: int | None
    temporal: int | None
    bitrate: float
    peak: float
    size: int = 0
    width: int = 0
    height: int = 0

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """What tells it from others, whatever it costs."""
        return self.rid, self.spatial, self.temporal


Ladder: TypeAlias = tuple[Step, ...]

_APART: Final = 1.05
"""A step costs at least so many times what the one below it does; else it is none."""


def build_ladder(
    source: Source, encodings: Collection[str], costs: Mapping[LayerKey, Cost]
) -> Ladder:
    """Return the steps of a track of which ``encodings`` can be had, the cheapest first."""
    sizes = [size for rid in encodings for size in _sizes(rid, costs)]
    sizes.sort(key=lambda size: (size[-1].width * size[-1].height, _rung(size[-1].rid)))
    if source == "screen" and sizes:
        whole = sizes[-1][-1].width * sizes[-1][-1].height
        sizes = [each for each in sizes if each[-1].width * each[-1].height == whole]
    steps: list[Step] = []
    for number, size in enumerate(sizes):
        # Fifteen pictures a second are the least above the smallest size.
        chosen = size if number == 0 else size[1:] or size
        # What has only begun to flow has not shown yet what it costs.
        floor = steps[-1] if steps else None
        steps += [_not_below(floor, replace(step, size=number)) for step in chosen]
    return _distinct(steps)


def _sizes(rid: str, costs: Mapping[LayerKey, Cost]) -> list[list[Step]]:
    """Return the spatial layers of an encoding, each with its temporal ones."""
    spatial: dict[int, dict[int, Cost]] = {}
    for (of, layer, temporal), cost in costs.items():
        if of == rid:
            spatial.setdefault(layer, {})[temporal] = cost
    if not spatial:
        bitrate, width, height = ASSUMED.get(rid, ASSUMED[""])
        return [[Step(rid, None, None, bitrate, bitrate, 0, width, height)]]
    sizes = []
    width = height = 0
    for layer, temporals in sorted(spatial.items()):
        highest = None if layer == max(spatial) else layer
        width, height = max((width, height), _size(rid, temporals.values()), key=prod)
        sizes.append(
            [
                Step(
                    rid,
                    highest,
                    None if temporal == max(temporals) else temporal,
                    max(cost.mean, 1.0),
                    max(cost.peak, 1.0),
                    0,
                    width,
                    height,
                )
                for temporal, cost in sorted(temporals.items())
            ]
        )
    return sizes


def _size(rid: str, costs: Iterable[Cost]) -> tuple[int, int]:
    _, width, height = ASSUMED.get(rid, ASSUMED[""])
    return next(
        ((cost.width, cost.height) for cost in costs if cost.width and cost.height), (width, height)
    )


def _rung(rid: str) -> int:
    return LADDER.index(rid) if rid in LADDER else 0


def _not_below(floor: Step | None, step: Step) -> Step:
    if floor is None:
        return step
    bitrate = max(step.bitrate, floor.bitrate * _APART)
    return replace(step, bitrate=bitrate, peak=max(step.peak, bitrate, floor.peak * _APART))


def _distinct(steps: list[Step]) -> Ladder:
    """Leave out what saves next to nothing beside a better step, the best first."""
    kept: list[Step] = []
    for step in reversed(steps):
        if not kept or step.bitrate * _APART <= kept[-1].bitrate * 1.000_001:
            kept.append(step)
    kept.reverse()
    for number in range(1, len(kept)):
        worst = max(kept[number].peak, kept[number - 1].peak)
        kept[number] = replace(kept[number], peak=worst)
    return tuple(kept)
