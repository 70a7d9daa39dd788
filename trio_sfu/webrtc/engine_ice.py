"""The engine's transport as aiortc's DTLS asks for it: datagrams in, datagrams out."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import trio

from trio_sfu._native import EngineError
from trio_sfu.media.transport import Transport

MAX_DATAGRAMS: Final = 64
"""Datagrams that may wait for aiortc; more are dropped, for DTLS retransmits."""


class EngineIce:
    """What aiortc takes for its ICE transport: the engine's transport."""

    role = "controlled"

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.dropped = 0
        self._datagrams: deque[bytes] = deque()
        self._wake: Callable[[], object] = _nobody
        """Wakes the one who waits."""
        transport.control = self.deliver

    def deliver(self, datagram: bytes) -> None:
        """Queue a datagram; drop it when it is not DTLS (RFC 7983) or the queue is full."""
        if not datagram or not 20 <= datagram[0] <= 63 or len(self._datagrams) >= MAX_DATAGRAMS:
            self.dropped += 1
            return
        self._datagrams.append(datagram)
        self._wake()

    async def next(self, within: float | None = None) -> bytes | None:
        """Return the next datagram, or None when none has come ``within`` so many seconds."""
        if not self._datagrams:
            came = trio.Event()
            self._wake = came.set
            if within is None:
                # Most of a connection's life: a scope that has no end would be kept for nothing.
                await came.wait()
            else:
                with trio.move_on_after(within):
                    await came.wait()
        return self._take()

    async def next_in_loop(self, within: float | None = None) -> bytes | None:
        """Do the same in an asyncio loop."""
        if not self._datagrams:
            loop = asyncio.get_running_loop()
            came = loop.create_future()
            self._wake = partial(_set, came)
            alarm = None if within is None else loop.call_later(within, _set, came)
            try:
                await came
            finally:
                self._wake = _nobody
                if alarm is not None:
                    alarm.cancel()
        return self._take()

    def _take(self) -> bytes | None:
        return self._datagrams.popleft() if self._datagrams else None

    async def _recv(self) -> bytes:
        while (datagram := await self.next_in_loop()) is None:
            pass
        return datagram

    async def _send(self, datagram: bytes) -> None:
        try:
            self.transport.send_control(datagram)
        except EngineError as error:
            raise ConnectionError(str(error)) from error


def _nobody() -> None:
    """Wake nobody: nobody waits."""


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
