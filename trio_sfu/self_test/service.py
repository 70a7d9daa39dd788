"""The service that tests the media path once in a while, and when it is asked to."""

from collections.abc import Awaitable, Callable

import trio

from trio_sfu.events import Journal, SelfTestFailed, SelfTestPassed
from trio_sfu.liveness.self_test import SelfTestRecord, SelfTestResult
from trio_sfu.self_test.run import Finding, failed


class SelfTest:
    """Tests one after the other and notes each in ``record`` and the journal.

    ``test`` does one, of a worker of the engine. It is each one's turn of ``workers``; the first
    round goes without a pause, and after a failure it is the same one's again. ``stuck`` gives
    those that stand still: then media cannot come through, and a command to the engine would only
    hold the event loop up.
    """

    def __init__(
        self,
        test: Callable[[int], Awaitable[Finding]],
        workers: int,
        record: SelfTestRecord,
        stuck: Callable[[], list[int]],
        journal: Journal,
    ) -> None:
        self._test = test
        self._workers = workers
        self._passed = 0
        """Tests that have not failed."""
        self._record = record
        self._stuck = stuck
        self._journal = journal
        self._asked = trio.Event()
        self._done = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        """Be the service: test at once, when the next test is due, and when asked."""
        task_status.started()
        if not self._record.interval:
            await self._asked.wait()
        while True:
            await self._once()
            with trio.move_on_after(self._wait()):
                await self._asked.wait()

    async def proven(self) -> None:
        """Return when media has come through once; at once if that is not tested."""
        while self._record.awaited:
            await self._done.wait()

    def reschedule(self) -> None:
        """Test now, and then as often as the record has it since."""
        self._asked.set()

    async def now(self) -> SelfTestResult:
        """Return the result of the test that is under way, or else of a new one."""
        self._asked.set()
        await self._done.wait()
        assert self._record.last is not None  # noqa: S101  (noted before)
        return self._record.last

    async def _once(self) -> None:
        self._note(await self._tested())
        # Who asked while it was under way has had an answer.
        self._asked = trio.Event()
        self._done.set()
        self._done = trio.Event()

    def _wait(self) -> float:
        is_first_round = self._passed < self._workers and self._record.failing_since is None
        return 0.0 if is_first_round and self._record.interval else self._record.wait()

    async def _tested(self) -> Finding:
        stuck = self._stuck()
        if stuck:
            who = ", ".join(f"engine worker {each}" for each in stuck)
            return failed("self-test-worker", f"{who} {'stand' if stuck[1:] else 'stands'} still")
        return await self._test(self._passed % self._workers)

    def _note(self, tested: Finding) -> None:
        self._record.note(tested.result, trio.current_time())
        self._passed += tested.result.outcome != "failed"
        if tested.failure is not None:
            self._journal.note(SelfTestFailed(tested.failure))
        elif tested.result.outcome == "passed":
            self._journal.note(SelfTestPassed(tested.result.seconds))
