"""What the slots of one viewer are to show. Pure; ``screening`` carries it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trio_sfu.ids import PeerId
from trio_sfu.rooms.dynacast import Wish
from trio_sfu.rooms.layers import up_to
from trio_sfu.signaling.carried import SlotLayer, SlotState, Source
from trio_sfu.signaling.messages import SlotShows


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a slot is to show. ``rid`` is None while nothing of it can be forwarded.

    ``spatial`` and ``temporal`` are its highest layers, None: all. ``bitrate`` is what that
    costs, in bits/s.
    """

    peer: PeerId
    source: Source
    rid: str | None
    spatial: int | None = None
    temporal: int | None = None
    bitrate: int = 0

    @property
    def encoding(self) -> tuple[PeerId, Source, str | None]:
        """The encoding, whichever layers of it."""
        return self.peer, self.source, self.rid


Plan = Mapping[str, Wanted | None]
"""By the mid of each slot; None is a dark slot."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what others have to know of it."""

    plan: Plan = field(default_factory=dict)
    layers: Sequence[SlotLayer] = ()
    """What the viewer is told of its slots of video."""
    estimate: int | None = None
    demand: int = 0
    """What the engine is to find out whether the path carries it, in bits/s."""
    needs: Mapping[str, frozenset[Wish]] = field(default_factory=dict)
    """By the mid of each slot that is to show a camera: the encodings that have to come for it."""
    short: bool = False
    """Whether the network carries less than could be used."""
    statistics: bool = False
    """Whether the viewer looks at figures."""

    def wishes(self, shown: Mapping[str, SlotShows]) -> frozenset[Wish]:
        """Return the encodings of cameras that the viewer needs to be sent by their publishers.

        What is ``shown`` in fact, by mid, goes on until what is to be shown is there.
        """
        wishes: set[Wish] = set()
        for mid, needed in self.needs.items():
            wishes |= needed
            wanted, now = self.plan[mid], shown.get(mid)
            if wanted is None or now is None:
                continue
            if (now.peer, now.source) == (wanted.peer, wanted.source):
                wishes.update((wanted.peer, rid) for rid in up_to(now.rid))
        return frozenset(wishes)


def slot_states(plan: Plan) -> list[SlotState]:
    """Return ``plan`` as the viewer is told."""
    return [
        SlotState(mid=mid, peer=wanted.peer, source=wanted.source)
        if wanted is not None
        else SlotState(mid=mid)
        for mid, wanted in plan.items()
    ]
