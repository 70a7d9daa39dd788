"""What is known of the media path from its tests, and when the next one is due. Pure."""

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Outcome: TypeAlias = Literal["passed", "failed", "skipped"]

CONFIRMATION: Final = 2
"""Failures in a row that it takes to call the media path broken: one may be the machine's."""
_AGAIN_AFTER: Final = 2.0
_WHILE_FAILING: Final = 15.0
_OVERDUE: Final = 60.0


class SelfTestResult(Struct, frozen=True, kw_only=True):
    """One test: media sent through ICE, DTLS, SRTP and the engine, and received again.

    ``seconds`` is how long it took. ``code`` and ``message`` say what went wrong, or why
    it was skipped.
    """

    outcome: Outcome
    seconds: float
    code: str = ""
    message: str = ""


class SelfTestRecord:
    """The tests so far. ``interval`` is the time between two, 0 when none are wanted."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.last: SelfTestResult | None = None
        self.last_at: float | None = None
        self.failing_since: float | None = None
        self._failures = 0
        self._proven = False

    def note(self, result: SelfTestResult, now: float) -> None:
        """Note a test that has just ended. One that was skipped says nothing."""
        self.last, self.last_at = result, now
        if result.outcome == "failed":
            self._failures += 1
            if self.failing_since is None:
                self.failing_since = now
        elif result.outcome == "passed":
            self._failures = 0
            self.failing_since = None
        self._proven = self._proven or result.outcome != "failed"

    @property
    def awaited(self) -> bool:
        """Whether media is yet to come through for the first time."""
        return bool(self.interval) and not self._proven

    @property
    def failing(self) -> bool:
        """Whether media does not get through, as often as it takes to be sure."""
        return self._failures >= CONFIRMATION

    @property
    def doubtful(self) -> bool:
        """Whether the last test failed and is to be confirmed."""
        return 0 < self._failures < CONFIRMATION

    def wait(self) -> float:
        """Return the seconds until the next test is due; infinite when none is wanted."""
        if not self.interval:
            return float("inf")
        if self.doubtful:
            return _AGAIN_AFTER
        return min(self.interval, _WHILE_FAILING) if self.failing else self.interval

    def overdue(self, now: float) -> float | None:
        """Return the age of the last test when there should have been another long ago."""
        if not self.interval or self.last_at is None:
            return None
        age = now - self.last_at
        return age if age > self.interval + _OVERDUE else None
