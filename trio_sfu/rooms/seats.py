"""Which peers a viewer sees when it has not the slots for all. Pure.

The ones it has pinned, those who share a screen, and the latest speakers are *entitled* to
a seat. Who has one keeps it, in its place, until somebody entitled needs it: then the one
gives way who has not spoken for the longest time. A seat that has changed hands keeps
its peer for ``HOLD``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.speakers import Speech

HOLD: Final = 5.0
"""Seconds between two changes of one seat."""
HOLD_FOR_SPEAKER: Final = 2.0
"""The same, when the dominant speaker is to have it and its peer does not speak."""
_NEVER: Final = float("inf")
_UNENTITLED: Final = (3, 0)
"""The first rank of those who have a camera, and nothing else, to be seen for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What decides who is seen, besides who is there."""

    now: float = 0.0
    speech: Speech = field(default_factory=Speech)
    pinned: frozenset[PeerId] = frozenset()
    voices: int = 8
    """How many microphones are heard at most."""
    beside: tuple[PeerId, ...] = ()
    """Whose camera is to be seen beside their screen, where there is a slot for it."""


class Seats:
    """The pairs with video of one viewer, while they are seated anew."""

    def __init__(
        self,
        pairs: Sequence[int],
        publishers: Sequence[Publisher],
        before: Mapping[int, PeerId],
        since: Mapping[int, float],
        heard: Mapping[int, PeerId],
        wishes: Wishes,
    ) -> None:
        """``since``: when each pair got its peer; ``heard``: whose microphone is in it."""
        self._pairs = pairs
        self._publishers = {publisher.peer: publisher for publisher in publishers}
        self._heard = heard
        self._wishes = wishes
        self._recency = {peer: place for place, peer in enumerate(wishes.speech.recent)}
        self.taken = {pair: before[pair] for pair in pairs if before.get(pair) in self._publishers}
        self.since = {pair: since.get(pair, 0.0) for pair in self.taken}
        self.again = _NEVER
        """When a seat may change that must not yet."""

    def seat(self) -> None:
        """Fill what is free; when that is not enough, have the entitled replace others."""
        if len(self._publishers) <= len(self._pairs):
            self._fill(self._unseated())
            return
        entitled = self._entitled()
        if len(self.taken) < len(self._pairs):
            self._fill(sorted(self._unseated(), key=self._rank))
        seated = set(self.taken.values())
        for peer in [each for each in entitled if each not in seated]:
            pair = self._give_way(peer, entitled)
            if pair is not None:
                self._put(pair, peer)
        self._fill_dark(entitled)

    def bring_forward(self, front: Sequence[int], heard: Sequence[PeerId]) -> None:
        """Seat those who speak in a pair of ``front``, which have audio: lip sync.

        They change places with somebody there who is not to be ``heard``.
        """
        seated = {peer: pair for pair, peer in self.taken.items()}
        for peer in heard:
            back = seated.get(peer)
            if back is None or back in front or peer not in self._wishes.speech.speaking:
                continue
            spared = {*heard, *(each for each in self.taken.values() if self._rank(each)[0] < 2)}
            if self._victim(peer, [back]) is None:
                continue
            places = [pair for pair in front if self.taken.get(pair) not in spared]
            pair = self._victim(peer, places)
            if pair is not None:
                there = self.taken.pop(pair, None)
                del self.taken[back]
                self._put(pair, peer)
                if there is not None:
                    self._put(back, there)

    def free_for_speakers(self) -> frozenset[int]:
        """Return the pairs that the next speaker might have at once."""
        now, speaking = self._wishes.now, self._wishes.speech.speaking
        return frozenset(
            pair
            for pair in self._pairs
            if (there := self.taken.get(pair)) is None
            or self._is_dark(there)
            or (
                self.since[pair] + HOLD <= now
                and there not in speaking
                and self._rank(there) > (1, 0)
            )
        )

    def _unseated(self) -> list[PeerId]:
        seated = set(self.taken.values())
        return [peer for peer in self._publishers if peer not in seated]

    def _fill(self, waiting: Sequence[PeerId]) -> None:
        free = [pair for pair in self._pairs if pair not in self.taken]
        for pair, peer in zip(free, waiting, strict=False):
            self._put(pair, peer)

    def _fill_dark(self, entitled: Sequence[PeerId]) -> None:
        """Seats that show nothing go to those who have something to show."""
        dark = [
            pair
            for pair, peer in self.taken.items()
            if self._is_dark(peer) and peer not in entitled
        ]
        if not dark:
            return
        waiting = [peer for peer in self._unseated() if not self._is_dark(peer)]
        for pair, peer in zip(dark, waiting, strict=False):
            self._put(pair, peer)

    def _put(self, pair: int, peer: PeerId) -> None:
        self.taken[pair] = peer
        self.since[pair] = self._wishes.now

    def _entitled(self) -> list[PeerId]:
        found = {
            peer: rank for peer in self._publishers if (rank := self._rank(peer)) < _UNENTITLED
        }
        return sorted(found, key=found.__getitem__)[: len(self._pairs)]

    def _rank(self, peer: PeerId) -> tuple[int, int]:
        if peer in self._wishes.pinned:
            return 0, 0
        if self._publishers[peer].stage == "screen":
            return 1, 0
        if self._is_dark(peer):
            return 4, 0
        place = self._recency.get(peer)
        return (2, place) if place is not None else (3, 0)

    def _is_dark(self, peer: PeerId) -> bool:
        return self._publishers[peer].stage is None and peer not in self._wishes.pinned

    def _give_way(self, peer: PeerId, entitled: Sequence[PeerId]) -> int | None:
        return self._victim(
            peer, [pair for pair, there in self.taken.items() if there not in entitled]
        )

    def _victim(self, peer: PeerId, pairs: Sequence[int]) -> int | None:
        """Return whose seat ``peer`` gets; None while none may change."""
        until = {pair: self._kept_until(pair, peer) for pair in pairs}
        may = [pair for pair in pairs if until[pair] <= self._wishes.now]
        if not may:
            self.again = min(self.again, *until.values(), _NEVER)
        return max(may, key=lambda pair: self._dispensable(pair, peer), default=None)

    def _kept_until(self, pair: int, peer: PeerId) -> float:
        there = self.taken.get(pair)
        now, speech = self._wishes.now, self._wishes.speech
        if there is None or self._is_dark(there) or self.since[pair] == now:
            return now
        quick = peer == speech.dominant and there not in speech.speaking
        return self.since[pair] + (HOLD_FOR_SPEAKER if quick else HOLD)

    def _dispensable(self, pair: int, peer: PeerId) -> tuple[bool, bool, float, int]:
        there = self.taken.get(pair)
        if there is None:
            return True, True, _NEVER, pair
        # Where its microphone is already, nothing of it needs to move.
        mine = self._heard.get(pair) == peer
        return self._is_dark(there), mine, self._recency.get(there, _NEVER), pair
