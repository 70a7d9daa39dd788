"""Say which task an error comes from: the path room/peer/task, as a note on the error."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from trio_sfu.events.failure import MARK

_E = TypeVar("_E", bound=Exception)


async def traced(work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work``; an error leaves with the name of the current task noted on it."""
    try:
        await work()
    except Exception as error:
        error.add_note(MARK + trio.lowlevel.current_task().name)
        raise


def start_traced(nursery: trio.Nursery, work: Callable[[], Awaitable[None]], path: str) -> None:
    """Start ``work`` in ``nursery`` as the task named ``path``."""
    nursery.start_soon(traced, work, name=path)


def sole(error: BaseException, kind: type[_E]) -> _E | None:
    """Return the only error in a tree of groups when it is of ``kind``."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, kind) else None
