"""What can happen to the server: faults in its tasks, tasks that stall, panics, a kill."""

from collections.abc import Iterator
from inspect import CORO_SUSPENDED, getcoroutinestate
from typing import Final

import trio
from trio.lowlevel import Task

from trio_sfu.ids import PeerId, RoomId
from trio_sfu.media.engine import RESTART_WINDOW, RESTARTS
from trio_sfu.rooms.room import Room
from trio_sfu.testing import checkpoints, faults
from trio_sfu.testing.simulation.client import SimulatedClient
from trio_sfu.testing.simulation.world import World

_TOP: Final = ("server", "rooms", "engine/drive")
"""The tasks that only a bug of the daemon ends."""


def raise_in_peer(world: World, client: SimulatedClient) -> str | None:
    """Raise in a new task of the client's peer."""
    peer = _peer_of(world, client)
    if peer is None:
        return None
    client.trouble()
    faults.raise_in_peer(world.daemon, peer)
    return "has a fault raised in its peer"


def cancel_peer(world: World, client: SimulatedClient) -> str | None:
    """Cancel the tasks of the client's peer."""
    peer = _peer_of(world, client)
    if peer is None:
        return None
    client.trouble()
    faults.cancel_peer(world.daemon, peer)
    return "has its peer's tasks cancelled"


def _peer_of(world: World, client: SimulatedClient) -> PeerId | None:
    session = client.session
    if not world.process.up or session is None or session.joined is None:
        return None
    peer = PeerId(session.joined.peer)
    found = world.daemon.rooms.find(peer)
    return peer if found is not None and _lives(found.nursery) else None


def _room_of(world: World, client: SimulatedClient) -> Room | None:
    rooms = world.daemon.rooms.rooms if world.process.up else {}
    return rooms.get(RoomId(client.goal or ""))


def raise_in_room(world: World, client: SimulatedClient) -> str | None:
    """Raise in a new task of the client's room."""
    room = _room_of(world, client)
    if room is None or not _lives(room.nursery):
        return None
    world.trouble()
    faults.raise_in_room(world.daemon, room.id)
    return f"sees a fault raised in {room.id}"


def end_room(world: World, client: SimulatedClient) -> str | None:
    """End the client's room as an operator does."""
    room = _room_of(world, client)
    if room is None:
        return None
    world.trouble()
    room.end("room-closed")
    return f"sees {room.id} closed by the operator"


def raise_somewhere(world: World, _client: SimulatedClient) -> str | None:
    """Raise at the checkpoint that any task of a session, room or peer is at."""
    task = _any(world, ours=True)
    if task is None or not checkpoints.raise_at(task):
        return None
    world.trouble()
    return f"sees a fault raised in {task.name}"


def cancel_somewhere(world: World, _client: SimulatedClient) -> str | None:
    """Cancel the innermost scope that any task of a session, room or peer is in."""
    task = _any(world, ours=True)
    if task is None or checkpoints.innermost_scope(task) in _above(world):
        return None
    world.trouble()
    checkpoints.cancel(task)
    return f"sees {task.name} cancelled"


def stall(world: World, _client: SimulatedClient) -> str | None:
    """Let any task of the server make no step for a while."""
    task = _any(world, ours=False)
    if task is None:
        return None
    seconds = world.random.choice([0.3, 1.0, 3.0, 8.0])
    world.stalls.hold(task, seconds)
    return f"sees that {task.name} will stall for {seconds:g} s"


def panic(world: World, _client: SimulatedClient) -> str | None:
    """Let a worker of the engine panic, seldom enough that the daemon bears it."""
    now = trio.current_time()
    if not world.process.up or not world.process.may_panic(now, RESTARTS, RESTART_WINDOW):
        return None
    world.trouble()
    workers = world.process.engine.placement.workers
    world.process.engine.panic(world.random.randrange(workers) if workers > 1 else 0)
    return "sees the packet engine panic"


def kill(world: World, _client: SimulatedClient) -> str | None:
    """Kill the daemon; another one is started after some seconds."""
    if not world.process.up:
        return None
    seconds = world.random.choice([0.0, 0.5, 2.0, 6.0])
    world.trouble(for_more=seconds)
    world.process.kill(seconds)
    return f"sees the daemon killed, and started again after {seconds:g} s"


def _lives(nursery: trio.Nursery | None) -> bool:
    # One whose tasks are all gone takes no other, though it may be held up at its end.
    return nursery is not None and bool(nursery.child_tasks)


def _any(world: World, *, ours: bool) -> Task | None:
    """Return a task of the server; ``ours``: not one that only a bug of the daemon may end."""
    tasks = [
        task
        for task in (_below(world.process.task) if world.process.up else ())
        # Who has not begun is at no checkpoint yet.
        if not (ours and task.name in _TOP) and getcoroutinestate(task.coro) == CORO_SUSPENDED
    ]
    return world.random.choice(tasks) if tasks else None


def _below(top: Task) -> Iterator[Task]:
    # Trio keeps children in sets; in the order they were started, a run is repeatable.
    waiting = [top]
    while waiting:
        task = waiting.pop()
        yield task
        children = {child for nursery in task.child_nurseries for child in nursery.child_tasks}
        waiting.extend(sorted(children, key=lambda each: each._counter))


def _above(world: World) -> set[trio.CancelScope]:
    """Return the scopes whose end is the daemon's."""
    top = [task for task in _below(world.process.task) if task.name in _TOP]
    nurseries = {
        nursery for task in top for nursery in (*task.child_nurseries, task.parent_nursery)
    }
    return {nursery.cancel_scope for nursery in nurseries if nursery is not None}
