"""One simulated story from its seed."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

import trio
import trio.testing

from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.determinism import seeded
from trio_sfu.testing.simulation.ending import Ending
from trio_sfu.testing.simulation.invariants import check
from trio_sfu.testing.simulation.steps import pause, take_step
from trio_sfu.testing.simulation.world import World, open_world

CLIENTS: Final = 6
DAY: Final = 40
"""Steps after which everybody leaves, and nothing may be left behind."""
NIGHT: Final = 45.0
"""Seconds after which it must be so: the longest grace, heartbeat and close, and some."""
_LOOK: Final = 5.0
"""Seconds after which the invariants are looked at again, if no step comes before."""
_ENDINGS: Final[tuple[Ending, ...]] = ("left", "closed", "killed", "vanished")


class InvariantBroken(Exception):  # noqa: N818  (a finding, not an error of ours)
    """Something was seen that must not be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a story went. ``broken`` is None when every invariant held."""

    seed: int
    story: str
    seconds: float
    """Of virtual time."""
    broken: str | None
    checked: Mapping[str, int]
    """How often each invariant had something to look at."""


def simulate(
    seed: int,
    steps: int = 100,
    *,
    seconds: float = 0.0,
    clients: int = CLIENTS,
    workers: int = 1,
) -> Outcome:
    """Run a story of so many steps, and more until it has lasted ``seconds``.

    With several ``workers`` of the engine each client is on another one than the last.

    It must not be called from within a trio run.
    """
    with seeded(seed):
        return trio.run(_run, seed, steps, seconds, clients, workers, clock=VirtualClock())


async def _run(seed: int, steps: int, seconds: float, clients: int, workers: int) -> Outcome:
    broken = None
    async with open_world(seed, clients, workers=workers) as world:
        try:
            await _tell(world, steps, seconds)
        except InvariantBroken as found:
            broken = str(found)
            world.story.tell("BROKEN", broken)
        except Exception:
            broken = traceback.format_exc()
            world.story.tell("BROKEN", broken)
        # Here, because the end of the world is told too.
        story, took = world.story.text(), trio.current_time()
    return Outcome(seed, story, took, broken, dict(world.checked))


async def _tell(world: World, steps: int, seconds: float) -> None:
    await trio.testing.wait_all_tasks_blocked()
    baseline = world.daemon.census()
    for number in count(1):
        take_step(world)
        await _let_time_pass(world, pause(world))
        ended = number >= steps and trio.current_time() >= seconds
        if ended or number % DAY == 0:
            await _night(world, baseline)
        if ended:
            break
    for who, counts in (("network", world.network.counts), ("checked", world.checked)):
        told = ", ".join(f"{value} {name}" for name, value in sorted(counts.items()))
        world.story.tell(who, told)


async def _let_time_pass(world: World, seconds: float) -> None:
    if seconds == 0.0:
        # The next step meets tasks in the middle of what this one has begun.
        await trio.lowlevel.checkpoint()
        return
    end = trio.current_time() + seconds
    while (left := end - trio.current_time()) > 0:
        await trio.sleep(min(left, _LOOK))
        await _check(world)


async def _night(world: World, baseline: dict[str, int]) -> None:
    """Let everybody leave in some way; then nothing may be left."""
    endings = Random(world.random.random())
    for client in world.clients:
        if client.goal is not None:
            client.want(None)
            client.end_session(endings.choice(_ENDINGS))
        world.network.heal(client.host)
    world.story.tell("night", "everybody leaves")
    deadline = trio.current_time() + NIGHT
    while (census := world.daemon.census()) != baseline:
        await trio.sleep(1.0)
        await _check(world)
        if trio.current_time() > deadline:
            more = {
                name: f"{baseline[name]} before, {count} now"
                for name, count in census.items()
                if count != baseline[name]
            }
            raise InvariantBroken(f"left behind: {more}")
    world.story.tell("night", "nothing is left behind")


async def _check(world: World) -> None:
    # What happens at this moment has happened: an invariant may not hold half way.
    await trio.testing.wait_all_tasks_blocked()
    for broken in check(world):
        raise InvariantBroken(broken)
