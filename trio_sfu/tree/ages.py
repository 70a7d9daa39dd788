"""When each task began, as trio's own instrumentation tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import trio


class Ages(trio.abc.Instrument):
    """Notes the birth of every task. A task that is gone takes its entry with it."""

    def __init__(self) -> None:
        self._born: WeakKeyDictionary[trio.lowlevel.Task, float] = WeakKeyDictionary()
        self._since = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for the length of the block, inside a trio loop."""
        self._since = trio.current_time()
        trio.lowlevel.add_instrument(self)
        try:
            yield
        finally:
            trio.lowlevel.remove_instrument(self)

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        """Note a birth; called by trio."""
        self._born[task] = trio.current_time()

    def born(self, task: trio.lowlevel.Task) -> float:
        """Return when ``task`` began, or the watching, whichever came later."""
        return self._born.get(task, self._since)
