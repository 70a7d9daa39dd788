"""What could be shown on each slot of a viewer, and what of it is chosen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.ladder import Ladder, Step
from trio_sfu.rooms.allocation.steady import Allotted
from trio_sfu.rooms.allocation.wants import Want, useful, weigh
from trio_sfu.rooms.attention import Attention
from trio_sfu.rooms.dynacast import Wish
from trio_sfu.rooms.layers import LADDER, SINGLE, allowed, lower, up_to
from trio_sfu.rooms.plan import Plan, Wanted
from trio_sfu.rooms.slots import Showing
from trio_sfu.rooms.state import Member
from trio_sfu.rooms.tracks import Tracks
from trio_sfu.signaling.carried import Pause, Quality, SlotLayer, VideoLimit

_NEAR: Final = 0.7
"""A size is kept ready when that share of what it costs is there."""
_AUDIO: Final = ("microphone", "screen-audio")


@dataclass(slots=True)
class Choice:
    """The slots of one viewer while they are planned."""

    attention: Attention
    now: float
    members: Mapping[PeerId, Member]
    tracks: Tracks
    limit: VideoLimit
    speaker: PeerId | None = None
    viewer: Member | None = None
    by_room: VideoLimit = "high"
    """What of ``limit`` is the room's own."""
    wants: list[Want] = field(default_factory=list)
    microphones: int = 0
    screen_audio: int = 0
    _showing: dict[str, Showing | None] = field(default_factory=dict)
    _pauses: dict[str, Pause] = field(default_factory=dict)
    _unsupported: set[str] = field(default_factory=set)
    _missing: dict[str, list[str]] = field(default_factory=dict)
    _ladders: dict[str, Ladder] = field(default_factory=dict)

    def add(self, mid: str, showing: Showing | None) -> None:
        """Find out what a slot could use."""
        self._showing[mid] = showing
        if showing is None:
            return
        if showing.source in _AUDIO:
            self.microphones += showing.source == "microphone"
            self.screen_audio += showing.source == "screen-audio"
            return
        most = allowed(showing.source, self.limit)
        quality = self.attention.quality(showing.peer, beside=showing.beside)
        if most == "off":
            own = allowed(showing.source, self.by_room) == "off"
            self._pauses[mid] = "room" if own else "overload"
        elif quality == "off":
            self._pauses[mid] = "hidden"
        else:
            self._want(mid, showing, lower(quality, most))

    def _want(self, mid: str, showing: Showing, quality: Quality) -> None:
        member = self.members[showing.peer]
        if self.viewer is not None and not self.viewer.can_show(member, showing.source):
            # It stays mapped: the engine goes on when its publisher has another codec.
            self._unsupported.add(mid)
        ladder = self.tracks.ladder(self.now, member, showing.source)
        tile = self.attention.tile(showing.peer, beside=showing.beside)
        if showing.source == "screen":
            use = ladder
        else:
            use = useful(ladder, quality, tile.width, tile.height)
        if len(use) == len(ladder):
            self._missing[mid] = [
                rid
                for rid in self.tracks.missing(self.now, member, showing.source)
                if quality == "high" or rid not in LADDER[2 if quality == "medium" else 1 :]
            ]
        if not use:
            self._pauses[mid] = "not-sent"
            return
        weight = weigh(
            showing.source,
            pinned=tile.pinned,
            speaker=showing.peer == self.speaker,
            width=tile.width,
            height=tile.height,
        )
        self._ladders[mid] = use
        track = showing.peer, showing.source
        self.wants.append(Want(mid, track, use, weight, spare=showing.beside))

    def plan(self, allotted: Allotted) -> Plan:
        """Return what each slot is to show."""
        return {
            mid: self._wanted(mid, showing, allotted.get(mid)) if showing is not None else None
            for mid, showing in self._showing.items()
        }

    def _wanted(self, mid: str, showing: Showing, step: Step | None) -> Wanted | None:
        if showing.source in _AUDIO:
            return Wanted(showing.peer, showing.source, SINGLE)
        if self._pauses.get(mid) in ("overload", "room"):
            # Dark, not only unfed: a viewer shall not be left with a frozen picture.
            return None
        if step is None:
            return Wanted(showing.peer, showing.source, None)
        return Wanted(
            showing.peer, showing.source, step.rid, step.spatial, step.temporal, round(step.bitrate)
        )

    def layers(self, allotted: Allotted) -> list[SlotLayer]:
        """Return what the viewer is told of its slots of video."""
        return [
            self._layer(mid, allotted.get(mid))
            for mid, showing in self._showing.items()
            if showing is not None and showing.source not in _AUDIO
        ]

    def _layer(self, mid: str, step: Step | None) -> SlotLayer:
        ladder = self._ladders.get(mid)
        wanted = ladder[-1].rid if ladder else None
        if mid in self._unsupported:
            return SlotLayer(mid=mid, wanted=wanted, paused="unsupported")
        if step is None:
            return SlotLayer(mid=mid, wanted=wanted, paused=self._pauses.get(mid, "bandwidth"))
        return SlotLayer(
            mid=mid,
            rid=step.rid,
            spatial=step.spatial,
            temporal=step.temporal,
            bitrate=round(step.bitrate),
            width=step.width,
            height=step.height,
            wanted=wanted,
        )

    def needs(self, allotted: Allotted, left: float) -> dict[str, frozenset[Wish]]:
        """Return the encodings of cameras that have to come for this to be shown, by mid.

        What the viewer has a use for and the publisher does not send may begin at any time. The
        next size is kept ready when the ``left`` bits/s are not far from carrying it: an encoder
        takes its time.
        """
        needs = {}
        for mid, step in allotted.items():
            showing = self._showing[mid]
            if step is None or showing is None or showing.source != "camera":
                continue
            rids = {*up_to(step.rid)}
            larger = next((s for s in self._ladders[mid] if s.size > step.size), None)
            if larger is not None and larger.bitrate * _NEAR <= step.bitrate + left:
                rids.add(larger.rid)
            if step == self._ladders[mid][-1]:
                rids.update(self._missing.get(mid, ()))
            needs[mid] = frozenset((showing.peer, rid) for rid in rids)
        return needs
