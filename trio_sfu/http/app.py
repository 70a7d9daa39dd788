"""The HTTP application: what each path answers."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from trio_sfu.http.admin import Operated, admin_routes
from trio_sfu.http.crashes import CrashGroup
from trio_sfu.http.drain import drain_routes
from trio_sfu.http.events import event_routes
from trio_sfu.http.headers import SecurityHeaders
from trio_sfu.http.metrics import CONTENT_TYPE_LATEST, Measured, render
from trio_sfu.http.operators import Operators
from trio_sfu.http.page import Page
from trio_sfu.http.timelines import timeline_routes
from trio_sfu.http.token import OperatorRefusedError
from trio_sfu.liveness.health import Health
from trio_sfu.rooms.drain import Drain

_NO_STORE = {"cache-control": "no-store"}
_CODES = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    426: "upgrade-required",
    503: "busy",
}


class Observed(Measured, Operated, Protocol):
    """What the application shows of the daemon."""

    @property
    def ready(self) -> bool:
        """Whether new clients are welcome."""
        ...

    @property
    def drain(self) -> Drain:
        """Whether the daemon is being emptied, and until when."""
        ...

    def health(self) -> Health:
        """Return whether all gets on, and what does not."""
        ...

    def rooms_snapshot(self) -> list[dict[str, Any]]:
        """Return the rooms and their peers."""
        ...


def make_app(
    daemon: Observed,
    page: Page | None = None,
    *,
    token: str | None = None,
    operators: Operators | None = None,
    routes: Sequence[Route] = (),
) -> Starlette:
    """Return the ASGI application that shows ``daemon``.

    ``operators`` is the guard of what is theirs; without it one is made, with ``token``.
    ``routes``: further ways in, besides the signaling socket.
    """
    operators = operators or Operators(token, daemon.journal)
    answers = _Answers(daemon, page or Page(), operators)
    return Starlette(
        routes=[
            Route("/", answers.index),
            Route("/healthz", answers.healthz),
            Route("/readyz", answers.readyz),
            Route("/metrics", answers.metrics),
            Route("/signal", answers.signal),
            Route("/api/v1/census", answers.census),
            Route("/api/v1/rooms", answers.rooms),
            *admin_routes(daemon, operators),
            *drain_routes(daemon.drain, operators),
            *event_routes(daemon.journal, operators),
            *timeline_routes(daemon.journal, operators),
            *routes,
            Route("/assets/{path:path}", answers.asset),
            Route("/{room}", answers.room),
            Route("/{path:path}", answers.absent),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(CrashGroup, daemon.journal)],
        exception_handlers={HTTPException: _refused},
    )


class _Answers:
    def __init__(self, daemon: Observed, page: Page, operators: Operators) -> None:
        self._operators = operators
        self._daemon = daemon
        self._page = page

    async def index(self, request: Request) -> Response:
        return self._page.index(request)

    async def room(self, request: Request) -> Response:
        name: str = request.path_params["room"]
        return self._page.file(request, name) or self._page.index(request)

    async def asset(self, request: Request) -> Response:
        found = self._page.file(request, f"assets/{request.path_params['path']}")
        if found is None:
            raise HTTPException(404, "there is no such file")
        return found

    async def healthz(self, _request: Request) -> Response:
        health = self._daemon.health()
        body = msgspec.to_builtins(health)
        return JSONResponse(body, status_code=200 if health.ok else 503, headers=_NO_STORE)

    async def readyz(self, _request: Request) -> Response:
        if self._daemon.drain.active:
            return _error(503, "server-draining", "about to stop: no new rooms are opened")
        if self._daemon.ready and self._daemon.overload_level() > 0:
            # Who spreads clients over several daemons sends them elsewhere for a while.
            return _error(503, "server-busy", "overloaded: nobody new is let in")
        if self._daemon.ready:
            return PlainTextResponse("ready\n", headers=_NO_STORE)
        return _error(503, "not-ready", "the daemon is starting or stopping")

    async def metrics(self, _request: Request) -> Response:
        headers = _NO_STORE | {"content-type": CONTENT_TYPE_LATEST}
        return Response(render(self._daemon), headers=headers)

    async def census(self, request: Request) -> Response:
        self._operators.require(request)
        return JSONResponse(self._daemon.census(), headers=_NO_STORE)

    async def rooms(self, request: Request) -> Response:
        # Where everybody may join, a room's name is all that keeps strangers out of it.
        self._operators.require(request)
        return JSONResponse({"rooms": self._daemon.rooms_snapshot()}, headers=_NO_STORE)

    async def signal(self, _request: Request) -> Response:
        raise HTTPException(426, "this is a WebSocket", headers={"upgrade": "websocket"})

    async def absent(self, _request: Request) -> Response:
        raise HTTPException(404, "there is nothing at this path")


def _error(status: int, code: str, message: str, headers: Any = None) -> Response:  # noqa: ANN401
    return JSONResponse(
        {"code": code, "message": message},
        status_code=status,
        headers=_NO_STORE | dict(headers or {}),
    )


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    if isinstance(error, OperatorRefusedError):
        code = error.code
    else:
        code = _CODES.get(error.status_code, "refused")
    return _error(error.status_code, code, error.detail, error.headers)
