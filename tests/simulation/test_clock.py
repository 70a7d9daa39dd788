"""The virtual clock goes on when nobody has anything to do, and no sooner."""

import math
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from trio_sfu.testing.simulation.clock import VirtualClock


def run(main: Callable[[VirtualClock], Awaitable[None]]) -> None:
    clock = VirtualClock()
    trio.run(main, clock, clock=clock)


def test_it_goes_from_deadline_to_deadline() -> None:
    woke: list[tuple[str, float]] = []

    async def sleep(name: str, *times: float) -> None:
        for seconds in times:
            await trio.sleep(seconds)
            woke.append((name, trio.current_time()))

    async def main(_clock: VirtualClock) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleep, "a", 2.0, 3600.0)
            nursery.start_soon(sleep, "b", 5.0)

    run(main)
    assert woke == [("a", 2.0), ("b", 5.0), ("a", 3602.0)]


def test_it_stands_while_somebody_waits_for_all_to_be_blocked() -> None:
    async def main(_clock: VirtualClock) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 1.0)
            for _ in range(3):
                await trio.testing.wait_all_tasks_blocked()
                assert trio.current_time() == 0.0

    run(main)


def test_the_alarm_rings_before_the_tasks_of_its_moment() -> None:
    heard: list[tuple[str, float]] = []

    async def main(clock: VirtualClock) -> None:
        def ring() -> None:
            heard.append(("alarm", trio.current_time()))
            if len(heard) == 1:
                clock.set_alarm(4.0, ring)

        clock.set_alarm(1.0, ring)
        clock.set_alarm(2.0, ring)
        for _ in range(3):
            await trio.sleep(2.0)
            heard.append(("task", trio.current_time()))

    run(main)
    told = [("alarm", 2.0), ("task", 2.0), ("alarm", 4.0), ("task", 4.0), ("task", 6.0)]
    assert heard == told


def test_an_alarm_may_never_ring() -> None:
    async def main(clock: VirtualClock) -> None:
        clock.set_alarm(math.inf, lambda: pytest.fail("it rang"))
        await trio.sleep(1.0)

    run(main)


async def test_a_simulation_has_this_clock_or_none(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(TypeError, match="not on <MockClock"):
        VirtualClock.current()
