"""A TCP connection over the simulated network: two streams.

Bytes arrive in order, after the host's delay. A partition holds them back. A direction
takes at most ``WINDOW`` bytes that were not read yet; ``send_all`` waits for room.
"""

from collections import deque
from typing import Final

import trio

from trio_sfu.testing.simulation.network import Host, Network

WINDOW: Final = 65_536


class _Direction:
    """Bytes one way."""

    def __init__(self, network: Network, host: Host) -> None:
        self.sent = 0
        self.pieces: deque[bytes] = deque()
        self.ended = False
        self.reset = False
        self.dead = False
        self.arrived = trio.Event()
        self.taken = trio.Event()
        self.broken = trio.Event()
        """Set once nothing more comes."""
        self._network = network
        self._host = host
        self._last = 0.0

    def note_arrival(self) -> None:
        """Wake who reads."""
        self.arrived.set()
        self.arrived = trio.Event()

    def note_taking(self) -> None:
        """Wake who waits for room, or for all to be read."""
        self.taken.set()
        self.taken = trio.Event()

    def shut(self) -> None:
        """Wake everybody for the last time."""
        self.broken.set()
        self.note_arrival()
        self.note_taking()

    def carry(self, piece: bytes | None, *, reset: bool = False) -> None:
        """Send bytes, the end (None) or a reset to the other side."""
        now = trio.current_time()
        self._last = max(self._last, now + self._host.conditions.delay)
        self._network.later(self._last - now, lambda: self._pass(piece, reset=reset))

    def _pass(self, piece: bytes | None, *, reset: bool) -> None:
        # Whatever comes after a held piece is held too, or it would overtake it.
        if self.dead:
            return
        if self._host.partitioned:
            self._host.held.append(lambda: self._pass(piece, reset=reset))
        else:
            self._arrive(piece, reset=reset)

    def _arrive(self, piece: bytes | None, *, reset: bool) -> None:
        if reset:
            self.reset = True
            self.shut()
            return
        if piece is None:
            self.ended = True
        else:
            self.pieces.append(piece)
        self.note_arrival()


class WireEnd(trio.abc.Stream):
    """One end of a simulated TCP connection. Made by ``wire``."""

    def __init__(self, outgoing: _Direction, incoming: _Direction) -> None:
        self._out = outgoing
        self._in = incoming
        self._closed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, waiting while the window is full."""
        await trio.lowlevel.checkpoint()
        view = bytes(data)
        while view:
            self._check()
            room = WINDOW - self._out.sent
            if room <= 0:
                await self._out.taken.wait()
                continue
            piece, view = view[:room], view[room:]
            self._out.sent += len(piece)
            self._out.carry(piece)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the window has room."""
        await trio.lowlevel.checkpoint()
        self._check()
        while self._out.sent >= WINDOW:
            await self._out.taken.wait()
            self._check()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return some bytes, none at the end."""
        # As a socket has it: one checkpoint, whether there is something or has to come.
        if self._in.pieces or self._in.ended:
            await trio.lowlevel.checkpoint()
        while not self._in.pieces:
            self._check()
            if self._in.ended:
                return b""
            await self._in.arrived.wait()
        piece = self._in.pieces.popleft()
        if max_bytes is not None and len(piece) > max_bytes:
            piece, rest = piece[:max_bytes], piece[max_bytes:]
            self._in.pieces.appendleft(rest)
        self._in.sent -= len(piece)
        self._in.note_taking()
        return piece

    async def wait_broken(self) -> None:
        """Wait for a reset, and for all before it to be read; raises trio.BrokenResourceError."""
        await self._in.broken.wait()
        while self._in.pieces and not self._closed:
            await self._in.taken.wait()
        self._check()

    async def aclose(self) -> None:
        """Close: the other end reads what is under way, and then the end."""
        if not self._closed:
            self._shut()
            self._out.carry(None)
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """End as a killed program does: a reset to the other side."""
        if not self._closed:
            self._shut()
            self._out.carry(None, reset=True)

    def vanish(self) -> None:
        """End as a host without power does: nothing is sent or taken any more."""
        self._out.dead = self._in.dead = True
        self._shut()

    def _shut(self) -> None:
        self._closed = True
        self._in.shut()
        self._out.note_taking()

    def _check(self) -> None:
        if self._closed:
            raise trio.ClosedResourceError
        if self._in.reset or self._out.reset:
            raise trio.BrokenResourceError("connection reset")


def wire(network: Network, host: Host) -> tuple[WireEnd, WireEnd]:
    """Return the host's end and the server's end of a new connection."""
    up, down = _Direction(network, host), _Direction(network, host)
    return WireEnd(up, down), WireEnd(down, up)
