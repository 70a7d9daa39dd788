"""The last failures of the daemon, newest first."""

from collections import deque

from trio_sfu.events.failure import Failure

_KEPT = 256  # the oldest are forgotten


class Failures:
    """Keeps the records of the last failures, each with the crash group it ended."""

    def __init__(self) -> None:
        self._kept: deque[tuple[tuple[str, ...], Failure]] = deque(maxlen=_KEPT)

    def keep(self, group: tuple[str, ...], failure: Failure) -> None:
        """Keep a failure of the crash group ``group``."""
        self._kept.appendleft((group, failure))

    def recent(self) -> list[Failure]:
        """Return what is kept, newest first."""
        return [failure for _, failure in self._kept]

    def find(self, reference: str) -> Failure | None:
        """Return the failure with the id that a client was told."""
        return next((failure for _, failure in self._kept if failure.id == reference), None)

    def last(self, group: tuple[str, ...]) -> Failure | None:
        """Return the last failure of ``group`` or of a group below it."""
        found = (failure for each, failure in self._kept if each[: len(group)] == group)
        return next(found, None)

    def count(self, group: tuple[str, ...]) -> int:
        """Return how often ``group`` itself failed, of those kept."""
        return sum(each == group for each, _ in self._kept)
