"""The one TCP port: accept, read the head, and hand the stream to who serves it."""

import errno
import os
import resource
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import trio

from trio_sfu.config.model import Http
from trio_sfu.errors import ConfigError, is_network
from trio_sfu.events import ConnectionCrashed, ConnectionRefused, Failure, Journal
from trio_sfu.listeners.connection import Connection, current_connection
from trio_sfu.listeners.head import HeadTooLarge, parse_head, read_head
from trio_sfu.listeners.hypercorn_server import HttpServer
from trio_sfu.listeners.patient import PatientListener
from trio_sfu.listeners.replay import replay
from trio_sfu.listeners.tls import server_context
from trio_sfu.listeners.upgrade import ServeSocket, serve_signaling
from trio_sfu.overload.addresses import counted_as

Accepted = trio.SocketStream | trio.SSLStream[trio.SocketStream]

_HEAD_LIMIT_S = 10.0
_HEAD_LIMIT_AT_END_S = 0.2
_CLOSE_LIMIT_S = 1.0
_SPARE_DESCRIPTORS = 16
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
    b'connection: close\r\n\r\n{"code":"too-many-connections","message":"try again later"}'
)
_BUSY_ADDRESS = (
    b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n"
    b"retry-after: 10\r\nconnection: close\r\n\r\n"
    b'{"code":"too-many-connections-from-address","message":"try again later"}'
)
_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
    b'connection: close\r\n\r\n{"code":"head-too-large","message":"16 KiB are allowed"}'
)


@asynccontextmanager
async def open_listeners(
    settings: Http, inherited: Sequence[socket.socket] = ()
) -> AsyncIterator[Sequence[trio.SocketListener]]:
    """Bind the port, unless it is ``inherited``.

    Raises ConfigError naming what is wrong with host or port.
    """
    listeners = [
        trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in inherited
    ] or await _bind(settings)
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.socket.close()


