"""When the viewers of a room are planned anew, and what publishers are told of it.

A viewer is planned when something has happened that may change its plan, and no sooner than
a tenth of a second after its last plan when only figures have changed. All viewers that are
to be planned are planned in one step: a swap of screen and camera is atomic for the room.

Who comes with nothing to show, or is connected now, changes nobody's plan: a lecture would
else plan all its viewers anew for each of them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import ceil, inf
from typing import Final, Protocol

import trio

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.measured import Measurement
from trio_sfu.rooms.layers import least
from trio_sfu.rooms.link import Link
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.screening import Screening
from trio_sfu.rooms.speakers import Speech
from trio_sfu.rooms.state import RoomState
from trio_sfu.rooms.tracks import Tracks
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import Source, VideoLimit
from trio_sfu.signaling.messages import SendEncodings

_GRID: Final = 0.1
"""Seconds: what is not urgent waits for the next multiple, and all that is due goes together."""
_MEASURED: Final = 0.5
"""Seconds within which a viewer is planned anew after a layer's cost has changed."""
_AT_EASE: Final = 2.0
"""The same of a viewer who has the best of all, and twice the bits that it may take."""
_STATISTICS: Final = 1.0
"""Seconds between two reports to a viewer that looks at figures."""


class Viewer(Protocol):
    """What has to be known of a peer to plan what it is shown."""

    id: PeerId
    view: View
    screening: Screening

    @property
    def link(self) -> Link:
        """Its signaling session."""
        ...


