"""How much a client may say."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """``burst`` tokens at once, ``rate`` a second after that. Reads no clock."""

    rate: float
    burst: float
    _tokens: float = -1.0
    _then: float = 0.0

    def take(self, now: float) -> bool:
        """Take a token at ``now`` (seconds, not going back); say whether there was one."""
        if self._tokens < 0:
            self._tokens = self.burst
        else:
            self._tokens = min(self.burst, self._tokens + (now - self._then) * self.rate)
        self._then = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
