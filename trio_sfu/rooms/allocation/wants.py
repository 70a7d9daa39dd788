"""What one slot of a viewer could use, and how much it matters beside the others. Pure."""

from dataclasses import dataclass
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.ladder import Ladder
from trio_sfu.rooms.layers import LADDER
from trio_sfu.signaling.carried import Quality, Source

_RUNG: Final[dict[Quality, int]] = {"low": 0, "medium": 1, "high": 2}
_ENLARGED: Final = 1.34
"""How many times a picture may be enlarged before the next size is worth its bits."""
_PINNED: Final = 16.0
_SCREEN: Final = 8.0
_SPEAKER: Final = 4.0
_USUAL: Final = 640 * 360


@dataclass(frozen=True, slots=True)
class Want:
    """A visible video slot: its steps up to the best it has a use for; there is one at least.

    What costs c bits/s at weight w is as urgent as what costs c / w at weight 1. One that is
    ``spare`` has what is left when all others have their best, and nothing before.
    """

    mid: str
    track: tuple[PeerId, Source]
    ladder: Ladder
    weight: float = 1.0
    spare: bool = False


def useful(ladder: Ladder, quality: Quality, width: int, height: int) -> Ladder:
    """Return the steps that are of use in a tile of so many device pixels (0: not known).

    ``quality`` caps them as well. Something is always left when there was anything.
    """
    sizes = sorted({step.size for step in ladder})
    if not sizes:
        return ladder
    most = min(_by_quality(ladder, quality, sizes), _by_tile(ladder, width, height, sizes[-1]))
    return tuple(step for step in ladder if step.size <= max(most, sizes[0]))


def weigh(source: Source, *, pinned: bool, speaker: bool, width: int, height: int) -> float:
    """Return how much a slot matters: pinned, then screens, then speakers, then by its size."""
    if pinned:
        return _PINNED
    if source == "screen":
        return _SCREEN
    area = width * height / _USUAL if width and height else 1.0
    return (_SPEAKER if speaker else 1.0) * min(max(area, 0.5), 1.9)


def _by_quality(ladder: Ladder, quality: Quality, sizes: list[int]) -> int:
    rung = _RUNG.get(quality, 0)
    if rung == _RUNG["high"]:
        return sizes[-1]
    if len(sizes) > 1 and len({step.rid for step in ladder}) == 1:
        # The sizes of one encoding are its spatial layers, whatever its RID.
        return sizes[max(0, len(sizes) - 3 + rung)]
    better = LADDER[rung + 1 :]
    return max((step.size for step in ladder if step.rid not in better), default=sizes[0])


def _by_tile(ladder: Ladder, width: int, height: int, largest: int) -> int:
    if not width or not height:
        return largest
    for step in ladder:
        if not step.width or not step.height:
            continue
        if min(width / step.width, height / step.height) <= _ENLARGED:
            return step.size
    return largest
