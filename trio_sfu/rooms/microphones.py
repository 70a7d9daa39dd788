"""Whose microphones a viewer hears when it has not the slots for all. Pure.

The first voices of the room (see ``speakers.Speech``). Where somebody is heard and seen, it
is in one pair of slots, for browsers keep lip sync by it. What nobody needs stays as it is,
so that who speaks again is there already.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from trio_sfu.ids import PeerId
from trio_sfu.rooms.publisher import Publisher
from trio_sfu.rooms.seats import Wishes

GIVEN_BACK: Final = 5.0
"""Seconds after which a pair whose guest is silent has its own microphone again."""
_NEVER: Final = float("inf")


class Microphones:
    """The pairs with audio of one viewer, while they are given microphones anew.

    ``full`` have video as well, with the peers of ``seats``; ``spare`` have not. In those
    that are ``free`` somebody else may be seen soon.
    """

    def __init__(
        self,
        full: Sequence[int],
        spare: Sequence[int],
        seats: Mapping[int, PeerId],
        free: frozenset[int],
        publishers: Sequence[Publisher],
        before: Mapping[int, PeerId],
        since: Mapping[int, float],
        wishes: Wishes,
    ) -> None:
        self._full = full
        self._spare = spare
        self._seats = seats
        self._free = free
        self._publishers = {each.peer: each for each in publishers if "microphone" in each.tracks}
        self._before = before
        self._since = since
        self._wishes = wishes
        self._own = {pair: seats[pair] for pair in full if seats.get(pair) in self._publishers}
        self.again = _NEVER
        """When something may change by itself."""

    @property
    def all_fit(self) -> bool:
        """Whether everybody is heard in their own pair."""
        return len(self._own) == len(self._publishers) <= self._wishes.voices

    @property
    def room(self) -> int:
        """How many may be heard."""
        return min(len(self._full) + len(self._spare), self._wishes.voices)

    def assign(self) -> dict[int, PeerId]:
        """Return whose microphone is in each pair."""
        if self.all_fit:
            return dict(self._own)
        wanted = self._wishes.speech.heard(self._publishers.__contains__, self.room)
        heard = self._kept(wanted)
        for peer in wanted:
            if peer not in heard.values():
                free = [
                    pair for pair in (*self._full, *self._spare) if heard.get(pair) not in wanted
                ]
                heard[max(free, key=lambda pair: self._suits(pair, peer, heard))] = peer
        self._give_back(heard, wanted)
        self._fill(heard)
        self._shed(heard, wanted)
        return heard

    def _fill(self, heard: dict[int, PeerId]) -> None:
        """Nobody has to speak first to be heard while there is room."""
        placed = {*heard.values(), *self._own.values()}
        waiting = (peer for peer in self._publishers if peer not in placed)
        free = [pair for pair in self._spare if pair not in heard]
        heard |= dict(zip(free[: max(0, self.room - len(heard))], waiting, strict=False))

    def _shed(self, heard: dict[int, PeerId], wanted: Sequence[PeerId]) -> None:
        """Leave out who has not spoken for the longest time, when they are too many."""
        recency = {peer: place for place, peer in enumerate(self._wishes.speech.recent)}
        others = [pair for pair, peer in heard.items() if peer not in wanted]
        others.sort(key=lambda pair: (recency.get(heard[pair], _NEVER), pair))
        for pair in others[max(0, self.room - len(wanted)) :]:
            del heard[pair]

    def _kept(self, wanted: Sequence[PeerId]) -> dict[int, PeerId]:
        """Return what may stay, and the voices that are seen in their own pairs."""
        at = {peer: pair for pair, peer in self._own.items()}
        heard = {
            pair: peer
            for pair, peer in self._before.items()
            if pair in (*self._full, *self._spare)
            and peer in self._publishers
            and at.get(peer, pair) == pair
        }
        return heard | {at[peer]: peer for peer in wanted if peer in at}

    def _suits(
        self, pair: int, peer: PeerId, heard: Mapping[int, PeerId]
    ) -> tuple[bool, bool, bool, float, int]:
        seen = self._publishers[peer].stage is not None
        empty = pair not in heard
        if pair in self._spare:
            # Who may be seen soon is better off in a pair that can show it.
            return empty, not seen, False, _NEVER, pair
        recent = self._wishes.speech.recent
        there = self._seats.get(pair)
        place = recent.index(there) if there in recent else _NEVER
        return empty, seen, pair in self._free, place, pair

    def _give_back(self, heard: dict[int, PeerId], wanted: Sequence[PeerId]) -> None:
        for pair, own in self._own.items():
            guest = heard.get(pair)
            if guest == own or guest in wanted or own in heard.values():
                continue
            until = self._since.get(pair, 0.0) + GIVEN_BACK
            if guest is None:
                if len(heard) < self.room:
                    heard[pair] = own
            elif until <= self._wishes.now:
                heard[pair] = own
            else:
                self.again = min(self.again, until)
