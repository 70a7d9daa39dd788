"""One self-test: two parties in a room of their own, over the real UDP port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import trio

from trio_sfu.config.model import Overload, Rooms
from trio_sfu.errors import SfuError
from trio_sfu.events import Crash, Fact, Failure, Journal
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.levels import Level
from trio_sfu.rooms.blame import sole
from trio_sfu.rooms.peer import Connect
from trio_sfu.rooms.registry import Registry
from trio_sfu.self_test.link import LinkEndedError, MemoryLink
from trio_sfu.self_test.party import STEPS, WITHOUT, Party, Step
from trio_sfu.webrtc.user_agent import open_user_agent

PATH: Final = "services/self-test"
_ENDING: Final = 3.0
"""Seconds that its room may take to end."""
_FULL: Final = "too-many-transports"


class SelfTestError(SfuError):
    """Media did not come through."""

    default_code = "self-test-failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test found; ``failure`` is its record when it failed."""

    result: SelfTestResult
    failure: Failure | None = None


async def run_self_test(
    connect: Connect, *, loopback: bool, within: float, where: str | None = None
) -> Finding:
    """Send sound and a picture from one peer to another; raises nothing.

    ``connect`` opens a peer's connection. ``loopback``: whether the UDP port is reached
    over the loopback interface. ``where``: what a failure is to name. Takes at most ``within``
    seconds, and some for ending what it has opened. Nobody else sees its room, and no metric
    counts it.
    """
    begin, test = trio.current_time(), _Test(connect, loopback=loopback, within=within)
    error: BaseExceptionGroup[Exception] | None = None
    try:
        await test.run()
    except* Exception as group:
        error = group
    seconds = round((test.received_at or trio.current_time()) - begin, 3)
    if error is None:
        return Finding(SelfTestResult(outcome="passed", seconds=seconds))
    return test.verdict(error, seconds, where)


def failed(code: str, message: str, seconds: float = 0.0) -> Finding:
    """Return the failure of a test that was not even begun."""
    failure = Failure.of(SelfTestError(message, code=code), code=code, path=PATH)
    result = SelfTestResult(outcome="failed", seconds=seconds, code=code, message=message)
    return Finding(result, failure)


class _Test:
    def __init__(self, connect: Connect, *, loopback: bool, within: float) -> None:
        self.received_at: float | None = None
        self._crash: Failure | None = None
        self._loopback = loopback
        self._within = within
        self._parties: list[Party] = []
        self._rooms = Registry(
            Rooms(max_rooms=1, max_peers=2),
            connect,
            Journal(self._noted),
            Admission(Overload(), lambda: Level.NORMAL),
            max_peers_in_all=2,
        )

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(self._rooms.run, name=f"{PATH}/rooms")
            with trio.fail_after(self._within):
                async with trio.open_nursery() as parties:
                    parties.start_soon(self._speak, name=f"{PATH}/speaker")
                    parties.start_soon(self._listen, parties.cancel_scope, name=f"{PATH}/listener")
            with trio.move_on_after(_ENDING):
                await self._rooms.stop()
            nursery.cancel_scope.cancel()

    def verdict(self, error: BaseException, seconds: float, where: str | None) -> Finding:
        """Say how far it came, and what stopped it there."""
        steps: list[Step] = [party.step for party in self._parties] or ["join"]
        step = min(steps, key=STEPS.index)
        code, message = f"self-test-{step}", WITHOUT[step]
        ended = sole(error, LinkEndedError)
        if ended is not None and ended.code == _FULL:
            result = SelfTestResult(
                outcome="skipped", seconds=seconds, code=_FULL, message="the engine is full"
            )
            return Finding(result)
        if where is not None:
            message += f", on {where}"
        if sole(error, trio.TooSlowError) is not None:
            message += f", within {self._within:g} s"
        failure = self._crash or Failure.of(error, code=code, path=PATH)
        result = SelfTestResult(outcome="failed", seconds=seconds, code=code, message=message)
        return Finding(result, failure)

    async def _speak(self) -> None:
        async with self._party("speaker") as party:
            await party.connect(self._rooms)
            await party.speak()

    async def _listen(self, both: trio.CancelScope) -> None:
        async with self._party("listener") as party:
            await party.connect(self._rooms)
            await party.listen()
            self.received_at = trio.current_time()
            both.cancel()

    @asynccontextmanager
    async def _party(self, name: str) -> AsyncIterator[Party]:
        link = MemoryLink(name)
        async with open_user_agent(loopback=self._loopback) as agent:
            self._parties.append(Party(agent, link))
            try:
                yield self._parties[-1]
            finally:
                link.leave()

    def _noted(self, fact: Fact) -> None:
        if isinstance(fact, Crash) and self._crash is None:
            self._crash = fact.failure
