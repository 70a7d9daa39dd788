"""Faults: an error raised inside a crash group, as if one of its own tasks had a defect.

The error is raised by a real task of the group, so that everything from its nursery
upwards is what a defect would meet.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import trio

from trio_sfu._native import EngineError
from trio_sfu.daemon import Daemon
from trio_sfu.ids import PeerId, RoomId
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.tracing import start_traced


class InjectedFault(Exception):  # noqa: N818  (a fault, not an error of ours)
    """The default error of an injected fault."""


def raise_in_peer(daemon: Daemon, peer: str, error: Exception | None = None) -> None:
    """Raise ``error`` in a task of a peer. Raises LookupError when it is not there."""
    found = daemon.rooms.find(PeerId(peer))
    if found is None or found.nursery is None:
        raise LookupError(f"no peer {peer} is running")
    _raise_in(found.nursery, f"{found.path}/fault", error)


def raise_in_room(daemon: Daemon, room: str, error: Exception | None = None) -> None:
    """Raise ``error`` in a task of a room. Raises LookupError when it is not there."""
    found = daemon.rooms.rooms.get(RoomId(room))
    if found is None or found.nursery is None:
        raise LookupError(f"no room {room} is running")
    _raise_in(found.nursery, f"{found.id}/fault", error)


def raise_in_session(daemon: Daemon, peer: str, error: Exception | None = None) -> None:
    """Raise ``error`` in a task of a peer's session. Raises LookupError when there is none."""
    found = daemon.rooms.find(PeerId(peer))
    name = f"{found.link.id}/reader" if found is not None else ""
    reader = next((task for task in _below(daemon.task) if task.name == name), None)
    if found is None or reader is None or reader.parent_nursery is None:
        raise LookupError(f"no peer {peer} has a session")
    _raise_in(reader.parent_nursery, f"{found.link.id}/fault", error)


def cancel_peer(daemon: Daemon, peer: str) -> None:
    """Cancel the tasks of a peer from inside. Raises LookupError when it is not there."""
    found = daemon.rooms.find(PeerId(peer))
    if found is None or found.nursery is None:
        raise LookupError(f"no peer {peer} is running")
    found.nursery.cancel_scope.cancel()


def force_overload(daemon: Daemon, level: Level | None) -> None:
    """Have a daemon take a step against overload; None: as its gauges say."""
    daemon.overload.force(level)


def _below(task: trio.lowlevel.Task) -> Iterator[trio.lowlevel.Task]:
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield child
            yield from _below(child)


def _raise_in(nursery: trio.Nursery, path: str, error: Exception | None) -> None:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise error or InjectedFault(path)

    start_traced(nursery, fail, path)


def panic(daemon: Daemon, worker: int = 0) -> None:
    """Make a worker of the packet engine panic, as a defect in Rust would."""
    native: Any = daemon.engine.native
    with suppress(EngineError):  # It is gone before it could answer.
        native._panic_worker(worker, "a fault was asked for")


def hang(seconds: float) -> None:
    """Keep the event loop from turning, as a defect does that never waits."""
    time.sleep(seconds)
