"""Engines that tests start, and the sockets that speak to them."""

import socket
from collections.abc import Sequence
from random import Random
from typing import Protocol, Self

import trio

from tests.native import binding
from trio_sfu._native import Engine, Event

Address = tuple[str, int]

LOOPBACK = [("127.0.0.1", 0), ("::1", 0)]
RANDOM = Random(1)


class Start(Protocol):
    """Starts an engine that is closed when the test ends, however it ends."""

    def __call__(
        self,
        addresses: Sequence[Address] = LOOPBACK,
        *,
        workers: int = 1,
        silence_timeout_ms: int = 3_000,
        consent_timeout_ms: int = 15_000,
        event_queue: int = 16_384,
        tcp_port: int | None = None,
    ) -> Engine: ...


class Peer:
    """A socket that speaks STUN to the engine."""

    def __init__(self, server: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.socket = trio.socket.socket(family, socket.SOCK_DGRAM)
        self.server = server

    async def __aenter__(self) -> Self:
        await self.socket.bind(("::1" if self.socket.family == socket.AF_INET6 else "127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()[:2]
        return host, port

    async def send(self, datagram: bytes) -> None:
        await self.socket.sendto(datagram, self.server)

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        with trio.fail_after(5):
            datagram, source = await self.socket.recvfrom(2048)
        return datagram, source[:2]

    async def check(
        self,
        *,
        ufrag: str = binding.UFRAG,
        password: str = binding.PASSWORD,
        nominate: bool = False,
    ) -> binding.Answer:
        check, transaction = binding.request(
            RANDOM, ufrag=ufrag, password=password, nominate=nominate
        )
        await self.send(check)
        answer = binding.answer((await self.receive())[0], password=password)
        assert answer.transaction == transaction
        return answer


class TcpPeer(Peer):
    """The same over a connection (RFC 6544): each datagram behind its length (RFC 4571)."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.socket = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.server = server

    async def __aenter__(self) -> Self:
        try:
            await self.socket.connect(self.server)
        except OSError:
            self.socket.close()
            raise
        return self

    async def send(self, datagram: bytes) -> None:
        await self.socket.send(len(datagram).to_bytes(2) + datagram)

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        with trio.fail_after(5):
            length = int.from_bytes(await self._exactly(2))
            return await self._exactly(length), self.server

    async def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = await self.socket.recv(length - len(data))
            if not more:
                raise EOFError
            data += more
        return data


async def next_events(engine: Engine) -> list[Event]:
    """Wait as the daemon's pump does."""
    with trio.fail_after(5):
        await trio.lowlevel.wait_readable(engine.event_fd())
    return engine.drain_events()
