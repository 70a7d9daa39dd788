"""Say which task an error comes from: the path room/peer/task, as a note on the error."""

from collections.abc import Awaitable, Callable

import trio

from trio_sfu.events.failure import MARK


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
