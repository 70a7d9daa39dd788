"""One life of a service: a start and an end that are bounded."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import trio

from trio_sfu.errors import SfuError

Work: TypeAlias = Callable[[trio.TaskStatus[None]], Awaitable[None]]
"""A service: calls ``started`` when it works, and goes on until it is cancelled."""

_BLOWS: Final = 20
_BETWEEN_BLOWS: Final = 0.1


class ServiceError(SfuError):
    """A service did not start in time, or ended though nobody wanted it to."""

    default_code = "service-ended"


class _Started:
    """A ``trio.TaskStatus`` that can be asked."""

    def __init__(self) -> None:
        self.called = False
        self.or_ended = trio.Event()

    def started(self, _value: object = None) -> None:
        self.called = True
        self.or_ended.set()


async def live(
    work: Work,
    name: str,
    *,
    start_within: float,
    end_within: float,
    running: Callable[[], object],
) -> None:
    """Run ``work`` in a task of its own, calling ``running`` once it has started.

    Ends by raising, always: what it raises, or ServiceError (service-start-timeout,
    service-ended). When it is to end it has ``end_within`` seconds; then its shields are
    broken, as often as it makes new ones within two more.
    """
    started, ended = _Started(), trio.Event()
    async with trio.open_nursery() as nursery:

        async def live_once() -> None:
            worker.append(trio.lowlevel.current_task())
            try:
                await work(started)
                raise ServiceError("it has ended, though nobody wanted it to")
            finally:
                ended.set()
                started.or_ended.set()

        worker: list[trio.lowlevel.Task] = []
        nursery.start_soon(live_once, name=name)
        try:
            with trio.move_on_after(start_within):
                await started.or_ended.wait()
            if started.called:
                running()
                await ended.wait()
            late = not ended.is_set()
            nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await _see_it_end(worker, nursery, ended, end_within)
        if late:
            what = f"not started within {start_within:g} s"
            raise ServiceError(what, code="service-start-timeout")


async def _see_it_end(
    worker: list[trio.lowlevel.Task], nursery: trio.Nursery, ended: trio.Event, within: float
) -> None:
    with trio.move_on_after(within):
        await ended.wait()
    for _ in range(_BLOWS):
        if ended.is_set() or not worker:
            return
        _break_shields(worker[0], nursery)
        with trio.move_on_after(_BETWEEN_BLOWS):
            await ended.wait()


def _break_shields(task: Any, nursery: Any) -> None:  # noqa: ANN401  (private fields)
    """Let a cancellation through to ``task`` and the tasks below it.

    trio keeps the scopes that a task is in to itself; a test fails when they move.
    """
    status = task._cancel_status
    while status is not None and status is not nursery._cancel_status:
        status._scope.shield = False
        status = status._parent
    for inner in task.child_nurseries:
        for child in inner.child_tasks:
            _break_shields(child, nursery)
