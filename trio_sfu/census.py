"""What exists in the process now, counted where it really is.

Tasks and nurseries are found by walking trio's own tree from its root, descriptors by
asking the kernel: a count that something had to keep would only show what it knows.
Whoever asks is not counted: the task tree and the socket of the connection that a
request came by are left out.
"""

from collections.abc import Iterator
from pathlib import Path

import trio

from trio_sfu.listeners.connection import current_connection

_DESCRIPTORS = Path("/proc/self/fd")


def take_census() -> dict[str, int]:
    """Return tasks, nurseries, descriptors and sockets, without the asking connection."""
    asking = current_connection.get()
    root = trio.lowlevel.current_root_task()
    tasks = nurseries = 0
    for task in _walk(root, asking.task if asking is not None else None):
        tasks += 1
        nurseries += len(task.child_nurseries)
    descriptors, sockets = _descriptors()
    own = asking is not None and asking.socket.fileno() >= 0
    return {
        "tasks": tasks,
        "nurseries": nurseries,
        "file_descriptors": descriptors - own,
        "sockets": sockets - own,
    }


def _walk(
    root: trio.lowlevel.Task | None, without: trio.lowlevel.Task | None
) -> Iterator[trio.lowlevel.Task]:
    waiting = [root] if root is not None else []
    while waiting:
        task = waiting.pop()
        if task is without:
            continue
        yield task
        for nursery in task.child_nurseries:
            waiting.extend(nursery.child_tasks)


def _descriptors() -> tuple[int, int]:
    total = sockets = 0
    for descriptor in _DESCRIPTORS.iterdir():
        try:
            target = descriptor.readlink()
        except FileNotFoundError:
            continue  # The descriptor of the listing itself.
        total += 1
        sockets += target.name.startswith("socket:")
    return total, sockets
