"""How much of something there may be in a second. Reads no clock."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """``burst`` tokens at once, ``rate`` a second after that."""

    rate: float
    burst: float
    _tokens: float = -1.0
    _then: float = 0.0

    def take(self, now: float) -> bool:
        """Take a token at ``now`` (seconds, not going back); say whether there was one."""
        self._tokens = self._left(now)
        self._then = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    @property
    def wait(self) -> float:
        """Return how many seconds after the last ``take`` there is a token again."""
        return max(0.0, (1 - self._tokens) / self.rate) if self._tokens >= 0 else 0.0

    def has_one(self, now: float) -> bool:
        """Say whether ``take`` would find a token at ``now``, and leave it there."""
        return self._left(now) >= 1

    def _left(self, now: float) -> float:
        if self._tokens < 0:
            return self.burst
        return min(self.burst, self._tokens + (now - self._then) * self.rate)


class TokenBuckets:
    """A bucket for each key, of the ``most`` keys that came last.

    A key that has been forgotten starts with a full bucket: who has ever more keys gets
    ever more tokens, so there is a bucket for all of them together beside these.
    """

    def __init__(self, rate: float, burst: float, *, most: int = 4_096) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> bool:
        """Take a token of ``key``; say whether there was one."""
        return self._bucket(key).take(now)

    def has_one(self, key: str, now: float) -> bool:
        """Say whether ``take`` would find a token of ``key`` at ``now``, and leave it there."""
        bucket = self._buckets.get(key)
        return bucket is None or bucket.has_one(now)

    def wait(self, key: str) -> float:
        """Return how many seconds after its last ``take`` there is a token for ``key``."""
        return self._bucket(key).wait

    def _bucket(self, key: str) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket
