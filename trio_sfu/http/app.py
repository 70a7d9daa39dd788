"""The HTTP application: what each path answers."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from trio_sfu.http.admin import admin_routes
from trio_sfu.http.api import Operated, operations
from trio_sfu.http.crashes import CrashGroup
from trio_sfu.http.headers import SecurityHeaders
from trio_sfu.http.metrics import CONTENT_TYPE_LATEST, Measured, render
from trio_sfu.http.operations import api_routes
from trio_sfu.http.operators import Operators
from trio_sfu.http.page import Page
from trio_sfu.http.refusals import NO_STORE, answer_refusal, problem
from trio_sfu.liveness.health import Health


class Observed(Measured, Operated, Protocol):
    """What the application shows of the daemon."""

    @property
    def ready(self) -> bool:
        """Whether new clients are welcome."""
        ...

    def health(self) -> Health:
        """Return whether all gets on, and what does not."""
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
    answers = _Answers(daemon, page or Page())
    return Starlette(
        routes=[
            Route("/", answers.index),
            Route("/healthz", answers.healthz),
            Route("/readyz", answers.readyz),
            Route("/metrics", answers.metrics),
            Route("/signal", answers.signal),
            *routes,
            *api_routes(operations(daemon), operators),
            *admin_routes(operators),
            Route("/assets/{path:path}", answers.asset),
            Route("/{room}", answers.room),
            Route("/{path:path}", answers.absent),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(CrashGroup, daemon.journal)],
        exception_handlers={HTTPException: answer_refusal},
    )


class _Answers:
    def __init__(self, daemon: Observed, page: Page) -> None:
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
        return JSONResponse(body, status_code=200 if health.ok else 503, headers=NO_STORE)

    async def readyz(self, _request: Request) -> Response:
        if self._daemon.drain.active:
            return problem(503, "server-draining", "about to stop: no new rooms are opened")
        if self._daemon.ready and self._daemon.overload_level() > 0:
            # Who spreads clients over several daemons sends them elsewhere for a while.
            return problem(503, "server-busy", "overloaded: nobody new is let in")
        if self._daemon.ready:
            return PlainTextResponse("ready\n", headers=NO_STORE)
        return problem(503, "not-ready", "the daemon is starting or stopping")

    async def metrics(self, _request: Request) -> Response:
        headers = NO_STORE | {"content-type": CONTENT_TYPE_LATEST}
        return Response(render(self._daemon), headers=headers)

    async def signal(self, _request: Request) -> Response:
        raise HTTPException(426, "this is a WebSocket", headers={"upgrade": "websocket"})

    async def absent(self, _request: Request) -> Response:
        raise HTTPException(404, "there is nothing at this path")
