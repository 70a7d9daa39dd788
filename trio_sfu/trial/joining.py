"""What a join takes of the event loop: self-tests, of which the clients' part is left out."""

import logging
import signal
import time
from dataclasses import dataclass
from typing import Final

import trio

from trio_sfu.errors import SfuError
from trio_sfu.media.engine import open_engine
from trio_sfu.media.settings import EngineSettings
from trio_sfu.self_test.run import run_self_test
from trio_sfu.trial.errors import TrialError
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.peer_connection import open_peer_connection

_CLIENTS: Final = {"services/self-test/speaker", "services/self-test/listener"}
"""The tasks of those who join; all else is the server's."""
_PARTIES: Final = 2
_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Joins:
    """Some joins, each with a call and its end."""

    count: int
    nanos: int
    """CPU time of the event loop, without the clients' own."""
    seconds: float
    """How long they took, the clients' part included."""

    @property
    def each_ns(self) -> float:
        """Nanoseconds of the event loop for one."""
        return self.nanos / self.count


class ServerTime(trio.abc.Instrument):
    """The CPU time of the tasks that are not the clients', in nanoseconds."""

    def __init__(self) -> None:
        self.nanos = 0
        self._began = 0
        self._of_clients: dict[trio.lowlevel.Task, bool] = {}

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Note when a task goes on."""
        del task
        self._began = time.thread_time_ns()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """Count what the step has taken."""
        if not self._is_clients(task):
            self.nanos += time.thread_time_ns() - self._began

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        """Forget a task."""
        self._of_clients.pop(task, None)

    def _is_clients(self, task: trio.lowlevel.Task) -> bool:
        found = self._of_clients.get(task)
        if found is None:
            nursery = task.parent_nursery
            found = task.name in _CLIENTS or (
                nursery is not None and self._is_clients(nursery.parent_task)
            )
            self._of_clients[task] = found
        return found


def measure_joins(seconds: float) -> Joins:
    """Have people join, one after the other, and return what that took of the event loop.

    Goes on for ``seconds``, and at least until it has one figure. Raises TrialError.
    """
    # A client that goes is no news here, and aiortc tells some.
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    time_of_server = ServerTime()
    try:
        return trio.run(_measure, seconds, time_of_server, instruments=[time_of_server])
    except (BaseExceptionGroup, SfuError, OSError) as error:
        raise _reason(error) from None
    finally:
        logging.disable(before)


def _reason(error: BaseException) -> BaseException:
    if isinstance(error, BaseExceptionGroup):
        if error.subgroup(KeyboardInterrupt) is not None:
            return KeyboardInterrupt()
        error = error.exceptions[0]
        return _reason(error)
    if isinstance(error, TrialError) or not isinstance(error, SfuError | OSError):
        return error
    return TrialError(f"nobody could join: {error}", code="trial-no-join")


async def _measure(seconds: float, server: ServerTime) -> Joins:
    # A KeyboardInterrupt could come up inside of asyncio, which would go on with it.
    with trio.open_signal_receiver(signal.SIGINT) as interrupts:
        found: list[Joins] = []
        async with trio.open_nursery() as nursery:

            async def measure() -> None:
                found.append(await _joins(seconds, server))
                nursery.cancel_scope.cancel()

            nursery.start_soon(measure, name="trial/joins")
            async for _ in interrupts:
                nursery.cancel_scope.cancel()
                break
        if not found:
            raise KeyboardInterrupt
        return found[0]


async def _joins(seconds: float, server: ServerTime) -> Joins:
    certificate = Certificate.generate()
    async with open_engine(EngineSettings()) as engine:

        async def once() -> None:
            found = await run_self_test(
                lambda *_: open_peer_connection(engine, certificate), loopback=True, within=_WITHIN
            )
            if found.result.outcome != "passed":
                raise TrialError(f"nobody could join: {found.result.message}", code="trial-no-join")

        await once()  # What is made once is made now.
        nanos, joins, began = server.nanos, 0, trio.current_time()
        while not joins or trio.current_time() < began + seconds:
            await once()
            joins += _PARTIES
        return Joins(joins, server.nanos - nanos, trio.current_time() - began)
