"""How late the loop is, seen from inside and from another thread."""

import signal
import subprocess
import sys
import time

import trio
from trio.testing import MockClock

from trio_sfu.liveness.loop import LoopLag
from trio_sfu.liveness.watching import watching


async def test_a_loop_that_turns_has_no_lag(autojump_clock: MockClock) -> None:
    loop = LoopLag()
    async with trio.open_nursery() as nursery:
        await nursery.start(loop.run)
        await trio.sleep(20)
        assert loop.recent() < 1e-6
        assert loop.histogram.cumulative()[0][1] >= 199
        nursery.cancel_scope.cancel()


async def test_the_worst_lag_is_told_for_five_seconds(mock_clock: MockClock) -> None:
    loop = LoopLag()
    async with trio.open_nursery() as nursery:
        await nursery.start(loop.run)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(3)
        assert 2.8 < loop.recent() < 3, "who asks before the loop has come round learns it too"
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(49):
            mock_clock.jump(0.1)
            await trio.testing.wait_all_tasks_blocked()
        assert 2.8 < loop.recent() < 3
        for _ in range(3):
            mock_clock.jump(0.1)
            await trio.testing.wait_all_tasks_blocked()
        assert loop.recent() < 0.01
        assert loop.histogram.total > 2.8
        nursery.cancel_scope.cancel()


def sleep_in_the_loop(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_loop_that_hangs_is_told_once_with_the_place_it_hangs_at() -> None:
    told: list[tuple[float, str]] = []
    loop = LoopLag()
    async with (
        trio.open_nursery() as nursery,
        watching(loop, 0.2, lambda seconds, stack: told.append((seconds, stack))),
    ):
        await nursery.start(loop.run)
        await trio.sleep(0.5)
        assert not told
        sleep_in_the_loop(1.0)
        assert len(told) == 1
        seconds, stack = told[0]
        assert 0.15 < seconds < 1.0
        assert "in sleep_in_the_loop" in stack
        assert "time.sleep(seconds)" in stack
        await trio.sleep(0.3)
        sleep_in_the_loop(0.6)
        assert len(told) == 2, "the next time is told again"
        nursery.cancel_scope.cancel()


STOPPED = """
import os, signal, time, trio
from trio_sfu.liveness.loop import LoopLag
from trio_sfu.liveness.watching import watching

async def main():
    loop, told = LoopLag(), []
    async with trio.open_nursery() as nursery, watching(loop, 0.4, lambda *what: told.append(what)):
        await nursery.start(loop.run)
        await trio.sleep(0.3)
        print("now", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        await trio.sleep(0.3)
        print(len(told), loop.recent() > 0.9)
        nursery.cancel_scope.cancel()

trio.run(main)
"""


def test_a_process_that_was_stopped_is_not_a_loop_that_hangs() -> None:
    """The loop was late, and says so, but there is no place where it hung."""
    command = [sys.executable, "-c", STOPPED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        time.sleep(1.2)
        process.send_signal(signal.SIGCONT)
        assert process.communicate(timeout=10)[0] == "0 True\n"
