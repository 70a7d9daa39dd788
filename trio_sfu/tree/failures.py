"""The last failures of crash groups, for who looks at the tree."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import trio

from trio_sfu.events import ConnectionCrashed, Fact, PeerCrashed, RoomCrashed
from trio_sfu.tree.nodes import Failure

_KEPT = 256  # the oldest are forgotten
_CAUSES = 8
_LONGEST = 200

Path = tuple[str, ...]
"""From the service downwards: ``("rooms", room, peer)``."""


@dataclass(frozen=True, slots=True)
class _Record:
    at: float
    group: Path
    task: str
    code: str
    causes: list[str]


class Failures:
    """Keeps the last failures that the journal was told of."""

    def __init__(self) -> None:
        self._records: deque[_Record] = deque(maxlen=_KEPT)

    def note(self, fact: Fact) -> None:
        """Keep ``fact`` when it is a failure."""
        match fact:
            case PeerCrashed(room=room, peer=peer, task=task, error=error):
                self._keep(("rooms", room, peer), task, "peer-failed", error)
            case RoomCrashed(room=room, task=task, error=error):
                self._keep(("rooms", room), task, "room-failed", error)
            case ConnectionCrashed(task=task, error=error):
                self._keep(("listeners",), task, "connection-failed", error)
            case _:
                pass

    def last(self, path: Path, now: float) -> Failure | None:
        """Return the last failure at ``path`` or below it."""
        for record in reversed(self._records):
            if record.group[: len(path)] == path:
                age = now - record.at
                return Failure(age=age, path=record.task, code=record.code, causes=record.causes)
        return None

    def count(self, path: Path) -> int:
        """Return how often the crash group at ``path`` itself failed, of those kept."""
        return sum(record.group == path for record in self._records)

    def _keep(self, group: Path, task: str, code: str, error: BaseException) -> None:
        # Lines, not the error: its traceback would keep what has ended alive.
        causes = list(_causes(error))[:_CAUSES]
        self._records.append(_Record(trio.current_time(), group, task, code, causes))


def _causes(error: BaseException) -> Iterator[str]:
    """Yield the errors in a tree of groups, each followed by what caused it."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
        return
    yield _line(error)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        for line in _causes(cause):
            yield f"because of {line}"


def _line(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
