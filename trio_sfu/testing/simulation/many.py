"""Many stories, on every core the process may use."""

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from trio_sfu.testing.simulation.run import Outcome, simulate

_AT_ONCE: Final = 4  # stories handed to a process at a time
_STORIES: Final = 500  # a process tells, before another takes its place
_GARBAGE: Final = (50_000, 20, 100)
"""A story makes much that lives long and little that is garbage: to look for it less often, and
never among the modules, is an eighth of the time."""


def simulate_many(
    seeds: Iterable[int],
    steps: int,
    seconds: float = 0.0,
    *,
    jobs: int | None = None,
    workers: int = 1,
) -> Iterator[Outcome]:
    """Yield how each story goes, in the order of the seeds; only broken ones have their text.

    ``jobs`` processes, as many as there are cores when it is None.
    """
    tell = partial(_tell, steps=steps, seconds=seconds, workers=workers)
    jobs = jobs or len(os.sched_getaffinity(0))
    # Not forked: the caller may have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin, max_tasks_per_child=_STORIES
    ) as pool:
        yield from pool.map(tell, seeds, chunksize=_AT_ONCE)


def _begin() -> None:
    threading.Thread(target=_end_with_parent, name="end with the parent", daemon=True).start()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _end_with_parent() -> None:
    # Who is killed (SIGKILL, SIGTERM) cannot tell its processes, which would go on by themselves.
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  (it is one of a pool's)
    parent.join()
    os._exit(1)


def _tell(seed: int, *, steps: int, seconds: float, workers: int) -> Outcome:
    outcome = simulate(seed, steps, seconds=seconds, workers=workers)
    return outcome if outcome.broken is not None else replace(outcome, story="")
