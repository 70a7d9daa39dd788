"""An asyncio loop inside trio, where aiortc lives: one for each client, and for each handshake.

The server's peers have one while they shake hands, each its own
(``docs/decisions/0006-a-loop-for-the-handshake.md``).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import trio_asyncio  # type: ignore[import-untyped]  # it ships no types

Result = TypeVar("Result")

_live = 0


def live_loops() -> int:
    """Return how many asyncio loops are open now, for the census."""
    return _live


class StrayError(Exception):
    """Something in a loop that nobody awaits has failed; its error is the cause."""


class Bridge:
    """An open loop. Its calls may come from any trio task."""

    def __init__(self, loop: trio_asyncio.TrioEventLoop) -> None:
        self._loop = loop
        self.stray: StrayError | None = None
        """The first error of something in the loop that nobody awaits."""
        self.on_stray: Callable[[], object] = lambda: None
        """Called when there is one."""

    async def call(self, function: Callable[..., Awaitable[Result]], *args: object) -> Result:
        """Run an asyncio function to its end; cancelling the caller cancels it."""
        return cast("Result", await self._loop.run_aio_coroutine(_awaited(function, *args)))

    def note(self, _loop: object, context: dict[str, Any]) -> None:
        """Keep an error, where trio-asyncio would end the loop with it."""
        if self.stray is None:
            self.stray = StrayError(str(context.get("message") or "no message"))
            self.stray.__cause__ = context.get("exception")
            self.on_stray()


async def _awaited(function: Callable[..., Awaitable[Result]], *args: object) -> Result:
    # Called in the loop's own task, where aiortc finds the loop.
    return await function(*args)


@asynccontextmanager
async def open_bridge() -> AsyncIterator[Bridge]:
    """Open a loop; its tasks end with it."""
    global _live
    _live += 1
    try:
        async with trio_asyncio.open_loop() as loop:
            bridge = Bridge(loop)
            loop.set_exception_handler(bridge.note)
            yield bridge
    finally:
        _live -= 1
