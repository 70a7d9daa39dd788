"""When a self-test is done, on a virtual clock, with a test that is scripted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from trio_sfu import events
from trio_sfu.events import Journal
from trio_sfu.liveness.self_test import SelfTestRecord, SelfTestResult
from trio_sfu.self_test.run import Finding, failed
from trio_sfu.self_test.service import SelfTest
from trio_sfu.services.supervisor import Services

PASSED = Finding(SelfTestResult(outcome="passed", seconds=0.3))


class Scripted:
    def __init__(self, interval: float = 60, workers: int = 1) -> None:
        self.at: list[float] = []
        self.of: list[int] = []
        """The worker of each test."""
        self.broken: set[int] = set()
        self.outcome: Finding | Exception = PASSED
        self.takes = 0.5
        self.stuck: list[int] = []
        self.journal = Journal()
        self.record = SelfTestRecord(interval)
        self.service = SelfTest(self._test, workers, self.record, lambda: self.stuck, self.journal)
        self.services = Services(self.journal, chance=lambda: 0.0)
        self.services.add("self-test", self.service.run)

    async def _test(self, worker: int) -> Finding:
        self.at.append(trio.current_time())
        self.of.append(worker)
        await trio.sleep(self.takes)
        if worker in self.broken:
            return failed("self-test-connect", "no answer")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.services.run)
            yield
            nursery.cancel_scope.cancel()

    def since(self, start: float) -> list[float]:
        return [round(each - start, 3) for each in self.at]


async def test_at_once_and_then_once_a_minute(autojump_clock: MockClock) -> None:
    scripted, start = Scripted(), trio.current_time()
    async with scripted.running():
        await trio.sleep(130)
    assert scripted.since(start) == [0, 60.5, 121]
    assert scripted.journal.count(events.SelfTestPassed) == 3


async def test_never_unless_asked(autojump_clock: MockClock) -> None:
    scripted, start = Scripted(interval=0), trio.current_time()
    async with scripted.running():
        await trio.sleep(1_000)
        assert not scripted.at
        assert (await scripted.service.now()).outcome == "passed"
        await trio.sleep(1_000)
        assert scripted.since(start) == [1_000]


async def test_two_who_ask_at_once_get_the_same_test(autojump_clock: MockClock) -> None:
    scripted = Scripted(interval=0)
    async with scripted.running(), trio.open_nursery() as nursery:
        nursery.start_soon(scripted.service.now)
        await trio.sleep(0.1)
        nursery.start_soon(scripted.service.now)
        await trio.sleep(10)
        assert len(scripted.at) == 1


async def test_a_failure_is_confirmed_soon_and_its_end_noticed_soon(
    autojump_clock: MockClock,
) -> None:
    scripted, start = Scripted(), trio.current_time()
    scripted.outcome = failed("self-test-receive", "nothing came through")
    async with scripted.running():
        await trio.sleep(1)
        assert scripted.record.doubtful
        await trio.sleep(30)
        assert scripted.record.failing
        assert scripted.since(start) == [0, 2.5, 18]
        scripted.outcome = PASSED
        await trio.sleep(5)
        assert not scripted.record.failing
    assert scripted.journal.count(events.SelfTestFailed) == 3


async def test_a_stuck_worker_is_not_asked_for_anything(autojump_clock: MockClock) -> None:
    scripted = Scripted()
    scripted.stuck = [2]
    async with scripted.running():
        await trio.sleep(1)
    assert not scripted.at
    assert scripted.record.last is not None
    assert scripted.record.last.message == "engine worker 2 stands still"
    scripted.stuck = [0, 2]
    with trio.fail_after(5):
        async with scripted.running():
            await scripted.service.now()
    assert scripted.record.last.message == "engine worker 0, engine worker 2 stand still"


async def test_each_worker_has_its_turn_and_all_have_it_at_the_start(
    autojump_clock: MockClock,
) -> None:
    scripted, start = Scripted(workers=3), trio.current_time()
    async with scripted.running():
        await scripted.service.proven()
        assert trio.current_time() == start + 0.5, "it is ready after the first"
        await trio.sleep(130)
    assert scripted.of == [0, 1, 2, 0, 1]
    assert scripted.since(start) == [0, 0.5, 1, 61.5, 122]


async def test_one_worker_of_two_that_is_broken_is_found_and_stays_found(
    autojump_clock: MockClock,
) -> None:
    scripted, start = Scripted(workers=2), trio.current_time()
    async with scripted.running():
        await trio.sleep(62)
        assert scripted.of == [0, 1, 0]
        scripted.broken = {1}
        await trio.sleep(100)
        assert scripted.record.failing
        assert set(scripted.of[3:]) == {1}, "the same again, until it passes"
        assert scripted.since(start)[3:5] == [121.5, 124]
        scripted.broken = set()
        await trio.sleep(80)
        assert not scripted.record.failing
    assert scripted.of[-2:] == [1, 0]


async def test_a_worker_that_is_broken_at_the_start_is_tried_with_the_pauses_of_all(
    autojump_clock: MockClock,
) -> None:
    scripted, start = Scripted(workers=2), trio.current_time()
    scripted.broken = {1}
    async with scripted.running():
        await trio.sleep(30)
    assert scripted.of == [0, 1, 1, 1]
    assert scripted.since(start) == [0, 0.5, 3, 18.5]


async def test_with_no_interval_only_who_asks_has_the_next_worker_tested(
    autojump_clock: MockClock,
) -> None:
    scripted = Scripted(interval=0, workers=2)
    async with scripted.running():
        for _ in range(3):
            await scripted.service.now()
            await trio.sleep(1_000)
    assert scripted.of == [0, 1, 0]


async def test_a_defect_in_the_test_is_a_failed_service(autojump_clock: MockClock) -> None:
    scripted = Scripted()
    scripted.outcome = RuntimeError("a defect of the test itself")
    async with scripted.running():
        await trio.sleep(1)
        service = scripted.services.services["self-test"]
        assert (service.state, scripted.record.failing) == ("restarting", False)
        scripted.outcome = PASSED
        await trio.sleep(5)
        assert service.state == "running"
        assert scripted.record.last == PASSED.result
    assert scripted.journal.count(events.ServiceFailed) == 1


async def test_who_asks_a_service_that_has_failed_is_answered_when_it_is_back(
    autojump_clock: MockClock,
) -> None:
    scripted = Scripted(interval=0)
    scripted.outcome = RuntimeError("a defect of the test itself")
    async with scripted.running():
        with pytest.raises(trio.TooSlowError), trio.fail_after(2):
            await scripted.service.now()
        scripted.outcome = PASSED
        with trio.fail_after(60):
            assert (await scripted.service.now()).outcome == "passed"


async def test_media_is_proven_by_the_first_test_that_passes(autojump_clock: MockClock) -> None:
    it = Scripted()
    it.outcome = failed("self-test-connect", "no answer")
    start = trio.current_time()
    async with it.running():
        assert it.record.awaited
        with trio.move_on_after(10):
            await it.service.proven()
        assert it.record.awaited
        it.outcome = PASSED
        await it.service.proven()
        assert not it.record.awaited
        assert 10 < trio.current_time() - start < 30
        it.outcome = failed("self-test-connect", "no answer")
        await trio.sleep(600)
        assert not it.record.awaited, "once is enough"


async def test_where_media_is_not_tested_nothing_is_waited_for(autojump_clock: MockClock) -> None:
    it = Scripted(interval=0)
    assert not it.record.awaited
    await it.service.proven()
