"""Carry out a viewer's plan: map its slots in the engine and tell its client."""

from collections.abc import Callable, Mapping

import trio

from trio_sfu.ids import PeerId
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.rooms.view import Plan, Wanted, slot_states
from trio_sfu.signaling.messages import ServerMessage, Slots, SlotShows, SlotState, Source

FindTrack = Callable[[PeerId, Source], UpTrack | None]


class Screening:
    """The newest plan of one viewer; an older one that was not carried out is dropped."""

    def __init__(
        self, tell: Callable[[ServerMessage], None], slots: Callable[[], Mapping[str, Slot]]
    ) -> None:
        self._send = tell
        self._slots = slots
        self._plan: Plan = {}
        self._planned = trio.Event()
        self._mapped: dict[str, Wanted] = {}
        self._told: list[SlotState] = []
        self._shows: dict[str, SlotShows] = {}

    def show(self, plan: Plan) -> None:
        """Have ``plan`` carried out."""
        self._plan = plan
        self._planned.set()

    def shows(self, message: SlotShows) -> None:
        """Tell the client what a slot shows now."""
        self._shows[message.mid] = message
        self._send(message)

    def repeat(self) -> None:
        """Tell the client everything again."""
        self._send(Slots(slots=self._told))
        for state in self._told:
            shown = self._shows.get(state.mid)
            if shown is not None and shown.peer == state.peer:
                self._send(shown)

    async def run(self, find_track: FindTrack) -> None:
        """Carry out each plan; raises what the engine raises."""
        while True:
            await self._planned.wait()
            self._planned = trio.Event()
            slots = self._slots()
            for mid, wanted in self._plan.items():
                if mid in slots:
                    self._map(slots[mid], wanted, find_track)
            self._tell()

    def _map(self, slot: Slot, wanted: Wanted | None, find_track: FindTrack) -> None:
        mapped = self._mapped.get(slot.mid)
        if wanted is not None and wanted.rid is not None:
            track = find_track(wanted.peer, wanted.source)
            if track is not None:
                if wanted != mapped:
                    if _ended_before(wanted, mapped):
                        slot.show(None)
                    slot.show(track, wanted.rid)
                    self._mapped[slot.mid] = wanted
                return
        if mapped is not None:
            slot.show(None)
            del self._mapped[slot.mid]
            self._shows.pop(slot.mid, None)

    def _tell(self) -> None:
        states = slot_states(self._plan)
        if states != self._told:
            self._told = states
            self._send(Slots(slots=states))


def _ended_before(wanted: Wanted, mapped: Wanted | None) -> bool:
    # The last that browsers send of a capture that has ended is a black picture. The
    # viewer keeps the one before it until the camera's keyframe.
    return (
        mapped is not None
        and mapped.peer == wanted.peer
        and (mapped.source, wanted.source) == ("screen", "camera")
    )
