"""The gate of all rooms: verifies tokens, and remembers what was used up and who was put out."""

import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from trio_sfu.access.grant import OPEN, Grant
from trio_sfu.access.remembered import Amended, Barred, UsedTokens
from trio_sfu.access.verify import Policy, verify
from trio_sfu.errors import TokenError


class Gate:
    """Lets in by token, or everybody where there is no policy.

    A token is needed to join, not to stay: nobody is sent away because it has expired, and
    who returns to a place that it has just lost may do so with the token it came with.
    """

    def __init__(
        self, policy: Policy | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """``clock`` gives the Unix time in seconds."""
        self.policy = policy
        """May be replaced at any time: keys that are new are accepted, others no more."""
        self.used = UsedTokens()
        self.barred = Barred()
        self.amended = Amended()
        self._clock = clock

    def grant(self, token: str | None, room: str, held: Grant | None = None) -> Grant:
        """Return what a token grants in a room; the token is not used up by that.

        ``held`` is what the client had in a session that it comes back from; None: it is new.
        Raises TokenError with the codes of ``verify``, and token-used, too-many-used-tokens,
        join-barred.
        """
        if self.policy is None:
            # Who comes back has the rights it had, if they were changed.
            return OPEN if held is None or held.identity else replace(OPEN, rights=held.rights)
        now = self._clock()
        grant = self._verified(token, now, self.policy, room, held)
        if self.barred.bars(grant, now):
            raise TokenError("you were removed from this room", code="join-barred")
        if grant.single is not None and not _same(grant, held):
            if self.used.has(grant.single, now):
                raise TokenError("the token was used before", code="token-used")
            self.used.check_room(now)
        return replace(grant, rights=self.amended.rights(grant, now))

    def use(self, grant: Grant) -> None:
        """Note that what was granted has let somebody in."""
        if grant.single is not None:
            self.used.note(grant.single, grant.expires)

    def bar(self, grant: Grant) -> None:
        """Keep somebody out of the room they were granted, by the tokens there are now."""
        if self.policy is not None and grant.identity is not None:
            now = self._clock()
            until = now + self.policy.max_lifetime + 2 * self.policy.leeway
            self.barred.bar(grant.room, grant.identity, now, until)

    def amend(self, grant: Grant) -> None:
        """Have somebody's rights in its room, as they are now, count for its older tokens."""
        if self.policy is not None and grant.identity is not None:
            now = self._clock()
            until = now + self.policy.max_lifetime + 2 * self.policy.leeway
            self.amended.amend(grant, now, until)

    def may_move(self, grant: Grant) -> bool:
        """Return whether nothing keeps somebody out of the room that it was granted."""
        return not self.barred.bars(grant, self._clock())

    def _verified(
        self, token: str | None, now: float, policy: Policy, room: str, held: Grant | None
    ) -> Grant:
        try:
            return verify(token, now, policy, room=room)
        except TokenError as refused:
            # What the codes are about is checked last: signature and all else were right.
            if held is not None and _of(token, held, room):
                wrong_room = held.moved and refused.code == "token-room-wrong"
                if wrong_room or refused.code == "token-expired":
                    return held
            raise


def _of(token: str | None, held: Grant, room: str) -> bool:
    """Return whether a client comes back to its room with the token it came with."""
    return held.room == room and held.fingerprint == sha256((token or "").encode()).digest()


def _same(grant: Grant, held: Grant | None) -> bool:
    return held is not None and held.single == grant.single and held.room == grant.room
