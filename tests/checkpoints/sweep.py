"""One flow, over and over: each time with a fault at another of its checkpoints.

``python -m tests.checkpoints.sweep FLOW KIND NUMBER`` runs one and tells its story.
"""

import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar, cast, get_args
from unittest.mock import patch

import trio
from trio.lowlevel import Task

from tests.checkpoints.flows import FLOWS, Flow
from tests.checkpoints.scene import Scene, open_scene
from tests.checkpoints.verdict import Hit, judge, judge_end
from trio_sfu.testing.checkpoints import (
    Checkpoint,
    Checkpoints,
    Holding,
    cancel,
    innermost_scope,
    raise_at,
)
from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.determinism import seeded

Result = TypeVar("Result")
Kind = Literal["raise", "cancel", "hold"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
HELD: Final = 7.0
"""Seconds a held task makes no step: longer than a socket's or a path's patience."""
BACK: Final[dict[Kind, float]] = {"raise": 5.0, "cancel": 20.0, "hold": 20.0}
"""Seconds within which everybody is where they want to be.

A defect that cancels looks like a time that is over, and then a time is waited for.
"""
OPENING: Final = 12.0
"""The same for an error before the socket is open: the client's library waits 10 s then."""


_READER: Final = "WebSocketConnection._reader_task"
"""The library's task: when it is cancelled while an error ends it, the cancellation takes the
error's place, because it closes a channel on the way out (trio issue 1559)."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A flow without a fault."""

    checkpoints: list[Checkpoint]
    sessions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Performance:
    """A flow with a fault: where it was, what was wrong, and how long it took to get over."""

    struck: Checkpoint | None
    wrong: list[str]
    story: str
    seconds: float


def rehearse(name: str) -> Rehearsal:
    """Run a flow without a fault; nothing may be wrong."""
    with seeded(1):
        return _run(partial(_rehearse, FLOWS[name]))


def perform(name: str, kind: Kind, number: int, rehearsal: Rehearsal) -> Performance:
    """Run a flow with a fault at one checkpoint."""
    with seeded(1):
        return _run(partial(_perform, FLOWS[name], kind, number, rehearsal))


@dataclass(frozen=True, slots=True)
class Sweep:
    """Many performances of one flow, in one process."""

    runs: int
    slowest: float
    wrong: dict[int, str]
    stories: dict[int, str]


def sweep(name: str, kind: Kind, numbers: range) -> Sweep:
    """Have a fault at each of these checkpoints, as far as the flow has them."""
    rehearsal = rehearse(name)
    existing = [number for number in numbers if number < len(rehearsal.checkpoints)]
    wrong: dict[int, str] = {}
    stories: dict[int, str] = {}
    slowest = 0.0
    with _unraisable() as lost:
        for number in existing:
            done = perform(name, kind, number, rehearsal)
            slowest = max(slowest, done.seconds)
            if done.wrong or lost:
                wrong[number] = f"{done.struck}: {'; '.join([*done.wrong, *lost])}"
                stories[number] = done.story
                lost.clear()
    return Sweep(len(existing), slowest, wrong, stories)


@contextmanager
def _unraisable() -> Iterator[list[str]]:
    """Collect what is only said on standard error: it has no other process's test to fail."""
    lost: list[str] = []
    with patch.object(sys, "unraisablehook", lambda each: lost.append(repr(each.exc_value))):
        yield lost
        gc.collect()


def _run(main: Callable[[], Awaitable[Result]]) -> Result:
    return trio.run(main, clock=VirtualClock())


async def _rehearse(flow: Flow) -> Rehearsal:
    async with open_scene() as scene:
        counted = Checkpoints(scene.role, record=True)
        await _play(scene, flow, counted)
        sessions = scene.sessions
        wrong = await judge_end(scene, within=BACK["raise"])
        assert not wrong, f"without a fault: {'; '.join(wrong)}; {scene.state()}"
        assert not scene.crashes, f"failures without a fault: {scene.state()}"
    return Rehearsal(counted.seen, sessions)


async def _perform(flow: Flow, kind: Kind, number: int, rehearsal: Rehearsal) -> Performance:
    holding = Holding()
    async with open_scene() as scene:
        strike = _Strike(scene, kind, holding)
        counted = Checkpoints(scene.role)
        counted.at(number, strike)
        with holding.watching():
            await _play(scene, flow, counted)
            struck = counted.struck[0] if counted.struck else None
            hit = strike.hit
            if struck is None or hit is None:
                wrong = ["the checkpoint was not reached"]
            elif struck != rehearsal.checkpoints[number]:
                wrong = [f"it was {rehearsal.checkpoints[number]} in the rehearsal"]
            else:
                within = OPENING if kind == "raise" and hit.opening else BACK[kind]
                if kind == "hold":
                    await trio.sleep_until(hit.when + HELD + flow.seconds)
                wrong = await judge(scene, hit, rehearsal.sessions, within=within)
        story = scene.world.story.text()
        seconds = scene.unsettled - hit.when if hit is not None else 0.0
    return Performance(struck, wrong, story, seconds)


async def _play(scene: Scene, flow: Flow, counted: Checkpoints) -> None:
    await flow.before(scene)
    with counted.counting():
        await flow.act(scene)
        await trio.sleep(flow.seconds)


class _Strike:
    """Does the fault, and keeps what was then."""

    def __init__(self, scene: Scene, kind: Kind, holding: Holding) -> None:
        self.hit: Hit | None = None
        self._kind = kind
        self._scene = scene
        self._holding = holding

    def __call__(self, task: Task) -> None:
        self._scene.world.story.tell("FAULT", f"{self._kind} in {task.name}")
        self.hit = Hit.of(self._scene, task)
        match self._kind:
            case "raise":
                self.hit.crashes = {1} if raise_at(task) else {0}
                if task.name.endswith(_READER):
                    self.hit.crashes |= {0}
            case "cancel":
                if not self._scene.outside(innermost_scope(task)):
                    self.hit.crashes = {0, 1}
                    cancel(task)
            case "hold":
                self._holding.hold(task, HELD)


def main() -> None:
    name, kind, number = sys.argv[1:]
    done = perform(name, cast("Kind", kind), int(number), rehearse(name))
    sys.stdout.write("\n".join([done.story, str(done.struck), *done.wrong, ""]))


if __name__ == "__main__":
    main()
