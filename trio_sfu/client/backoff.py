"""When to try again, as the browser client does. Reads no clock."""

from typing import Final

FIRST: Final = 0.3
MOST: Final = 4.0
"""Seconds: with the join itself, who waits is back within 5 s of the server."""
STABLE_AFTER: Final = 10.0


class Backoff:
    """Delays that grow from ``FIRST`` to ``MOST``, until a session has lived for a while."""

    def __init__(self) -> None:
        self._attempts = 0

    def next(self, random: float, at_least: float = 0.0) -> float:
        """Return the seconds until the next attempt; ``random`` is in [0, 1).

        Between half and all of a bound that doubles: a room that ended for everybody is
        not rejoined by everybody at the same moment. ``at_least`` is what the server asks
        to wait; up to half of it again is added.
        """
        bound = min(MOST, FIRST * 2.0**self._attempts)
        self._attempts = min(self._attempts + 1, 16)
        return max(bound * (0.5 + random / 2), at_least * (1 + random / 2))

    def ended(self, lived: float) -> None:
        """Note the end of a session that had been joined for ``lived`` seconds."""
        if lived >= STABLE_AFTER:
            self._attempts = 0
