"""What one viewer is to be shown, as a plan. Pure; ``screening`` carries it out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.allocation.budget import audio_need, for_video, to_prove
from trio_sfu.rooms.allocation.steady import Allocator
from trio_sfu.rooms.attention import Attention
from trio_sfu.rooms.choice import Choice
from trio_sfu.rooms.plan import Planned
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.slots import Seating, Wishes, assign
from trio_sfu.rooms.speakers import Speech
from trio_sfu.rooms.state import Member
from trio_sfu.rooms.tracks import Tracks
from trio_sfu.signaling.carried import SlotLine, VideoLimit

FIRST_ESTIMATE: Final = 400_000
"""Bits/s that are taken for safe until the engine has measured."""


@dataclass(slots=True)
class View:
    """A viewer's slots, what it has on its screen, and who sits where."""

    lines: Sequence[SlotLine] = ()
    voices: int = 8
    """How many microphones the viewer hears at most."""
    estimate: int | None = None
    """What the network to the viewer carries, in bits/s; None: nobody knows."""
    loss: float = 0.0
    """The share of packets that the viewer misses, of all it is sent."""
    only: str | None = None
    """The id or the name of whom alone the viewer wants to see and hear; None: all."""
    at_ease: bool = False
    """Whether the network carried twice what everything could cost, when that was planned last."""
    attention: Attention = field(default_factory=Attention)
    _seating: Seating = field(default_factory=Seating)
    _allocator: Allocator = field(default_factory=Allocator)

    @property
    def due(self) -> float:
        """When to plan anew though nothing has happened."""
        return min(self._allocator.due, self._seating.again)

    @property
    def crowded(self) -> bool:
        """Whether it has not the slots for all, so that who speaks decides."""
        return self._seating.crowded

    def unseated(self, now: float) -> bool:
        """Return whether it is time to seat anew though nothing has happened."""
        return self._seating.again <= now

    def expect_estimate(self, *, measured: bool) -> None:
        """Begin with little where the network is measured, rather than with all there is."""
        if measured and self.estimate is None:
            self.estimate = FIRST_ESTIMATE

    def shows(self, peer: PeerId) -> bool:
        """Return whether one of the slots is a peer's."""
        showing = self._seating.showing.values()
        return any(each is not None and each.peer == peer for each in showing)

    def seats(self, peer: PeerId) -> bool:
        """Return whether one of the slots is kept for a peer, whatever it shows."""
        seating = self._seating
        places = (seating.seats, seating.microphones, seating.screen_audio)
        return any(peer in each.values() for each in places)

    def heeds(self, publisher: Publisher, speech: Speech) -> bool:
        """Return whether what a peer publishes now can change who sits where.

        It cannot where all seats are taken by others who are seen, and nothing entitles the peer
        to one of them (see ``seats``): in a big meeting, of most who come.
        """
        peer = publisher.peer
        return (
            not self._seating.full
            or self.seats(peer)
            or not publisher.tracks.keys().isdisjoint(("screen", "screen-audio"))
            or peer in self.attention.pinned
            or peer in speech.recent
            or peer in speech.voices
        )

    def may_show(self, member: Member) -> bool:
        """Return whether the viewer wants to see and hear a member at all."""
        return self.only in (None, member.id, member.name)

    def seat(
        self, others: Iterable[Member], *, now: float = 0.0, speech: Speech | None = None
    ) -> None:
        """Say which slot is whose, for something is new about ``others``.

        ``speech`` decides who is seen and heard when there are not slots for all.
        """
        publishers = [
            member.publisher() for member in others if member.may_be_shown and self.may_show(member)
        ]
        here = {publisher.peer for publisher in publishers}
        wishes = Wishes(
            now,
            speech or Speech(),
            self.attention.pinned & here,
            self.voices,
            tuple(peer for peer in self.attention.beside if peer in here),
        )
        self._seating = assign(self.lines, publishers, self._seating, wishes)

    def plan(
        self,
        now: float,
        members: Mapping[PeerId, Member],
        tracks: Tracks,
        limit: VideoLimit = "high",
        *,
        speaker: PeerId | None = None,
        viewer: PeerId | None = None,
        by_room: VideoLimit = "high",
    ) -> Planned:
        """Choose what of the seated ``members`` is forwarded, within ``limit``.

        ``speaker`` is who speaks, ``viewer`` who looks; ``by_room`` what of ``limit`` is the
        room's own.
        """
        choice = Choice(
            self.attention,
            now,
            members,
            tracks,
            limit,
            speaker,
            members.get(viewer or PeerId("")),
            by_room,
        )
        for mid, showing in self._seating.showing.items():
            choice.add(mid, showing)
        audio = audio_need(choice.microphones, choice.screen_audio)
        budget = for_video(self.estimate, audio, self.loss) if self.estimate is not None else None
        guess = self.estimate == FIRST_ESTIMATE
        allotted = self._allocator.run(now, budget, choice.wants, guess=guess)
        spent = sum(step.bitrate for step in allotted.values() if step is not None)
        best = sum(want.ladder[-1].peak for want in choice.wants)
        self.at_ease = budget is not None and best * 2 <= budget
        return Planned(
            plan=choice.plan(allotted),
            layers=choice.layers(allotted),
            estimate=self.estimate,
            demand=to_prove(best, audio, self.loss) if choice.wants else 0,
            needs=choice.needs(allotted, (budget or 0.0) - spent),
            short=budget is not None and best > budget,
            statistics=self.attention.statistics,
        )
