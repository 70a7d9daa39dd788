"""How often a room may fail before it stays closed for a while."""

from collections.abc import Hashable


class RestartLimit:
    """At most ``limit`` failures of one key within ``window`` seconds. Reads no clock.

    Keys are forgotten when their failures are older than the window, so what is kept
    is bounded by what fails within it.
    """

    def __init__(self, limit: int = 3, window: float = 60.0) -> None:
        self._limit = limit
        self._window = window
        self._failures: dict[Hashable, list[float]] = {}

    def fail(self, key: Hashable, now: float) -> None:
        """Note a failure."""
        self._forget(now)
        self._failures.setdefault(key, []).append(now)

    def count(self, key: Hashable, now: float) -> int:
        """Return how often ``key`` has failed within the window."""
        self._forget(now)
        return len(self._failures.get(key, ()))

    def allows(self, key: Hashable, now: float) -> bool:
        """Return whether ``key`` may start (again) at ``now``."""
        return self.count(key, now) < self._limit

    def _forget(self, now: float) -> None:
        oldest = now - self._window
        for key in list(self._failures):
            recent = [then for then in self._failures[key] if then > oldest]
            if recent:
                self._failures[key] = recent
            else:
                del self._failures[key]
