"""The instrument that counts checkpoints and does something at one: with trio's own names.

When a test here fails after an upgrade of trio, a private name has moved
(``trio_sfu/testing/checkpoints.py`` lists them).
"""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
from trio.lowlevel import Task
from trio.testing import MockClock

from trio_sfu.testing.checkpoints import Checkpoints, Holding, cancel, raise_at
from trio_sfu.testing.faults import InjectedFault

WORK = "worker"


def worker(task: Task) -> str | None:
    return task.name if task.name == WORK else None


async def watched(*works: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for work in works:
            nursery.start_soon(work, name=WORK)


async def count(steps: list[int]) -> None:
    for number in range(5):
        await trio.lowlevel.checkpoint()
        steps.append(number)


async def test_each_checkpoint_of_the_watched_task_is_counted() -> None:
    steps = list[int]()
    counted = Checkpoints(worker, record=True)
    with counted.counting():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(count, steps, name=WORK)
            nursery.start_soon(count, [], name="somebody else")
    assert counted.count == 5
    assert {each.role for each in counted.seen} == {WORK}
    assert "count" in counted.seen[0].place


@pytest.mark.parametrize("number", range(5))
async def test_an_error_is_raised_out_of_a_checkpoint(number: int) -> None:
    steps = list[int]()
    counted = Checkpoints(worker)
    counted.at(number, raise_at)
    with counted.counting(), pytest.RaisesGroup(InjectedFault):
        await watched(partial(count, steps))
    assert steps == list(range(number))
    assert [each.number for each in counted.struck] == [number]


async def test_an_error_is_raised_out_of_a_wait_that_is_left_in_order() -> None:
    counted = Checkpoints(worker)
    counted.at(0, partial(raise_at, error=InjectedFault("mine")))
    send, receive = trio.open_memory_channel[int](0)

    async def wait() -> None:
        with pytest.raises(InjectedFault, match="mine"):
            await receive.receive()

    with counted.counting():
        await watched(wait)
    assert receive.statistics().tasks_waiting_receive == 0
    with pytest.raises(trio.WouldBlock):
        send.send_nowait(1)


async def test_an_error_takes_the_place_of_a_cancellation() -> None:
    with pytest.RaisesGroup(InjectedFault):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name=WORK)
            await trio.testing.wait_all_tasks_blocked()
            (task,) = nursery.child_tasks
            nursery.cancel_scope.cancel()
            assert raise_at(task)


async def test_a_task_that_has_not_begun_gets_no_error() -> None:
    steps = list[int]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count, steps, name=WORK)
        (task,) = nursery.child_tasks
        assert not raise_at(task)
    assert steps == list(range(5))


async def test_an_error_in_a_nursery_that_waits_for_its_children_ends_them() -> None:
    counted = Checkpoints(worker)
    counted.at(0, raise_at)
    ended = trio.Event()

    async def child() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    async def parent() -> None:
        await watched(child)

    with counted.counting(), pytest.RaisesGroup(pytest.RaisesGroup(InjectedFault)):
        await watched(parent)
    assert ended.is_set()


async def test_the_innermost_scope_is_cancelled() -> None:
    counted = Checkpoints(worker)
    counted.at(0, cancel)
    went_on = trio.Event()

    async def wait() -> None:
        with trio.CancelScope() as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught
        await trio.lowlevel.checkpoint()
        went_on.set()

    with counted.counting():
        await watched(wait)
    assert went_on.is_set()


async def test_without_a_scope_of_its_own_the_nursery_is_cancelled() -> None:
    counted = Checkpoints(worker)
    counted.at(0, cancel)
    with counted.counting():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever, name=WORK)
            nursery.start_soon(trio.sleep_forever, name="sibling")
    assert nursery.cancel_scope.cancelled_caught


@pytest.mark.parametrize("pause", [0.0, 1.0])
async def test_a_held_task_makes_no_step(autojump_clock: MockClock, pause: float) -> None:
    counted, holding = Checkpoints(worker), Holding()
    counted.at(0, partial(holding.hold, seconds=7.0))
    begun = trio.current_time()
    done: list[float] = []

    async def work() -> None:
        try:
            await trio.sleep(pause)
        finally:
            done.append(trio.current_time() - begun)

    with counted.counting(), holding.watching():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work, name=WORK)
            await trio.sleep(pause + 5)
            nursery.cancel_scope.cancel()
    assert done == [pause + 7]


async def test_the_census_is_as_before_when_a_held_task_went_on(
    autojump_clock: MockClock,
) -> None:
    holding = Holding()
    before = trio.lowlevel.current_statistics().tasks_living
    with holding.watching():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 1, name=WORK)
            await trio.testing.wait_all_tasks_blocked()
            (task,) = nursery.child_tasks
            holding.hold(task, 3)
    await trio.testing.wait_all_tasks_blocked()
    assert trio.lowlevel.current_statistics().tasks_living == before
