"""What of each peer's video can be had, and what it costs. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.ladder import Ladder, build_ladder
from trio_sfu.rooms.allocation.measured import Measured, Measurement
from trio_sfu.rooms.dynacast import Dynacast
from trio_sfu.rooms.state import Member
from trio_sfu.signaling.carried import Source

_KEPT: Final = 0.25
"""Seconds for which a ladder is good: as a rule its costs follow what was measured within 1.5 s."""


@dataclass(slots=True)
class _Track:
    measured: Measured
    kept_until: float = -inf
    of: frozenset[str] = frozenset()
    ladder: Ladder = ()


@dataclass(slots=True)
class Tracks:
    """The cameras and screens of a room."""

    dynacast: Dynacast = field(default_factory=Dynacast)
    _tracks: dict[tuple[PeerId, Source], _Track] = field(default_factory=dict)

    def measure(
        self, now: float, peer: PeerId, source: Source, layers: Iterable[Measurement]
    ) -> None:
        """Take what the engine has measured of a track's layers."""
        track = self._track(peer, source)
        track.measured.note(now, layers)
        track.kept_until = -inf

    def forget(self, now: float, peer: PeerId) -> None:
        """Forget a peer that has left."""
        self.dynacast.forget(now, peer)
        for key in [key for key in self._tracks if key[0] == peer]:
            del self._tracks[key]

    def ladder(self, now: float, member: Member, source: Source) -> Ladder:
        """Return the steps of a member's video that can be had; none: nothing flows."""
        encodings = self._encodings(now, member, source)
        track = self._track(member.id, source)
        if now >= track.kept_until or track.of != encodings:
            track.ladder = build_ladder(source, encodings, track.measured.costs(now))
            track.kept_until, track.of = now + _KEPT, encodings
        return track.ladder

    def missing(self, now: float, member: Member, source: Source) -> list[str]:
        """Return the RIDs of a camera that its publisher could send and does not."""
        if source != "camera":
            return []
        return self.dynacast.missing(member.id, self._encodings(now, member, source))

    def _encodings(self, now: float, member: Member, source: Source) -> frozenset[str]:
        if source != "camera":
            return member.encodings(source)
        expected = self.dynacast.expected(now, member.id)
        return frozenset((*member.flowing.get(source, ()), *expected)) or member.encodings(source)

    def _track(self, peer: PeerId, source: Source) -> _Track:
        key = (peer, source)
        if key not in self._tracks:
            self._tracks[key] = _Track(Measured(source))
        return self._tracks[key]
