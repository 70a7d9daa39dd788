"""Which of the engine's workers has not come round lately."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Seen:
    turns: int
    at: float


class Workers:
    """Watches the workers' loop counters, which move at least every 500 ms.

    ``progress`` gives one for each worker; one that is started anew begins anew.
    """

    def __init__(self, progress: Callable[[], list[int]]) -> None:
        self._progress = progress
        self._seen: list[_Seen] = []

    def idle(self, now: float) -> list[float]:
        """Look now; return for each worker how many seconds its counter has stood still.

        A counter is only known to move when somebody looks: who looks seldom learns late
        that it stands still, never that it does when it does not.
        """
        turns = self._progress()
        if len(turns) != len(self._seen):
            self._seen = [_Seen(each, now) for each in turns]
        for seen, each in zip(self._seen, turns, strict=True):
            if seen.turns != each:
                seen.turns, seen.at = each, now
        return [now - seen.at for seen in self._seen]
