"""Who is shown in which of a viewer's slots.

Pure. A *pair* is an audio and a video slot of one msid. A peer is seated in a pair
and stays there until it leaves, whatever it mutes or shares: what a viewer sees in
one place does not jump. Its microphone goes to the pair's audio slot, its stage (the
screen while it shares, else the camera) to the video slot. Audio of a shared screen
is seated in a pair that has no video slot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trio_sfu.ids import PeerId
from trio_sfu.signaling.messages import SlotLine, Source


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a peer publishes: its live sources, each with whether it is muted."""

    peer: PeerId
    tracks: Mapping[Source, bool]

    @property
    def stage(self) -> Source | None:
        """The screen while it is shared, else the camera unless that is muted."""
        if "screen" in self.tracks:
            return "screen"
        return "camera" if self.tracks.get("camera") is False else None


@dataclass(frozen=True, slots=True)
class Showing:
    """What a slot is to show."""

    peer: PeerId
    source: Source


@dataclass(frozen=True, slots=True)
class Seating:
    """Who sits in which pair, and what each slot (by mid) shows because of it."""

    seats: Mapping[int, PeerId] = field(default_factory=dict)
    screen_audio: Mapping[int, PeerId] = field(default_factory=dict)
    showing: Mapping[str, Showing | None] = field(default_factory=dict)


def assign(
    lines: Sequence[SlotLine], publishers: Sequence[Publisher], before: Seating | None = None
) -> Seating:
    """Seat ``publishers`` (the others, oldest first) in the pairs of ``lines``.

    Seats of ``before`` are kept; peers without one get the lowest free pair. Those
    for whom there is none are not shown until the client offers more slots.
    """
    before = before or Seating()
    with_video = {line.pair for line in lines if line.kind == "video"}
    audio_only = {line.pair for line in lines} - with_video
    here = [publisher.peer for publisher in publishers]
    sharing = [each.peer for each in publishers if "screen-audio" in each.tracks]
    seats = _seat(with_video, here, before.seats)
    screen_audio = _seat(audio_only, sharing, before.screen_audio)
    by_peer = {publisher.peer: publisher for publisher in publishers}
    showing: dict[str, Showing | None] = {}
    for line in lines:
        if line.pair in audio_only:
            heard = screen_audio.get(line.pair)
            showing[line.mid] = Showing(heard, "screen-audio") if heard else None
        else:
            seated = by_peer.get(seats[line.pair]) if line.pair in seats else None
            showing[line.mid] = _show(line, seated)
    return Seating(seats, screen_audio, showing)


def _show(line: SlotLine, publisher: Publisher | None) -> Showing | None:
    if publisher is None:
        return None
    if line.kind == "video":
        return Showing(publisher.peer, publisher.stage) if publisher.stage else None
    if "microphone" in publisher.tracks:
        return Showing(publisher.peer, "microphone")
    return None


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
