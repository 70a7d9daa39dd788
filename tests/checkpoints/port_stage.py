"""Who is connected to a daemon with real sockets, and whose task is whose.

The clients speak by hand: a library would wait for an answer from who is gone.
"""

from typing import Final

import trio
from trio.lowlevel import Task
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from trio_sfu.daemon import Daemon
from trio_sfu.signaling.messages import SUBPROTOCOL

OTHER: Final = "other"
"""The role of a connection that nothing is done to."""
PORT: Final = "port: "
_DAEMON: Final = "daemon: "
_HEAD: Final = "GET {} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


class Stage:
    """A daemon, and the names of who is connected to it."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._names: dict[Task, str] = {}

    async def connect(self) -> trio.SocketStream:
        """Connect to the daemon's port."""
        host, port = self.daemon.addresses[0]
        return await trio.open_tcp_stream(host, port)

    async def enter(self, name: str) -> trio.SocketStream:
        """Connect under a name, and wait for the daemon to have accepted."""
        known = set(self.daemon.port.connections)
        stream = await self.connect()
        while not (new := self.daemon.port.connections - known):
            await trio.lowlevel.checkpoint()
        self._names[new.pop().task] = name
        return stream

    def role(self, task: Task) -> str | None:
        """Return what a task is to whom: of a connection, the port, or the daemon's stop."""
        kind = task.name.rpartition(".")[2].rpartition("/")[2]
        top = self._top(task)
        if task is self.daemon.task or (top is not None and top.name == "impatience"):
            return _DAEMON + ("stop" if task is self.daemon.task else kind)
        if top is None or top.name != "listeners":
            return None
        served = {connection.task for connection in self.daemon.port.connections}
        up: Task | None = task
        while up is not None:
            if up in served or up in self._names:
                name = self._names.get(up, "connection")
                return f"{name}: {kind}" if name != OTHER else None
            up = up.parent_nursery.parent_task if up.parent_nursery is not None else None
        return PORT + kind

    def _top(self, task: Task) -> Task | None:
        """Return which of the daemon's own children a task is or is below; None when none."""
        up = task
        while up.parent_nursery is not None:
            if up.parent_nursery.parent_task is self.daemon.task:
                return up
            up = up.parent_nursery.parent_task
        return None


async def ask(stream: trio.SocketStream, path: str = "/healthz") -> bytes:
    """Ask for something on a connection; return what came of the answer, of one JSON object."""
    data = b""
    try:
        await stream.send_all(_HEAD.format(path).encode())
        while not data.endswith(b"}"):
            more = await stream.receive_some()
            if not more:
                break
            data += more
    except trio.BrokenResourceError:
        pass
    return data


async def ended(stream: trio.SocketStream) -> None:
    """Wait for the other end to close."""
    try:
        async for _ in stream:
            pass
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


class Caller:
    """A client that joins a room, and stays or leaves again."""

    def __init__(self, stream: trio.SocketStream, room: str, *, stays: bool) -> None:
        self.joined = trio.Event()
        self.over = trio.Event()
        self.code: int | None = None
        """With which code the daemon closed the socket, if it did."""
        self._stays = stays
        self._stream = stream
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._pong = trio.Event()
        self._join = f'{{"type":"join","room":"{room}","name":"n"}}'

    async def run(self) -> None:
        """Join, and answer until the daemon closes."""
        try:
            await self._send(Request(host="sfu", target="/signal", subprotocols=[SUBPROTOCOL]))
            async for data in self._stream:
                self._socket.receive_data(bytes(data))
                for event in self._socket.events():
                    await self._answer(event)
        except trio.BrokenResourceError:
            pass
        finally:
            self.over.set()
            await trio.aclose_forcefully(self._stream)

    async def is_served(self) -> bool:
        """Return whether the daemon answers a ping."""
        self._pong = trio.Event()
        await self._send(Ping(b"there?"))
        with trio.move_on_after(5):
            await self._pong.wait()
        return self._pong.is_set() and not self.over.is_set()

    async def _send(self, event: Event) -> None:
        await self._stream.send_all(self._socket.send(event))

    async def _answer(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                await self._send(TextMessage(data=self._join))
            case TextMessage() if '"joined"' in event.data and not self.joined.is_set():
                self.joined.set()
                if not self._stays:
                    await self._send(CloseConnection(code=1000))
            case CloseConnection():
                if self.code is None and self._stays:
                    self.code = int(event.code)
                    await self._send(event.response())
            case Ping():
                await self._send(event.response())
            case Pong():
                self._pong.set()
            case _:
                pass
