"""What has to be remembered of tokens: used up, put out, given other rights. No clock."""

from collections import OrderedDict
from heapq import heappop, heappush

from trio_sfu.access.grant import Grant
from trio_sfu.errors import TokenError
from trio_sfu.signaling.carried import Rights

_RETRY_S = 10.0


class UsedTokens:
    """Single-use tokens that have let somebody in, each until it has expired.

    At most ``most``. When that many have not expired yet, no further one is accepted
    (too-many-used-tokens): forgetting one would let it in again. Only tokens with a right
    signature get here, so a stranger cannot fill it. It is memory: a daemon that is
    started anew has forgotten.
    """

    def __init__(self, most: int = 65_536) -> None:
        self._most = most
        self._used: set[tuple[str, str]] = set()
        self._by_expiry: list[tuple[float, tuple[str, str]]] = []

    def __len__(self) -> int:
        return len(self._used)

    def has(self, token: tuple[str, str], now: float) -> bool:
        """Return whether a token was used and has not expired."""
        self._forget(now)
        return token in self._used

    def check_room(self, now: float) -> None:
        """Raise TokenError (too-many-used-tokens) unless another one can be remembered."""
        self._forget(now)
        if len(self._used) >= self._most:
            raise TokenError(
                "too many single-use tokens are remembered",
                code="too-many-used-tokens",
                retry_after=_RETRY_S,
            )

    def note(self, token: tuple[str, str], expires: float) -> None:
        """Remember a token until it expires."""
        if token not in self._used:
            self._used.add(token)
            heappush(self._by_expiry, (expires, token))

    def _forget(self, now: float) -> None:
        while self._by_expiry and self._by_expiry[0][0] <= now:
            self._used.discard(heappop(self._by_expiry)[1])


class Barred:
    """Who was removed from a room, until no token made before that can be valid any more.

    A token that was made later (``iat``) lets them in again: whoever makes tokens has the
    last word. At most ``most``; beyond that the oldest is forgotten.
    """

    def __init__(self, most: int = 16_384) -> None:
        self._most = most
        self._since: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._since)

    def bar(self, room: str, identity: str, now: float, until: float) -> None:
        """Remember that somebody was removed from a room."""
        self._since.pop((room, identity), None)
        self._since[room, identity] = now, until
        while len(self._since) > self._most:
            self._since.popitem(last=False)

    def bars(self, grant: Grant, now: float) -> bool:
        """Return whether what somebody was granted ends at the removal."""
        key = grant.room, grant.identity or ""
        if key not in self._since:
            return False
        since, until = self._since[key]
        if now >= until:
            del self._since[key]
            return False
        return grant.issued is None or grant.issued <= since


class Amended:
    """Whose rights in a room were changed, until no token made before that can be valid.

    As ``Barred``: a token that was made later counts again, and of more than ``most`` the
    oldest is forgotten.
    """

    def __init__(self, most: int = 16_384) -> None:
        self._most = most
        self._since: OrderedDict[tuple[str, str], tuple[float, float, Rights]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._since)

    def amend(self, grant: Grant, now: float, until: float) -> None:
        """Remember what rights somebody has in a room now."""
        key = grant.room, grant.identity or ""
        self._since.pop(key, None)
        self._since[key] = now, until, grant.rights
        while len(self._since) > self._most:
            self._since.popitem(last=False)

    def rights(self, grant: Grant, now: float) -> Rights:
        """Return the rights that somebody has who was granted that."""
        key = grant.room, grant.identity or ""
        if key not in self._since:
            return grant.rights
        since, until, rights = self._since[key]
        if now >= until:
            del self._since[key]
            return grant.rights
        return rights if grant.issued is None or grant.issued <= since else grant.rights
