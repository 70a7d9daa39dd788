"""How often a client may offer: an offer costs milliseconds, which others wait for."""

from typing import Final

BURST: Final = 10
"""Offers at once."""
PER_SECOND: Final = 0.5
"""Offers in the long run."""


class OfferBudget:
    """A token bucket. Pure: ``now`` is in seconds on any clock."""

    def __init__(self) -> None:
        self._tokens = float(BURST)
        self._since: float | None = None

    def take(self, now: float) -> bool:
        """Return whether an offer may be answered now, and count it."""
        if self._since is not None:
            self._tokens = min(BURST, self._tokens + (now - self._since) * PER_SECOND)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
