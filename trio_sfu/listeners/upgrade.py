"""From an HTTP request for ``/signal`` to a signaling session."""

from collections.abc import Awaitable, Callable, Sequence

import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    wrap_server_stream,
)
from wsproto.utilities import LocalProtocolError

from trio_sfu.events import ConnectionRefused, Journal
from trio_sfu.http.origins import origin_allowed as allowed
from trio_sfu.listeners.head import Head
from trio_sfu.listeners.replay import ReplayStream
from trio_sfu.signaling.messages import MAX_MESSAGE_BYTES, SUBPROTOCOL

ServeSocket = Callable[[WebSocketConnection, ReplayStream], Awaitable[None]]
"""Is given the stream below the socket as well."""

# Twice what is allowed: a message somewhat too long is answered with an error message,
# one beyond this is only closed upon (1009), by the library.
_LIBRARY_LIMIT = 2 * MAX_MESSAGE_BYTES
_HANDSHAKE_S = 10.0
_QUEUE = 16
_INVALID = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
    b'connection: close\r\n\r\n{"code":"upgrade-invalid","message":"its headers are ASCII"}'
)


async def serve_signaling(
    head: Head,
    stream: ReplayStream,
    serve: ServeSocket,
    *,
    origins: Sequence[str],
    journal: Journal,
) -> None:
    """Accept the WebSocket and serve it; the stream is closed when this returns."""
    if not head.ascii:
        # The library would fail on it.
        journal.note(ConnectionRefused("upgrade-invalid"))
        with trio.move_on_after(_HANDSHAKE_S):
            await stream.send_all(_INVALID)
            await stream.aclose()
        return
    try:
        async with trio.open_nursery() as nursery:
            socket = None
            handshake = trio.CancelScope(deadline=trio.current_time() + _HANDSHAKE_S)
            nursery.start_soon(_cancel_when_over, stream, handshake)
            with handshake:
                request = await wrap_server_stream(
                    nursery, stream, message_queue_size=_QUEUE, max_message_size=_LIBRARY_LIMIT
                )
                refusal = _refusal(head, request, origins)
                if refusal is None:
                    socket = await request.accept(subprotocol=SUBPROTOCOL)
                else:
                    journal.note(ConnectionRefused(refusal[0]))
                    await _reject(request, *refusal)
            if socket is not None:
                await serve(socket, stream)
            nursery.cancel_scope.cancel()
    except* (ConnectionClosed, LocalProtocolError):
        # The library's reader wanted to answer a socket that was gone, or closing: a bad
        # frame and the end behind it, a ping after our close frame (its issue #184).
        pass


def origin_allowed(head: Head, origins: Sequence[str]) -> bool:
    """Return whether a page of the request's origin may use the socket.

    A browser always says the origin (RFC 6455, section 10.2); a program need not.
    """
    return allowed(head.headers.get("origin"), head.headers.get("host", ""), origins)


async def _cancel_when_over(stream: ReplayStream, scope: trio.CancelScope) -> None:
    # The library closes the stream on a bad handshake, and then waits for a good one.
    await stream.over.wait()
    scope.cancel()


def _refusal(
    head: Head, request: WebSocketRequest, origins: Sequence[str]
) -> tuple[str, int, str] | None:
    if not origin_allowed(head, origins):
        return "origin-refused", 403, "pages of this origin may not use the signaling socket"
    if SUBPROTOCOL not in request.proposed_subprotocols:
        return "subprotocol-unsupported", 400, f"offer the subprotocol {SUBPROTOCOL}"
    return None


async def _reject(request: WebSocketRequest, code: str, status: int, message: str) -> None:
    body = f'{{"code":"{code}","message":"{message}"}}'.encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await request.reject(status, extra_headers=headers, body=body)