async def _bind(settings: Http) -> Sequence[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(settings.port, host=settings.host)
    except OSError as error:
        # Trio raises the causes of several addresses as a group inside an OSError.
        cause = error.__cause__ or error
        number = next(_numbers(cause), None)
        what = {
            errno.EADDRINUSE: "the port is taken by another program",
            errno.EACCES: "the port needs rights this user does not have",
            errno.EADDRNOTAVAIL: "this machine does not have the address",
        }.get(number or 0, os.strerror(number) if number else str(error))
        raise ConfigError(
            f"cannot listen on {settings.host} port {settings.port} (http.host, http.port): {what}",
            code="config-listen",
        ) from None


def _numbers(error: BaseException) -> Iterator[int]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _numbers(each)
    elif isinstance(error, OSError) and error.errno:
        yield error.errno


class Port:
    """Serves the port.

    At most ``max_connections``; further ones are answered 503, and those beyond
    ``max_connections_per_address`` of one address 429.

    Each connection is a crash group: an error ends it, is noted, and goes no further.
    """

    def __init__(
        self, settings: Http, http: HttpServer, serve_socket: ServeSocket, journal: Journal
    ) -> None:
        self.connections: set[Connection] = set()
        self._settings = settings
        self._http = http
        self._serve_socket = serve_socket
        self._journal = journal
        self._by_address: Counter[str] = Counter()
        self._tls: ssl.SSLContext | None = server_context(settings)
        self._accepting = trio.CancelScope()
        self._pending = 0
        """Connections that were accepted and whose task has not begun."""
        self._draining = False
        self._idle = trio.Event()
        self._reading: set[trio.CancelScope] = set()

    @property
    def scheme(self) -> str:
        """``https`` or ``http``."""
        return "https" if self._tls is not None else "http"

    def reconfigure(self, settings: Http) -> None:
        """Have other limits, origins and certificate for connections from now on."""
        self._settings = settings

    def use_certificate(self, context: ssl.SSLContext) -> None:
        """Show another certificate from now on; connections that exist go on."""
        self._tls = context

    async def run(
        self,
        listeners: Sequence[trio.SocketListener],
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve ``listeners`` until cancelled; ``stop_accepting`` closes them before."""
        async with trio.open_nursery() as handlers:
            with self._accepting:
                accept = partial(trio.serve_listeners, handler_nursery=handlers)
                patient = [PatientListener(each, self._journal, self._expect) for each in listeners]
                async with trio.open_nursery() as accepting:
                    await accepting.start(accept, self._serve, patient, name="accept")
                    task_status.started()

    def _expect(self) -> None:
        self._pending += 1

    def stop_accepting(self) -> None:
        """Accept no further connection; ``run`` returns when those that are open end."""
        self._accepting.cancel()

    async def end_connections(self, seconds: float) -> None:
        """Let connections end by themselves for some time."""
        self._http.stop()
        self._draining = True
        self._note_idle()
        for scope in self._reading:
            # Who is in the middle of a head may finish it, but is not waited for.
            scope.deadline = min(scope.deadline, trio.current_time() + _HEAD_LIMIT_AT_END_S)
        with trio.move_on_after(seconds):
            await self._idle.wait()

    def cut_connections(self) -> None:
        """Close what is left. It also ends writes that the HTTP server shields."""
        for connection in list(self.connections):
            connection.socket.close()

    async def _serve(self, accepted: trio.SocketStream) -> None:
        address = _address(accepted.socket)
        connection = Connection(trio.lowlevel.current_task(), accepted.socket, address)
        current_connection.set(connection)
        key = counted_as(address)
        refusal = self._refusal(accepted.socket, key)
        self.connections.add(connection)
        self._pending -= 1
        if key is not None:
            self._by_address[key] += 1
        try:
            if refusal is not None:
                reason, answer = refusal
                self._journal.note(ConnectionRefused(reason))
                await _answer(accepted, answer)
            else:
                await self._dispatch(self._secured(accepted))
        except* Exception as error:
            if not is_network(error) and not connection.broken_off:
                path = "listeners/connection"
                failure = Failure.of(error, code="connection-failed", path=path)
                self._journal.note(ConnectionCrashed(failure))
        finally:
            self.connections.discard(connection)
            self._forget_address(key)
            self._note_idle()
            accepted.socket.close()

    def _refusal(
        self, accepted: trio.socket.SocketType, key: str | None
    ) -> tuple[str, bytes] | None:
        if len(self.connections) >= self._settings.max_connections or _is_last(accepted):
            return "too-many-connections", _BUSY
        if key is not None and self._by_address[key] >= self._settings.max_connections_per_address:
            return "too-many-connections-from-address", _BUSY_ADDRESS
        return None

    def _forget_address(self, key: str | None) -> None:
        if key is not None:
            self._by_address[key] -= 1
            if self._by_address[key] <= 0:
                del self._by_address[key]

    def _note_idle(self) -> None:
        if self._draining and not self.connections and not self._pending:
            self._idle.set()

    def _secured(self, accepted: trio.SocketStream) -> Accepted:
        if self._tls is None:
            return accepted
        return trio.SSLStream(accepted, self._tls, server_side=True, https_compatible=True)

    async def _dispatch(self, stream: Accepted) -> None:
        with trio.move_on_after(_HEAD_LIMIT_S) as scope:
            self._reading.add(scope)
            try:
                data = await read_head(stream)
            except HeadTooLarge:
                self._journal.note(ConnectionRefused("head-too-large"))
                await _answer(stream, _LARGE)
                return
            finally:
                self._reading.discard(scope)
        if scope.cancelled_caught:
            if self._draining:
                return
            self._journal.note(ConnectionRefused("head-timeout"))
            return
        if not data:
            return
        head = parse_head(data)
        replayed = replay(data, stream)
        if head is not None and head.wants_signaling():
            await serve_signaling(
                head,
                replayed,
                self._serve_socket,
                origins=self._settings.origins,
                journal=self._journal,
            )
        else:
            await self._http.serve(replayed)


async def _answer(stream: Accepted, response: bytes) -> None:
    with trio.move_on_after(_CLOSE_LIMIT_S):
        await stream.send_all(response)
        await stream.aclose()


def _is_last(accepted: trio.socket.SocketType) -> bool:
    """Return whether hardly a descriptor is left for those who are already there.

    A new descriptor gets the lowest free number, so all below it are in use.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return accepted.fileno() >= limit - _SPARE_DESCRIPTORS > 0


def _address(socket: trio.socket.SocketType) -> str:
    try:
        host: str = socket.getpeername()[0]
    except OSError:
        return "127.0.0.1"  # Gone before it was served.
    return host
