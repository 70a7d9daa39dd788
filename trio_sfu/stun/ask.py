"""Asks a server, over UDP, TCP or TLS."""

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final, Protocol

import trio

from trio_sfu.stun.message import (
    LONGEST,
    Attribute,
    Kind,
    Message,
    StunError,
    encode,
    new_transaction,
)
from trio_sfu.stun.place import Place
from trio_sfu.stun.transaction import GIVE_UP, Transaction

_HEAD: Final = 20
_LENGTH: Final = 2
"""Bytes before each datagram on a stream (RFC 4571, section 2)."""
_NOT_OURS: Final = 16
"""Datagrams of others between two of ours that are passed over."""


class Asked(Protocol):
    """A server that requests are sent to."""

    async def ask(self, request: bytes, within: float) -> Message:
        """Return the response. Raises StunError."""
        ...


async def mapped_address(
    server: Place, local: str, within: float = GIVE_UP, *, port: int = 0
) -> tuple[str, int]:
    """Return the address that ``server`` sees when ``local`` sends to it (RFC 8489, section 14.2).

    Takes ``within`` seconds at most, the look-up of its name included. Raises StunError.
    """
    with _bounded(within):
        async with AsyncExitStack() as stack:
            asked = await connect_udp(stack, server, local, port)
            request = encode(Kind.BINDING, new_transaction())
            message = await asked.ask(request, within)
    if message.refused:
        code, reason = message.error()
        raise StunError(f"the server refuses: {code} {reason}", code="stun-refused")
    return message.address(Attribute.XOR_MAPPED_ADDRESS)


async def connect(stack: AsyncExitStack, server: Place, within: float = GIVE_UP) -> Asked:
    """Return a connection to a server by its transport; ``stack`` closes it. Raises StunError."""
    with _bounded(within):
        if server.transport == "udp":
            return await connect_udp(stack, server)
        return await _connect_stream(stack, server)


async def connect_udp(
    stack: AsyncExitStack, server: Place, local: str | None = None, port: int = 0
) -> Asked:
    """Return a UDP socket of ``local`` that is connected to ``server``. Raises StunError."""
    family = socket.AF_UNSPEC
    if local is not None:
        family = socket.AF_INET6 if ":" in local else socket.AF_INET
    try:
        found = await trio.socket.getaddrinfo(
            server.host, server.port, family=family, type=socket.SOCK_DGRAM
        )
    except (OSError, UnicodeError) as error:
        raise StunError(f"{server.host}: {error}", code="stun-name") from None
    family, _, _, _, address = found[0]
    opened = stack.enter_context(trio.socket.socket(family, socket.SOCK_DGRAM))
    try:
        if local is not None:
            await opened.bind((local, port))
        await opened.connect(address)
    except OSError as error:
        raise StunError(f"cannot be sent to: {error.strerror}", code="stun-unreachable") from None
    return _Datagrams(opened)


async def connect_peer(stack: AsyncExitStack, place: Place, within: float = GIVE_UP) -> Asked:
    """Return a connection to an ICE agent, by UDP or TCP; ``stack`` closes it. Raises StunError.

    What is said over TCP are datagrams (RFC 6544, section 10): not as STUN servers speak it.
    """
    if place.transport == "udp":
        return await connect_udp(stack, place)
    with _bounded(within):
        return await _connect_stream(stack, place, framed=True)


async def _connect_stream(stack: AsyncExitStack, server: Place, *, framed: bool = False) -> Asked:
    try:
        stream: trio.abc.Stream = await trio.open_tcp_stream(server.host, server.port)
        await stack.enter_async_context(stream)
        if server.transport == "tls":
            context = ssl.create_default_context()
            stream = trio.SSLStream(
                stream, context, server_hostname=server.host, https_compatible=True
            )
            await stream.do_handshake()
    except (OSError, trio.BrokenResourceError) as error:
        raise StunError(f"cannot be connected to: {_why(error)}", code="stun-unreachable") from None
    return _Stream(stream, framed=framed)


def _why(error: Exception) -> str:
    why: BaseException = error.__cause__ or error
    if isinstance(why, BaseExceptionGroup):
        why = why.exceptions[0]
    if isinstance(why, ConnectionRefusedError):
        return "nobody listens there"
    return os.strerror(why.errno) if isinstance(why, OSError) and why.errno else str(why)


class _Datagrams:
    def __init__(self, opened: trio.socket.SocketType) -> None:
        self._socket = opened

    async def ask(self, request: bytes, within: float) -> Message:
        transaction = Transaction(request, trio.current_time(), within)
        try:
            while True:
                if data := transaction.due(trio.current_time()):
                    await self._socket.send(data)
                with trio.move_on_at(transaction.deadline()):
                    for _ in range(_NOT_OURS):
                        message = transaction.take(await self._socket.recv(LONGEST + 1))
                        if message is not None:
                            return message
        except OSError as error:
            # ICMP says so, and it is not worth while to go on (RFC 8489, section 6.2.1).
            why = "nobody listens there" if error.errno == errno.ECONNREFUSED else error.strerror
            raise StunError(f"no answer: {why}", code="stun-unreachable") from None


class _Stream:
    def __init__(self, stream: trio.abc.Stream, *, framed: bool) -> None:
        self._stream = stream
        self._framed = framed

    async def ask(self, request: bytes, within: float) -> Message:
        # A reliable transport: nothing is sent twice (RFC 8489, section 6.2.2).
        transaction = Transaction(request, trio.current_time(), within, repeated=False)
        with _bounded(within):
            try:
                length = len(request).to_bytes(_LENGTH, "big") if self._framed else b""
                await self._stream.send_all(length + request)
                while True:
                    message = transaction.take(await self._next())
                    if message is not None:
                        return message
            except trio.BrokenResourceError:
                raise StunError("the connection is gone", code="stun-unreachable") from None

    async def _next(self) -> bytes:
        head = await self._exactly(_LENGTH if self._framed else _HEAD)
        length = int.from_bytes(head[-2:] if self._framed else head[2:4], "big")
        if length > LONGEST:
            raise StunError("the server does not speak STUN")
        rest = await self._exactly(length)
        return rest if self._framed else head + rest

    async def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = await self._stream.receive_some(size - len(found))
            if not more:
                raise StunError("the server ended the connection", code="stun-unreachable")
            found += more
        return found


@contextmanager
def _bounded(within: float) -> Iterator[None]:
    try:
        with trio.fail_after(within):
            yield
    except trio.TooSlowError:
        raise StunError("no answer", code="stun-timeout") from None
