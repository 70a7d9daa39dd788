"""What one viewer is to be shown, as a plan. Pure; ``screening`` carries it out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trio_sfu.ids import PeerId
from trio_sfu.rooms.layers import SINGLE, allowed, choose_encoding, lower
from trio_sfu.rooms.slots import Seating, Wishes, assign
from trio_sfu.rooms.speakers import Speech
from trio_sfu.rooms.state import Member
from trio_sfu.signaling import messages
from trio_sfu.signaling.messages import Quality, SlotLine, SlotState, Source, Tile, VideoLimit

_UNSAID: Quality = "high"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a slot is to show. ``rid`` is None while nothing of it can be forwarded."""

    peer: PeerId
    source: Source
    rid: str | None


Plan = Mapping[str, Wanted | None]
"""By the mid of each slot; None is a dark slot."""


@dataclass(slots=True)
class View:
    """A viewer's slots, what it prefers, and who sits where."""

    lines: Sequence[SlotLine] = ()
    voices: int = 8
    """How many microphones the viewer hears at most."""
    _preferences: dict[PeerId, Quality] = field(default_factory=dict)
    _tiles: dict[PeerId, Tile] = field(default_factory=dict)
    _hidden: bool = False
    _seating: Seating = field(default_factory=Seating)

    def prefer(self, peer: PeerId, quality: Quality) -> None:
        """Note the best quality the viewer can use of a peer's stage."""
        self._preferences[peer] = quality

    def see(self, view: messages.View) -> None:
        """Note what the viewer has on its screen, in place of what it had."""
        self._tiles = {PeerId(tile.peer): tile for tile in view.tiles}
        self._hidden = view.hidden

    def _looks_at(self, peer: PeerId) -> bool:
        tile = self._tiles.get(peer)
        return not self._hidden and (tile is None or tile.visible)

    def forget(self, peer: PeerId) -> None:
        """Forget a peer that has left."""
        self._preferences.pop(peer, None)
        self._tiles.pop(peer, None)

    @property
    def crowded(self) -> bool:
        """Whether it has not the slots for all, so that who speaks decides."""
        return self._seating.crowded

    @property
    def again(self) -> float:
        """When to plan anew, should nothing happen before."""
        return self._seating.again

    def plan(
        self,
        others: Iterable[Member],
        limit: VideoLimit = "high",
        *,
        speech: Speech | None = None,
        now: float = 0.0,
    ) -> Plan:
        """Seat ``others`` and choose what of them is forwarded, within ``limit``.

        ``speech`` decides who is seen and heard when there are not slots for all.
        """
        members = {member.id: member for member in others}
        publishers = [member.publisher() for member in members.values()]
        pinned = frozenset(peer for peer, tile in self._tiles.items() if tile.pinned)
        wishes = Wishes(now, speech or Speech(), pinned & members.keys(), self.voices)
        self._seating = assign(self.lines, publishers, self._seating, wishes)
        return {
            mid: self._wanted(members[showing.peer], showing.source, limit) if showing else None
            for mid, showing in self._seating.showing.items()
        }

    def _wanted(self, member: Member, source: Source, limit: VideoLimit) -> Wanted | None:
        if source in ("microphone", "screen-audio"):
            return Wanted(member.id, source, SINGLE)
        most = allowed(source, limit)
        if most == "off":
            # Dark, not only unfed: a viewer shall not be left with a frozen picture.
            return None
        quality = lower(self._preferences.get(member.id, _UNSAID), most)
        if not self._looks_at(member.id):
            quality = "off"
        return Wanted(member.id, source, choose_encoding(member.encodings(source), quality))


def slot_states(plan: Plan) -> list[SlotState]:
    """Return ``plan`` as the viewer is told."""
    return [
        SlotState(mid=mid, peer=wanted.peer, source=wanted.source)
        if wanted is not None
        else SlotState(mid=mid)
        for mid, wanted in plan.items()
    ]
