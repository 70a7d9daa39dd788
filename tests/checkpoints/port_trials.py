"""One fault at a place of the TCP port: in a connection that comes, or while the daemon stops."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

import trio
from trio.lowlevel import Task

from tests.checkpoints.port_stage import PORT, Caller, Stage, ask, ended
from trio_sfu.config.load import load
from trio_sfu.config.model import Config
from trio_sfu.daemon import open_daemon
from trio_sfu.events import FACTS, Crash, Journal
from trio_sfu.testing.checkpoints import Checkpoints, cancel, innermost_scope, raise_at

Kind = Literal["raise", "cancel"]
Spot = tuple[str, str]
"""A role and a place."""
BOUND: Final = 8.5
"""Seconds a stop may take: the daemon's own 8, and a machine that has others to serve."""
CLOSED: Final = 1.0
"""Seconds after the daemon's end within which every client's connection is closed."""
_STARTED: Final = 20.0


def config() -> Config:
    """Return settings for free ports of loopback, without a self-test in the census."""
    flags = {"http.port": "0", "media.port": "0", "media.addresses": "127.0.0.1"}
    return load(flags=flags | {"liveness.self_test_interval": "0", "overload.max_lag": "10"})


def crashes(journal: Journal) -> int:
    """Return how many records of a failure there are."""
    return sum(journal.count(kind) for kind in FACTS if issubclass(kind, Crash))


def leaves(error: BaseException) -> list[BaseException]:
    """Return the errors in a tree of groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]


@contextmanager
def library_errors() -> Iterator[list[str]]:
    """Collect what the HTTP server logs as an error: it is a record as well."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keep(logging.ERROR)
    logging.getLogger("hypercorn").addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger("hypercorn").removeHandler(handler)


@dataclass
class Fault:
    """What is done at one spot."""

    kind: Kind
    spot: Spot
    done: bool = False
    """Whether a task came there and it could be done."""
    fatal: bool = False
    """Whether it cannot go unnoticed: without its port a daemon that serves is deaf."""

    def counted(self, stage: Stage) -> Checkpoints:
        """Return what has the fault done there."""
        role, place = self.spot
        counted = Checkpoints(lambda task: role if stage.role(task) == role else None)
        counted.at_place(place, partial(self._strike, stage))
        return counted

    def _strike(self, stage: Stage, task: Task) -> None:
        self.fatal = stage.daemon.ready and self.spot[0].startswith(PORT)
        if self.kind == "raise":
            self.done = raise_at(task)
        elif task.parent_nursery is None or innermost_scope(task) is not _above(task):
            self.done = True
            cancel(task)

    def records(self) -> set[int]:
        """Return how many records there may be of it."""
        if not self.done:
            return {0}
        return {1} if self.kind == "raise" or self.fatal else {0, 1}


def _above(task: Task) -> trio.CancelScope | None:
    """Return the scope above a connection's task; to cancel that is another thing's fault."""
    if "_run_handler" not in task.name and "Port._serve" not in task.name:
        return None
    return task.parent_nursery.cancel_scope if task.parent_nursery is not None else None


def spots(counted: Checkpoints) -> list[Spot]:
    """Return where tasks were seen to wait."""
    return list(dict.fromkeys((each.role, each.place) for each in counted.seen))


Act = Callable[[Stage], Awaitable[object]]


@dataclass
class Life:
    """A daemon from its start to its end, with everybody connected who can be."""

    fault: Fault | None = None
    during: Act | None = None
    """Done before the stop, while checkpoints are counted; else only those of the stop are."""
    wrong: list[str] = field(default_factory=list)
    seen: list[Spot] = field(default_factory=list)
    seconds: float = 0.0
    """How long the stop took."""

    async def run(self) -> None:
        """Live, and note what was wrong."""
        journal, errors = Journal(), list[BaseException]()
        streams: list[trio.SocketStream] = []
        begun = float("inf")
        with library_errors() as logged, trio.move_on_after(_STARTED + BOUND) as patience:
            async with trio.open_nursery() as clients:
                try:
                    with trio.CancelScope(), ExitStack() as counting:
                        async with open_daemon(config(), journal=journal) as daemon:
                            stage = Stage(daemon)
                            caller = await self._gather(stage, clients, streams)
                            counted = self._counted(stage)
                            counting.enter_context(counted.counting())
                            begun = trio.current_time()
                            if self.during is not None:
                                await self.during(stage)
                                begun = trio.current_time()
                except* Exception as error:
                    errors += leaves(error)
                self.seconds = max(trio.current_time() - begun, 0)
                with trio.move_on_after(CLOSED):
                    await caller.over.wait()
                    for stream in streams:
                        await ended(stream)
                    clients.cancel_scope.cancel()
                if not clients.cancel_scope.cancel_called:
                    self.wrong.append("a client's connection is still open")
                    clients.cancel_scope.cancel()
                for stream in streams:
                    stream.socket.close()
        self.seen = spots(counted)
        if patience.cancelled_caught or self.seconds > BOUND:
            self.wrong.append(f"the stop took {self.seconds:.1f} s")
        allowed = self.fault.records() if self.fault else {0}
        if crashes(journal) + len(errors) + len(logged) not in allowed:
            self.wrong.append(f"{crashes(journal)} records, {errors}, {logged}, not {allowed}")

    def _counted(self, stage: Stage) -> Checkpoints:
        if self.fault is None:
            return Checkpoints(stage.role, record=True)
        return self.fault.counted(stage)

    async def _gather(
        self, stage: Stage, clients: trio.Nursery, streams: list[trio.SocketStream]
    ) -> Caller:
        """Have one connection idle, one session in a room, and one in the middle of a head."""
        while any(each.state == "starting" for each in stage.daemon.services.services.values()):
            await trio.lowlevel.checkpoint()
        idle = await stage.enter("idle")
        assert b" 200 " in await ask(idle)
        caller = Caller(await stage.enter("session"), "amber", stays=True)
        clients.start_soon(caller.run)
        half = await stage.enter("half")
        await half.send_all(b"GET /healthz HT")
        streams += [idle, half]
        with trio.fail_after(_STARTED):
            await caller.joined.wait()
        return caller
