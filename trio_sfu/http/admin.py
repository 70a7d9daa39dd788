"""The operator's page and API: the live tree, ending a room or a peer, testing the media."""

from pathlib import Path
from typing import Any, Protocol

import msgspec
import trio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trio_sfu.http.operators import Operators
from trio_sfu.http.page import Page
from trio_sfu.liveness.self_test import SelfTestResult

_FOLDER = Path(__file__).parent / "operator_page"
_NO_STORE = {"cache-control": "no-store"}


class Operated(Protocol):
    """What operators see and do of the daemon."""

    def tree(self) -> dict[str, Any]:
        """Return all that lives, as ``tree.nodes.Node`` has it."""
        ...

    async def end_room(self, room: str) -> bool:
        """End a room; return whether there was one."""
        ...

    async def remove_peer(self, room: str, peer: str) -> bool:
        """End a peer; return whether there was one."""
        ...

    async def test_media(self) -> SelfTestResult:
        """Have media go through the daemon now; return how it went.

        Raises trio.TooSlowError when there is no answer.
        """
        ...


def admin_routes(daemon: Operated, operators: Operators) -> list[Route]:
    """Return the routes of operators."""
    answers = _Answers(daemon, operators)
    return [
        Route("/admin/tree", answers.page),
        Route("/admin/assets/{name}", answers.asset),
        Route("/api/v1/tree", answers.tree),
        Route("/api/v1/self-test", answers.self_test, methods=["POST"]),
        Route("/api/v1/rooms/{room}", answers.end_room, methods=["DELETE"]),
        Route("/api/v1/rooms/{room}/peers/{peer}", answers.remove_peer, methods=["DELETE"]),
    ]


class _Answers:
    def __init__(self, daemon: Operated, operators: Operators) -> None:
        self._daemon = daemon
        self._operators = operators
        self._page = Page(_FOLDER)

    async def page(self, request: Request) -> Response:
        self._operators.require_for_page(request)
        return self._file(request, "tree.html")

    async def asset(self, request: Request) -> Response:
        return self._file(request, request.path_params["name"])

    async def tree(self, request: Request) -> Response:
        self._operators.require(request)
        return JSONResponse(self._daemon.tree(), headers=_NO_STORE)

    async def self_test(self, request: Request) -> Response:
        self._operators.require(request, changes=True)
        try:
            result = await self._daemon.test_media()
        except trio.TooSlowError:
            raise HTTPException(503, "the self-test gives no answer") from None
        return JSONResponse(msgspec.to_builtins(result), headers=_NO_STORE)

    async def end_room(self, request: Request) -> Response:
        self._operators.require(request, changes=True)
        room = request.path_params["room"]
        return _ended(found=await self._daemon.end_room(room), what="room")

    async def remove_peer(self, request: Request) -> Response:
        self._operators.require(request, changes=True)
        room, peer = request.path_params["room"], request.path_params["peer"]
        return _ended(found=await self._daemon.remove_peer(room, peer), what="peer")

    def _file(self, request: Request, name: str) -> Response:
        found = self._page.file(request, name)
        if found is None:
            raise HTTPException(404, "there is no such file")
        return found


def _ended(*, found: bool, what: str) -> Response:
    if not found:
        raise HTTPException(404, f"there is no such {what}")
    return Response(status_code=204, headers=_NO_STORE)
