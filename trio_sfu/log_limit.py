"""How many lines the log gets: what comes on top of it is counted, and told in one line.

A log that is read by people, shipped and paid for must not grow with the load; the facts
themselves are in ``/metrics`` and ``/api/v1/events``, where none is left out for that.
"""

from collections import Counter, deque
from typing import Final

WINDOW_S: Final = 1.0
KINDS: Final = 64
"""Kinds of lines that are told of one by one; all others together as ``other``."""
OTHER: Final = "other"

_OF_KIND: Final = 1 / 4
_OF_KIND_OF_ERRORS: Final = 1 / 2
_UP_TO: Final = {"warning": 5 / 6}
_UP_TO_INFO: Final = 2 / 3


class LineLimit:
    """Lets at most ``lines`` through within any second; 0 lets all through.

    One is kept for the summary. Warnings leave room for errors, and all else room for
    warnings; one kind leaves room for others. Pure: every call says what time it is.
    """

    def __init__(self, lines: int = 0) -> None:
        self.lines = lines
        """How many; may be changed at any time."""
        self._passed: deque[tuple[float, str]] = deque()
        self._of_kind: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._summary_at = -WINDOW_S

    def admits(self, now: float, kind: str, level: str) -> bool:
        """Return whether a line of ``kind`` (its event) may be written; count it if not."""
        if self.lines == 0:
            return True
        self._forget(now)
        error = level in ("error", "critical")
        most = self.lines - 1
        up_to = most if error else int(most * _UP_TO.get(level, _UP_TO_INFO))
        share = max(1, int(most * (_OF_KIND_OF_ERRORS if error else _OF_KIND)))
        if len(self._passed) < up_to and self._of_kind[kind] < share:
            self._pass(now, kind)
            return True
        known = kind in self._left_out or len(self._left_out) < KINDS
        self._left_out[kind if known else OTHER] += 1
        return False

    def summary(self, now: float) -> dict[str, int] | None:
        """Return how many lines of each kind were left out; None: none, or said just now.

        Whoever asks writes the line: it is the one that is kept for it.
        """
        if not self._left_out or now - self._summary_at < WINDOW_S:
            return None
        told = dict(self._left_out)
        self._left_out.clear()
        self._summary_at = now
        return told

    def _pass(self, now: float, kind: str) -> None:
        self._passed.append((now, kind))
        self._of_kind[kind] += 1

    def _forget(self, now: float) -> None:
        while self._passed and now - self._passed[0][0] >= WINDOW_S:
            _, kind = self._passed.popleft()
            self._of_kind[kind] -= 1
            if not self._of_kind[kind]:
                del self._of_kind[kind]
