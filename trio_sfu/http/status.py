"""What operators see of the daemon as a whole, by `/api/v1`."""

from typing import Protocol

import trio
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.http.operations import Operation, answer
from trio_sfu.http.refusals import CodedError
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.tree.nodes import Node


class Overseen(Protocol):
    """What is seen of the daemon."""

    def census(self) -> dict[str, int]:
        """Return what exists now, as flat counts."""
        ...

    def tree(self) -> Node:
        """Return all that lives."""
        ...

    async def test_media(self) -> SelfTestResult:
        """Have media go through the daemon now; return how it went.

        Raises trio.TooSlowError when there is no answer.
        """
        ...

    async def trial_path(self) -> TrialPath:
        """Return what it takes to try whether the media ports are reached.

        Raises trio.TooSlowError when there is no answer.
        """
        ...


def status_operations(daemon: Overseen) -> list[Operation]:
    """Return what can be asked of the daemon."""
    does = _Answers(daemon)
    return [
        Operation("GET", "/census", does.census, dict[str, int]),
        Operation("GET", "/tree", does.tree, Node),
        Operation(
            "POST", "/self-test", does.self_test, SelfTestResult, errors=("self-test-silent",)
        ),
        Operation("POST", "/trial-path", does.trial_path, TrialPath, errors=("self-test-silent",)),
    ]


class _Answers:
    def __init__(self, daemon: Overseen) -> None:
        self._daemon = daemon

    async def census(self, _request: Request) -> Response:
        """Count what exists: tasks, handles of the engine, file descriptors."""
        return answer(self._daemon.census())

    async def tree(self, _request: Request) -> Response:
        """Show all that lives, as a tree."""
        return answer(self._daemon.tree())

    async def self_test(self, _request: Request) -> Response:
        """Have media go through the daemon now."""
        try:
            return answer(await self._daemon.test_media())
        except trio.TooSlowError:
            raise CodedError("self-test-silent", "the self-test gives no answer") from None

    async def trial_path(self, _request: Request) -> Response:
        """Answer ICE checks for some seconds, for who tries whether the media ports are reached."""
        try:
            return answer(await self._daemon.trial_path())
        except trio.TooSlowError:
            raise CodedError("self-test-silent", "no path can be opened now") from None
