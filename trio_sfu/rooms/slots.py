"""Who is shown in which of a viewer's slots.

Pure. A *pair* is an audio and a video slot of one msid. A peer is seated in a pair
and stays there until it leaves, whatever it mutes or shares: what a viewer sees in
one place does not jump. Its microphone goes to the pair's audio slot, its stage (the
screen while it shares, else the camera) to the video slot. Audio of a shared screen
is seated in a pair that has no video slot. Its camera beside its screen is shown only where
the viewer wishes that, in a video slot that nothing else is on (``beside``).

With fewer pairs than peers, ``seats`` says who is seen and ``microphones`` who is heard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trio_sfu.ids import PeerId
from trio_sfu.rooms.beside import beside
from trio_sfu.rooms.microphones import Microphones
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.seats import Seats, Wishes
from trio_sfu.signaling.carried import SlotLine, Source

__all__ = ["Publisher", "Seating", "Showing", "Wishes", "assign"]


@dataclass(frozen=True, slots=True)
class Showing:
    """What a slot is to show."""

    peer: PeerId
    source: Source
    beside: bool = False
    """Whether it is not the peer's stage, but its camera beside that."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Who sits in which pair, and what each slot (by mid) shows because of it."""

    seats: Mapping[int, PeerId] = field(default_factory=dict)
    screen_audio: Mapping[int, PeerId] = field(default_factory=dict)
    microphones: Mapping[int, PeerId] = field(default_factory=dict)
    beside: Mapping[int, PeerId] = field(default_factory=dict)
    showing: Mapping[str, Showing | None] = field(default_factory=dict)
    crowded: bool = False
    """Whether there are more to be seen or heard than there are slots for."""
    full: bool = False
    """Whether, besides, all pairs with video have somebody who is seen, and as many are heard as
    there may be."""
    again: float = float("inf")
    """When to assign anew, should nothing happen before."""
    seated_at: Mapping[int, float] = field(default_factory=dict)
    heard_at: Mapping[int, float] = field(default_factory=dict)


def assign(
    lines: Sequence[SlotLine],
    publishers: Sequence[Publisher],
    before: Seating | None = None,
    wishes: Wishes | None = None,
) -> Seating:
    """Seat ``publishers`` (the others, oldest first) in the pairs of ``lines``.

    Seats of ``before`` are kept; peers without one get the lowest free pair. When there
    is none, ``wishes`` decide who has one.
    """
    before, wishes = before or Seating(), wishes or Wishes()
    with_video = {line.pair for line in lines if line.kind == "video"}
    with_audio = {line.pair for line in lines if line.kind == "audio"}
    full, audio_only = sorted(with_video & with_audio), sorted(with_audio - with_video)
    sharing = [each.peer for each in publishers if "screen-audio" in each.tracks]
    screen_audio = _seat(audio_only, sharing, before.screen_audio)
    spare = [pair for pair in audio_only if pair not in screen_audio]
    seats = Seats(
        sorted(with_video), publishers, before.seats, before.seated_at, before.microphones, wishes
    )
    seats.seat()
    if with_video - with_audio:
        room = min(len(full) + len(spare), wishes.voices)
        can = {each.peer for each in publishers if "microphone" in each.tracks}
        seats.bring_forward(full, wishes.speech.heard(can.__contains__, room))
    microphones = Microphones(
        full,
        spare,
        seats.taken,
        seats.free_for_speakers(),
        publishers,
        before.microphones,
        before.heard_at,
        wishes,
    )
    heard = microphones.assign()
    by_peer = {each.peer: each for each in publishers}
    cameras = beside(sorted(with_video), seats.taken, by_peer, before.beside, wishes.beside)
    shown = _Shown(by_peer, seats.taken, screen_audio, heard, cameras)
    crowded = len(publishers) > len(with_video) or not microphones.all_fit
    seen = sum(by_peer[peer].stage is not None for peer in seats.taken.values())
    return Seating(
        seats.taken,
        screen_audio,
        heard,
        cameras,
        {line.mid: shown.on(line) for line in lines},
        crowded=crowded,
        full=crowded and seen == len(with_video) and len(heard) >= microphones.room,
        again=min(seats.again, microphones.again),
        seated_at=seats.since,
        heard_at={
            pair: before.heard_at.get(pair, 0.0)
            if before.microphones.get(pair) == peer
            else wishes.now
            for pair, peer in heard.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    publishers: Mapping[PeerId, Publisher]
    seats: Mapping[int, PeerId]
    screen_audio: Mapping[int, PeerId]
    microphones: Mapping[int, PeerId]
    beside: Mapping[int, PeerId]

    def on(self, line: SlotLine) -> Showing | None:
        if line.kind == "video":
            seated = self.seats.get(line.pair)
            stage = self.publishers[seated].stage if seated is not None else None
            if seated is not None and stage is not None:
                return Showing(seated, stage)
            another = self.beside.get(line.pair)
            return Showing(another, "camera", beside=True) if another is not None else None
        if line.pair in self.screen_audio:
            return Showing(self.screen_audio[line.pair], "screen-audio")
        heard = self.microphones.get(line.pair)
        return Showing(heard, "microphone") if heard is not None else None


def _seat(
    pairs: Iterable[int], peers: Sequence[PeerId], before: Mapping[int, PeerId]
) -> dict[int, PeerId]:
    pairs = sorted(pairs)
    seats = {pair: before[pair] for pair in pairs if before.get(pair) in peers}
    seated = set(seats.values())
    waiting = (peer for peer in peers if peer not in seated)
    free = (pair for pair in pairs if pair not in seats)
    seats.update(zip(free, waiting, strict=False))
    return seats
