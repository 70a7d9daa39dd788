"""Whose camera is shown beside their screen, and in which pair. Pure.

A viewer may wish to see a presenter besides what they present. That never takes a place from
anybody: it is in a pair whose video slot has nobody's stage, and goes when one needs it.
"""

from collections.abc import Mapping, Sequence

from trio_sfu.ids import PeerId
from trio_sfu.rooms.publisher import Publisher


def beside(
    pairs: Sequence[int],
    seats: Mapping[int, PeerId],
    publishers: Mapping[PeerId, Publisher],
    before: Mapping[int, PeerId],
    wished: Sequence[PeerId],
) -> dict[int, PeerId]:
    """Return the pairs with video in which the camera of one of ``wished`` is shown.

    ``before``: in which it was; it stays there if it can. Pairs that nobody sits in are taken
    first, then those of peers of whom nothing is to be seen.
    """
    seated = set(seats.values())
    there = [peer for peer in wished if peer in seated and publishers[peer].has_another]
    free = [pair for pair in pairs if pair not in seats]
    free += [pair for pair in pairs if pair in seats and publishers[seats[pair]].stage is None]
    taken = {pair: before[pair] for pair in free if before.get(pair) in there}
    kept = set(taken.values())
    waiting = (peer for peer in there if peer not in kept)
    taken.update(zip((pair for pair in free if pair not in taken), waiting, strict=False))
    return taken
