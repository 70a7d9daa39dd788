"""Hypercorn on a stream we accepted: the one place that uses its inner names.

Hypercorn is pinned, and ``tests/listeners/test_hypercorn_server.py`` notices when
these names move.
"""

import logging
from typing import cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trio_sfu.listeners.connection import current_connection
from trio_sfu.listeners.head import MAX_HEAD_BYTES
from trio_sfu.listeners.replay import PlainReplayStream, ReplayStream, TlsReplayStream

_KEEP_ALIVE_S = 5.0
_AFTER_END_S = 0.5
_FRESH_S = 0.3
"""Seconds that a connection is not idle yet: to hypercorn it is until it has read the request."""


def _watched(app: ASGIApp) -> ASGIApp:
    """Return ``app``, with a mark on the connection of an answer that it broke off.

    Hypercorn may not know that it has sent a part of it. It then tries to answer 500, which
    its own protocol refuses.
    """

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        begun = over = False

        async def noted(message: Message) -> None:
            nonlocal begun, over
            begun = True
            await send(message)
            over = message["type"] == "http.response.body" and not message.get("more_body")

        await app(scope, receive, noted)
        connection = current_connection.get()
        if connection is not None:
            connection.broken_off |= begun and not over

    return watched


async def _bound(stream: ReplayStream, scope: trio.CancelScope) -> None:
    # Its timer for a next request would go on after the client has gone.
    await stream.over.wait()
    scope.deadline = trio.current_time() + _AFTER_END_S


class HttpServer:
    """Serves one ASGI application on any number of streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = ASGIWrapper(cast("ASGIFramework", _watched(app)))
        self._config = Config()
        self._config.errorlog = logging.getLogger("hypercorn")
        self._config.include_server_header = False
        self._config.keep_alive_timeout = _KEEP_ALIVE_S
        # One who follows the events says nothing for hours; idle ones end by keep-alive.
        self._config.read_timeout = None
        self._config.h11_max_incomplete_size = MAX_HEAD_BYTES
        self._stopping = trio.Event()

    async def serve(self, stream: PlainReplayStream | TlsReplayStream) -> None:
        """Serve the requests on ``stream`` until it ends, then close it."""
        context = WorkerContext(None)
        server = TCPServer(
            self._app,
            self._config,
            context,
            {},
            stream,  # type: ignore[arg-type]  # it needs less than an SSLStream
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_bound, stream, nursery.cancel_scope)
            nursery.start_soon(self._end_idle, context)
            await server.run()
            nursery.cancel_scope.cancel()

    def stop(self) -> None:
        """Let connections end that wait for a next request."""
        self._stopping.set()

    async def _end_idle(self, context: WorkerContext) -> None:
        fresh_until = trio.current_time() + _FRESH_S
        await self._stopping.wait()
        # Its request has been read here, and would be closed unheard.
        await trio.sleep_until(fresh_until)
        await context.terminated.set()
