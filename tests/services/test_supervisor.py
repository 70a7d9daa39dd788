"""Services that fail in every way, on a virtual clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from trio_sfu.events import Fact, Journal, ServiceFailed
from trio_sfu.services.supervisor import Services

ENDED = "ServiceError: it has ended, though nobody wanted it to"
TOO_LATE = "ServiceError: not started within 30 s"


class Story:
    def __init__(self) -> None:
        self.failed: list[tuple[float, ServiceFailed]] = []
        self.lives: list[float] = []
        self.services = Services(Journal(self._note), chance=lambda: 0.0)

    def _note(self, fact: Fact) -> None:
        assert isinstance(fact, ServiceFailed)
        self.failed.append((trio.current_time(), fact))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.services.run)
            yield
            nursery.cancel_scope.cancel()

    def state(self, name: str = "s") -> str:
        return self.services.services[name].state

    def causes(self) -> list[str]:
        return [
            cause.type + ": " + cause.message
            for _, fact in self.failed
            for cause in fact.failure.causes
        ]


@pytest.fixture
def story() -> Story:
    return Story()


async def steady(task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()


async def test_what_works_is_left_alone(story: Story, autojump_clock: MockClock) -> None:
    story.services.add("s", steady)
    async with story.running():
        await trio.sleep(10_000)
        service = story.services.services["s"]
        assert (service.state, service.restarts, story.failed) == ("running", 0, [])


async def test_an_error_is_noted_once_and_the_service_restarted(
    story: Story, autojump_clock: MockClock
) -> None:
    async def dies_once(task_status: trio.TaskStatus[None]) -> None:
        story.lives.append(trio.current_time())
        task_status.started()
        if len(story.lives) == 1:
            await trio.sleep(10)
            raise ValueError("its own business")
        await trio.sleep_forever()

    story.services.add("s", dies_once)
    story.services.add("other", steady)
    start = trio.current_time()
    async with story.running():
        await trio.sleep(10.5)
        assert (story.state(), story.state("other")) == ("restarting", "running")
        await trio.sleep(100)
        assert [at - start for at in story.lives] == pytest.approx([0, 11])
        assert story.state() == "running"
        assert story.services.services["s"].restarts == 1
        assert story.causes() == ["ValueError: its own business"]
        [(_, fact)] = story.failed
        assert (fact.service, fact.failure.path) == ("s", "services/s")
        assert story.services.services["other"].restarts == 0


async def test_one_that_raises_at_once_is_given_up_and_tried_rarely(
    story: Story, autojump_clock: MockClock
) -> None:
    async def raises(task_status: trio.TaskStatus[None]) -> None:
        raise OSError("no such thing")

    story.services.add("s", raises)
    async with story.running():
        await trio.sleep(100)
        assert len(story.failed) == 5
        assert story.state() == "failed"
        await trio.sleep(3_000)
        assert len(story.failed) == 5 + 10
        assert set(story.causes()) == {"OSError: no such thing"}


async def test_one_that_recovers_is_as_good_as_new(story: Story, autojump_clock: MockClock) -> None:
    broken = True

    async def sick(task_status: trio.TaskStatus[None]) -> None:
        if broken:
            raise OSError("no such thing")
        task_status.started()
        await trio.sleep_forever()

    story.services.add("s", sick)
    async with story.running():
        await trio.sleep(100)
        broken = False
        await trio.sleep(400)
        assert story.state() == "running"


async def test_one_that_ends_by_itself_has_failed(story: Story, autojump_clock: MockClock) -> None:
    async def ends(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep(5)

    async def ends_at_once(task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC128  (so it fails)
        await trio.lowlevel.checkpoint()

    story.services.add("s", ends)
    story.services.add("t", ends_at_once)
    async with story.running():
        await trio.sleep(5.5)
        assert story.state() == "restarting"
        assert set(story.causes()) == {ENDED}
        assert {fact.service for _, fact in story.failed} == {"s", "t"}


async def test_one_that_hangs_at_the_start_is_ended_and_restarted(
    story: Story, autojump_clock: MockClock
) -> None:
    async def hangs(task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC128  (so it fails)
        story.lives.append(trio.current_time())
        await trio.sleep_forever()

    story.services.add("s", hangs)
    async with story.running():
        await trio.sleep(29)
        assert (story.state(), story.failed) == ("starting", [])
        await trio.sleep(3)
        assert story.causes() == [TOO_LATE]
        assert len(story.lives) == 2


async def hangs_on_cancel(task_status: trio.TaskStatus[None]) -> None:
    async def below() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    task_status.started()
    with trio.CancelScope(shield=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(below)
            with trio.CancelScope(shield=True):
                await trio.sleep_forever()


async def test_one_that_does_not_end_when_cancelled_is_made_to(
    story: Story, autojump_clock: MockClock
) -> None:
    """This fails as well when trio's private names have moved."""
    story.services.add("s", hangs_on_cancel)
    start = 0.0
    async with story.running():
        await trio.sleep(1)
        start = trio.current_time()
    assert trio.current_time() - start == pytest.approx(3, abs=0.2)


async def test_one_that_cleans_up_in_time_is_not_disturbed(
    story: Story, autojump_clock: MockClock
) -> None:
    async def tidy(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(2, shield=True) as scope:
                await trio.sleep(1.5)
            story.lives.append(float(scope.cancelled_caught))

    story.services.add("s", tidy)
    async with story.running():
        await trio.sleep(1)
    assert story.lives == [0.0]


async def test_one_that_hangs_at_the_start_and_on_cancel_is_ended_all_the_same(
    story: Story, autojump_clock: MockClock
) -> None:
    class Never:
        def started(self, _value: None = None) -> None:
            pass

    async def hangs(task_status: trio.TaskStatus[None]) -> None:  # noqa: ASYNC128  (so it fails)
        await hangs_on_cancel(Never())

    story.services.add("s", hangs)
    async with story.running():
        await trio.sleep(34)
        assert story.causes() == [TOO_LATE]


async def test_a_service_may_come_later_and_its_name_is_its_own(
    story: Story, autojump_clock: MockClock
) -> None:
    async with story.running():
        story.services.add("s", steady)
        await trio.sleep(1)
        assert story.state() == "running"
        with pytest.raises(ValueError, match="already"):
            story.services.add("s", steady)
