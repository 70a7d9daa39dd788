"""When a service that has failed is tried again. Pure."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Times of a service, in seconds.

    After a failure it waits ``first``, then twice as long each time, at most ``longest``,
    and up to ``jitter`` of that more, so that not all of a site come back at once. A life
    of ``calm`` makes it begin with ``first`` again. ``failures`` within ``window`` are too
    many: it counts as failed and is tried every ``retry`` only.
    """

    first: float = 1.0
    longest: float = 60.0
    jitter: float = 0.25
    calm: float = 60.0
    failures: int = 5
    window: float = 60.0
    retry: float = 300.0
    start_within: float = 30.0
    """How long it may take to say that it has started."""
    end_within: float = 3.0
    """How long it may take to end when it is cancelled, before its shields are broken."""


class Restarting:
    """Decides about one service, from its failures."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._recent: deque[float] = deque(maxlen=policy.failures)
        self._in_a_row = 0
        self.given_up = False
        """Whether it has failed too often and is tried rarely."""

    def failed(self, now: float, lived: float, chance: float) -> float:
        """Note a failure after ``lived`` s of life; return the seconds until the next try.

        ``chance`` is a random number from 0 to 1.
        """
        if lived >= self._policy.calm:
            self.calm()
        self._recent.append(now)
        self._in_a_row += 1
        self.given_up = self.given_up or self._too_often(now)
        if self.given_up:
            return self._spread(self._policy.retry, chance)
        doubled = self._policy.first * 2.0 ** min(self._in_a_row - 1, 30)
        return self._spread(min(doubled, self._policy.longest), chance)

    def calm(self) -> None:
        """Note that it has lived for ``calm`` seconds: what was before is forgiven."""
        self._in_a_row = 0
        self._recent.clear()
        self.given_up = False

    def _too_often(self, now: float) -> bool:
        full = len(self._recent) == self._policy.failures
        return full and now - self._recent[0] <= self._policy.window

    def _spread(self, seconds: float, chance: float) -> float:
        return seconds * (1 + self._policy.jitter * chance)
