"""Carry out a viewer's plan: map its slots in the engine and tell its client."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from trio_sfu.ids import PeerId
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.rooms.layers import LADDER
from trio_sfu.rooms.plan import Planned, Wanted, slot_states
from trio_sfu.rooms.reporting import Reporting
from trio_sfu.signaling.carried import SlotState, Source
from trio_sfu.signaling.messages import ServerMessage, Slots, SlotShows

if TYPE_CHECKING:
    from trio_sfu.webrtc.peer_connection import PeerConnection

Limit: TypeAlias = tuple[int | None, int | None]
"""The highest spatial and temporal layer; None: all."""
_ALL: Final[Limit] = None, None
_LOSS_EVERY: Final = 2.0
"""Seconds between two looks at what gets lost, while a link has too little for all."""
_DEMAND_MOVES: Final = 0.05
"""The engine is told of another demand when it has moved by more than that share."""

_SOUND: Final = frozenset[Source]({"microphone", "screen-audio"})

FindTrack = Callable[[PeerId, Source], UpTrack | None]


class Screening:
    """The newest plan of one viewer; an older one that was not carried out is dropped."""

    def __init__(
        self,
        tell: Callable[[ServerMessage], None],
        connection: Callable[[], PeerConnection | None],
    ) -> None:
        self.shown: dict[str, SlotShows] = {}
        """What each slot shows in fact, by mid."""
        self.reporting = Reporting(tell)
        self._send = tell
        self.loss = 0.0
        """The share of packets that the viewer misses, while that matters."""
        self._loss_at = -inf
        self._connection = connection
        self._demand = 0
        self._plan = Planned()
        self._planned = trio.Event()
        self._limits: dict[str, Limit] = {}
        self._mapped: dict[str, Wanted] = {}
        self._told: list[SlotState] = []

    def show(self, plan: Planned) -> None:
        """Have ``plan`` carried out."""
        self._plan = plan
        self._planned.set()

    @property
    def planned(self) -> Planned:
        """The newest plan."""
        return self._plan

    def mapped(self, mid: str) -> Wanted | None:
        """Return what the engine was told last to show on a slot."""
        return self._mapped.get(mid)

    def shows(self, message: SlotShows) -> None:
        """Tell the client what a slot shows now."""
        self.shown[message.mid] = message
        self._send(message)
        wanted = self._mapped.get(message.mid)
        limit = self._limits.get(message.mid, _ALL)
        if wanted is not None and limit != _limit_of(wanted, message):
            # What it switched under is the limit of what it has switched from.
            self._planned.set()

    def path_changed(self, find_track: FindTrack) -> None:
        """Ask for keyframes of what is shown: what went by the former path may be lost.

        Browsers ask for it to be sent again, which the estimate after a gap may not allow, and
        for a keyframe only when nothing could be decoded for three seconds.
        """
        for mid in self.shown:
            wanted = self._mapped.get(mid)
            if wanted is None or wanted.rid is None or wanted.source in _SOUND:
                continue
            track = find_track(wanted.peer, wanted.source)
            if track is not None and wanted.rid in track.encodings:
                track.request_keyframe(wanted.rid)

    def forget(self) -> None:
        """Forget what the slots show: they are closed, and later ones begin with nothing."""
        self.shown.clear()
        self._mapped.clear()
        self._limits.clear()

    def repeat(self) -> None:
        """Tell the client everything again."""
        self._send(Slots(slots=self._told))
        for state in self._told:
            shown = self.shown.get(state.mid)
            if shown is not None and shown.peer == state.peer:
                self._send(shown)
        self.reporting.repeat()

    async def run(self, find_track: FindTrack) -> None:
        """Carry out each plan; raises what the engine raises."""
        while True:
            await self._planned.wait()
            self._planned = trio.Event()
            pc = self._connection()
            if pc is None:
                continue
            slots = pc.slots
            for mid, wanted in self._plan.plan.items():
                if mid in slots:
                    self._map(slots[mid], wanted, find_track)
            now = trio.current_time()
            self._ask_for(pc, self._plan.demand)
            if self._plan.short and now >= self._loss_at + _LOSS_EVERY:
                self.loss, self._loss_at = pc.loss, now
            self._tell()
            self.reporting.report(now, self._plan, slots)

    def _map(self, slot: Slot, wanted: Wanted | None, find_track: FindTrack) -> None:
        mapped = self._mapped.get(slot.mid)
        if wanted is not None and wanted.rid is not None:
            track = find_track(wanted.peer, wanted.source)
            if track is not None:
                if mapped is None or wanted.encoding != mapped.encoding:
                    if _ended_before(wanted, mapped):
                        slot.show(None)
                    slot.show(track, wanted.rid)
                self._mapped[slot.mid] = wanted
                self._limit(slot, wanted)
                return
        if mapped is not None:
            slot.show(None)
            del self._mapped[slot.mid]
            self.shown.pop(slot.mid, None)

    def _limit(self, slot: Slot, wanted: Wanted) -> None:
        limit = _limit_of(wanted, self.shown.get(slot.mid))
        if limit != self._limits.get(slot.mid, _ALL):
            self._limits[slot.mid] = limit
            slot.limit(*limit)

    def _ask_for(self, pc: PeerConnection, demand: int) -> None:
        if abs(demand - self._demand) > self._demand * _DEMAND_MOVES:
            self._demand = demand
            pc.set_demand(demand)

    def _tell(self) -> None:
        states = slot_states(self._plan.plan)
        if states != self._told:
            self._told = states
            self._send(Slots(slots=states))


def _limit_of(wanted: Wanted, shown: SlotShows | None) -> Limit:
    """Return the wanted layers; the least until something cheaper has come in its place.

    A smaller encoding begins with a keyframe, which takes a round trip or two. The link
    has no room for what is shown until then, but its lowest layer decodes by itself.
    """
    if shown is not None and _gives_way(shown, wanted):
        return None, 0
    return wanted.spatial, wanted.temporal


def _gives_way(shown: SlotShows, wanted: Wanted) -> bool:
    """Whether a larger encoding of a camera is shown until a smaller one's keyframe."""
    same = (shown.peer, shown.source) == (wanted.peer, wanted.source)
    if not same or shown.rid not in LADDER or wanted.rid not in LADDER:
        return False
    return LADDER.index(wanted.rid) < LADDER.index(shown.rid)


def _ended_before(wanted: Wanted, mapped: Wanted | None) -> bool:
    # The last that browsers send of a capture that has ended is a black picture. The
    # viewer keeps the one before it until the camera's keyframe.
    return (
        mapped is not None
        and mapped.peer == wanted.peer
        and (mapped.source, wanted.source) == ("screen", "camera")
    )
