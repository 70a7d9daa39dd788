"""Say which task an error comes from: the path room/peer/task, as a note on the error."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import trio

_E = TypeVar("_E", bound=Exception)

_MARK = "in task "


async def traced(work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work``; an error leaves with the name of the current task noted on it."""
    try:
        await work()
    except Exception as error:
        error.add_note(_MARK + trio.lowlevel.current_task().name)
        raise


def start_traced(nursery: trio.Nursery, work: Callable[[], Awaitable[None]], path: str) -> None:
    """Start ``work`` in ``nursery`` as the task named ``path``."""
    nursery.start_soon(traced, work, name=path)


def origin(error: BaseException, default: str) -> str:
    """Return the path of the task that ``error`` (or the first error in it) comes from."""
    return next(_origins(error), default)


def sole(error: BaseException, kind: type[_E]) -> _E | None:
    """Return the only error in a tree of groups when it is of ``kind``."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, kind) else None


def _origins(error: BaseException) -> Iterator[str]:
    # Innermost first: an error passes the deepest task before the tasks around it.
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _origins(each)
    for note in getattr(error, "__notes__", ()):
        if note.startswith(_MARK):
            yield note.removeprefix(_MARK)