class Planning:
    """The viewers of one room that are to be planned."""

    def __init__(
        self,
        state: RoomState,
        viewers: Mapping[PeerId, Viewer],
        speech: Callable[[], Speech],
        introduce: Callable[[Collection[PeerId]], object] = lambda _peers: None,
    ) -> None:
        """``introduce`` is called with the peers that a viewer is about to be shown."""
        self.limit: VideoLimit = "high"
        """The most video that the server sends anybody."""
        self.by_room: VideoLimit = "high"
        """The most that is sent in this room."""
        self.tracks = Tracks()
        self._state = state
        self._viewers = viewers
        self._speech = speech
        self._introduce = introduce
        self._due: dict[PeerId, float] = {}
        self._unseated: set[PeerId] = set()
        self._published: dict[PeerId, Publisher] = {}
        """What each member published when its viewers were planned last."""
        self._all = False
        self._changed = trio.Event()

    # ---- what has happened -------------------------------------------------------------

    def all(self) -> None:
        """Plan everybody anew, with who sits where."""
        self._all = True
        self._changed.set()

    def speech_changed(self) -> None:
        """Plan those anew who have not the slots for all, or not the bits: who speaks decides."""
        for viewer in self._viewers.values():
            if viewer.view.crowded:
                self.viewer(viewer.id)
            elif viewer.view.estimate is not None:
                self._soon(viewer.id, trio.current_time())

    def viewer(self, peer: PeerId) -> None:
        """Plan one viewer anew, with who sits where: it has other slots, or wants others."""
        self._unseated.add(peer)
        self._soon(peer, -inf)

    def attention(self, peer: PeerId) -> None:
        """Plan one viewer anew: it looks at what it has in another way."""
        self._soon(peer, -inf)

    def member(self, peer: PeerId) -> None:
        """Plan those anew who may be shown a peer, if it publishes something else now."""
        member = self._state.members[peer]
        published = member.publisher()
        if published == self._published.get(peer, Publisher(peer, {})):
            return
        self._published[peer] = published
        speech = self._speech()
        for viewer in self._viewers.values():
            view = viewer.view
            if viewer.id != peer and view.may_show(member) and view.heeds(published, speech):
                self.viewer(viewer.id)

    def source(self, peer: PeerId, source: Source) -> None:
        """Plan those anew who are shown a peer, for its encodings are others."""
        if source == "screen":
            # Its first packet and its end decide what the stage is.
            self.member(peer)
        for viewer in self._watching(peer):
            self._soon(viewer.id, -inf)

    def measured(self, peer: PeerId, source: Source, layers: Sequence[Measurement]) -> None:
        """Take what the layers of a peer's video cost."""
        now = trio.current_time()
        self.tracks.measure(now, peer, source, layers)
        for viewer in self._watching(peer):
            if viewer.view.estimate is not None:
                self._soon(viewer.id, now + (_AT_EASE if viewer.view.at_ease else _MEASURED))

    def switched(self, peer: PeerId) -> None:
        """Note that a viewer shows another encoding: the former may stop."""
        viewer = self._viewers.get(peer)
        if viewer is None:
            return
        wishes = viewer.screening.planned.wishes(viewer.screening.shown)
        if self.tracks.dynacast.wish(trio.current_time(), peer, wishes):
            self._changed.set()

    def estimated(self, peer: PeerId, bitrate: int) -> None:
        """Take what the network to a viewer carries, in bits/s."""
        viewer = self._viewers.get(peer)
        if viewer is None:
            return
        view = viewer.view
        fell = view.estimate is None or bitrate < view.estimate
        view.estimate = bitrate
        self._soon(peer, -inf if fell else trio.current_time())

    def offered(self, peer: PeerId, rids: tuple[str, ...]) -> None:
        """Take which encodings of a camera were negotiated, once packets of it come."""
        self.tracks.dynacast.offer(trio.current_time(), peer, rids or ("",))
        self._changed.set()

    def left(self, peer: PeerId) -> None:
        """Forget a peer that has left, and plan those anew who have a place for it."""
        self.tracks.forget(trio.current_time(), peer)
        self._due.pop(peer, None)
        self._unseated.discard(peer)
        self._published.pop(peer, None)
        for viewer in self._viewers.values():
            if viewer.view.seats(peer):
                self.viewer(viewer.id)
        # The publishers it watched may have encodings to stop.
        self._changed.set()

    def tell_again(self, peer: PeerId) -> None:
        """Tell a publisher what it was told of its encodings; it may not have heard it."""
        rids = self.tracks.dynacast.repeat(peer)
        if rids is not None:
            self._viewers[peer].link.send(SendEncodings(source="camera", rids=rids))

    # ---- what follows from it ----------------------------------------------------------

    async def run(self) -> None:
        """Plan whoever is to be planned, for ever."""
        while True:
            with trio.move_on_at(self._next()):
                await self._changed.wait()
            self._changed = trio.Event()
            now = trio.current_time()
            for peer in self.tracks.dynacast.late(now):
                self.source(peer, "camera")
            for peer in self._take(now):
                self._plan(now, peer)
            self._tell_publishers(now)

    def _plan(self, now: float, peer: PeerId) -> None:
        viewer = self._viewers.get(peer)
        if viewer is None or peer not in self._state.members:
            return
        speech = self._speech()
        if peer in self._unseated or viewer.view.unseated(now):
            self._unseated.discard(peer)
            viewer.view.seat(self._state.others(peer), now=now, speech=speech)
        viewer.view.loss = viewer.screening.loss
        planned = viewer.view.plan(
            now,
            self._state.members,
            self.tracks,
            least(self.limit, self.by_room),
            speaker=speech.dominant,
            viewer=peer,
            by_room=self.by_room,
        )
        self._introduce({each.peer for each in planned.plan.values() if each is not None})
        viewer.screening.show(planned)
        self.tracks.dynacast.wish(now, peer, planned.wishes(viewer.screening.shown))
        if viewer.view.attention.statistics:
            self._soon(peer, now + _STATISTICS)
        if viewer.view.due < inf:
            self._soon(peer, viewer.view.due)

    def _tell_publishers(self, now: float) -> None:
        for peer, rids in self.tracks.dynacast.take(now):
            publisher = self._viewers.get(peer)
            if publisher is not None:
                publisher.link.send(SendEncodings(source="camera", rids=rids))

    def _next(self) -> float:
        return min(min(self._due.values(), default=inf), self.tracks.dynacast.due)

    def _take(self, now: float) -> list[PeerId]:
        if self._all:
            self._all = False
            self._due.clear()
            self._unseated.update(self._viewers)
            return list(self._viewers)
        taken = [peer for peer, due in self._due.items() if due <= now]
        for peer in taken:
            del self._due[peer]
        return taken

    def _soon(self, peer: PeerId, when: float) -> None:
        due = ceil(when / _GRID) * _GRID if when > -inf else when
        if due < self._due.get(peer, inf):
            self._due[peer] = due
            self._changed.set()

    def _watching(self, peer: PeerId) -> list[Viewer]:
        return [viewer for viewer in self._viewers.values() if viewer.view.shows(peer)]
