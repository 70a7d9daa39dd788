"""Checkpoints: each time a task gives way, numbered, and what may be done to it there.

A checkpoint is the end of a task's step: it waits for something, or has only let others go
first. In a run that is repeatable (``simulation.determinism``) the same number is the same
place of the same task in every run, so a fault can be put at each of them in turn.

``cancel``, ``raise_at`` and ``hold`` act on a task at its checkpoint, also on one that
somebody else has chosen. They use names of trio that are private: ``_cancel_status``,
``_abort_func``, ``_attempt_abort``, ``_next_send``, ``_next_send_fn`` of a task, ``_runner``
and its ``runq``. ``tests/checkpoints/test_checkpoints.py`` fails when they move.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import CORO_CREATED, getcoroutinestate
from typing import Final, NoReturn, TypeAlias
from weakref import WeakKeyDictionary

import outcome
import trio
from trio.lowlevel import Task

from trio_sfu.testing.faults import InjectedFault

Watched: TypeAlias = Callable[[Task], str | None]
"""Says in which role a task is watched; None when it is not."""
Fault: TypeAlias = Callable[[Task], object]
"""Done to a task at a checkpoint of it."""

_OURS: Final = "trio_sfu."
_TESTING: Final = "trio_sfu.testing."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a task gave way: its role, and the functions that wait, the outermost first."""

    number: int
    role: str
    place: str

    def __str__(self) -> str:
        return f"checkpoint {self.number}: {self.role} at {self.place}"


class Checkpoints(trio.abc.Instrument):
    """Numbers the checkpoints of the watched tasks, from 0.

    ``at`` has a fault done at one of them. With ``record`` every one is kept in ``seen``;
    without it only those that had a fault, in ``struck``.
    """

    def __init__(self, watched: Watched, *, record: bool = False) -> None:
        self.count = 0
        self.seen: list[Checkpoint] = []
        self.struck: list[Checkpoint] = []
        self._record = record
        self._watched = watched
        self._roles: WeakKeyDictionary[Task, str | None] = WeakKeyDictionary()
        self._faults: dict[int, Fault] = {}
        self._faults_at: dict[str, Fault] = {}

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count for the length of the block, inside a trio loop."""
        trio.lowlevel.add_instrument(self)
        try:
            yield
        finally:
            trio.lowlevel.remove_instrument(self)

    def at(self, number: int, fault: Fault) -> None:
        """Have ``fault`` done at a checkpoint to come."""
        self._faults[number] = fault

    def at_place(self, place: str, fault: Fault) -> None:
        """Have ``fault`` done when a task waits there first, where numbers do not repeat."""
        self._faults_at[place] = fault

    def after_task_step(self, task: Task) -> None:
        """Count; called by trio."""
        if has_ended(task):
            return
        role = self._role(task)
        if role is None:
            return
        number, self.count = self.count, self.count + 1
        fault = self._faults.pop(number, None)
        if self._record:
            self.seen.append(Checkpoint(number, role, place(task)))
        if self._faults_at:
            fault = fault or self._faults_at.pop(place(task), None)
        if fault is not None:
            self.struck.append(Checkpoint(number, role, place(task)))
            fault(task)

    def _role(self, task: Task) -> str | None:
        try:
            return self._roles[task]
        except KeyError:
            role = self._roles[task] = self._watched(task)
            return role


def has_ended(task: Task) -> bool:
    """Return whether a task has made its last step."""
    return task.coro.cr_frame is None


def place(task: Task) -> str:
    """Return where a task waits: our functions, the outermost first, and what they await."""
    ours: list[str] = []
    inner = ""
    for frame, line in task.iter_await_frames():
        code = frame.f_code
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_OURS) and not module.startswith(_TESTING):
            ours.append(f"{code.co_name}:{line}")
            inner = ""
        else:
            inner = inner or f"{module.rpartition('.')[2]}.{code.co_name}"
    return " > ".join([*ours, inner] if inner else ours)


def cancel(task: Task) -> None:
    """Cancel the innermost scope the task is in: its own, or that of its nursery."""
    task._cancel_status._scope.cancel()


def innermost_scope(task: Task) -> trio.CancelScope:
    """Return the scope that ``cancel`` would cancel."""
    return task._cancel_status._scope


def raise_at(task: Task, error: Exception | None = None) -> bool:
    """Raise ``error`` out of what the task waits for; return whether that was possible.

    A task that waits is aborted like by a KeyboardInterrupt, so what it waits for is left in
    order; one that is about to go on gets the error instead of a result or a cancellation.
    Not possible where a cancellation has been refused already, as by a thread, and in a task
    that has not begun: it waits for nothing yet.
    """
    if getcoroutinestate(task.coro) == CORO_CREATED:
        return False
    fault = error or InjectedFault(task.name)

    def fail() -> NoReturn:
        raise fault

    if task._next_send_fn is not None:
        task._next_send = outcome.Error(fault)
    elif task._abort_func is not None:
        task._attempt_abort(fail)
    else:
        return False
    return True


class Holding(trio.abc.Instrument):
    """Stalls tasks: what wakes them is kept from them for a while.

    A held task makes no step, so it cannot be cancelled either; what cancels it waits.
    """

    def __init__(self) -> None:
        self._marked: WeakKeyDictionary[Task, float] = WeakKeyDictionary()
        self._installed = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be able to hold for the length of the block, inside a trio loop."""
        try:
            yield
        finally:
            self._marked.clear()
            self._watch()

    def _watch(self) -> None:
        # It costs at each step of each task, so it is installed only while one is marked.
        needed = bool(self._marked)
        if needed and not self._installed:
            trio.lowlevel.add_instrument(self)
        elif self._installed and not needed:
            trio.lowlevel.remove_instrument(self)
        self._installed = needed

    def hold(self, task: Task, seconds: float) -> None:
        """Let the task make no step for ``seconds`` from when it would go on."""
        if task in task._runner.runq:
            self._take(task, seconds)
        else:
            self._marked[task] = seconds
            self._watch()

    def task_scheduled(self, task: Task) -> None:
        """Take a marked task out of the queue; called by trio."""
        seconds = self._marked.pop(task, None)
        if seconds is not None:
            self._take(task, seconds)
            self._watch()

    def _take(self, task: Task, seconds: float) -> None:
        task._runner.runq.remove(task)
        # No child of a nursery of the daemon: it must not end with what it holds.
        trio.lowlevel.spawn_system_task(_release, task, seconds, name=f"holds {task.name}")


async def _release(task: Task, seconds: float) -> None:
    await trio.sleep(seconds)
    task._runner.runq.append(task)
