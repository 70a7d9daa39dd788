"""Raised hands, which stay, and reactions, which pass. Pure: reads no clock.

Both are told at most every ``TELL_EVERY`` seconds, however many people move at once: hands as the
whole list, reactions as what came since. Of these at most ``MOST_REACTIONS`` wait; what comes
beyond that is dropped, for they are gone in a moment anyway.
"""

from typing import Final

from trio_sfu.errors import RequestError
from trio_sfu.ids import PeerId
from trio_sfu.overload.bucket import TokenBucket
from trio_sfu.signaling.carried import PeerReaction, Reaction

TELL_EVERY: Final = 0.25
MOST_REACTIONS: Final = 24
RATE: Final = 2.0
BURST: Final = 6.0
"""Gestures of one peer: a second, and at once."""


class Gestures:
    """Of one room."""

    def __init__(self) -> None:
        self._hands: dict[PeerId, None] = {}
        self._told: list[str] | None = []
        self._reactions: list[PeerReaction] = []

    @property
    def hands(self) -> list[str]:
        """Who has a hand raised, the first first."""
        return list(self._hands)

    @property
    def waiting(self) -> int:
        """How many reactions are to be told."""
        return len(self._reactions)

    def raise_hand(self, peer: PeerId, *, raised: bool) -> bool:
        """Raise or lower a peer's hand; return whether that changes something."""
        if raised == (peer in self._hands):
            return False
        if raised:
            self._hands[peer] = None
        else:
            del self._hands[peer]
        return True

    def react(self, peer: PeerId, reaction: Reaction) -> None:
        """Note a reaction, unless too many wait."""
        if len(self._reactions) < MOST_REACTIONS:
            self._reactions.append(PeerReaction(peer=peer, reaction=reaction))

    def hands_of_now(self) -> list[str]:
        """Return the hands for somebody who comes before the others are told of them.

        Who comes would keep a hand that is lowered again before that, so all are told then.
        """
        if self._told != self.hands:
            self._told = None
        return self.hands

    def untold_hands(self) -> list[str] | None:
        """Return the hands, if they are others than when this was last called."""
        if self._told == self.hands:
            return None
        self._told = self.hands
        return self.hands

    def take_reactions(self) -> list[PeerReaction]:
        """Return the reactions that wait; none wait after that."""
        taken, self._reactions = self._reactions, []
        return taken


def gesture_bucket() -> TokenBucket:
    """Return what holds one peer to its rate."""
    return TokenBucket(RATE, BURST)


def check_rate(bucket: TokenBucket, now: float) -> None:
    """Take one gesture out of a peer's bucket. Raises RequestError: gesture-too-fast."""
    if not bucket.take(now):
        raise RequestError("too many gestures at once", code="gesture-too-fast")
