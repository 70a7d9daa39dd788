"""An accepted TCP connection, and which of them the running task serves."""

from contextvars import ContextVar
from dataclasses import dataclass

import trio


@dataclass(slots=True, eq=False)
class Connection:
    """An accepted TCP connection: its task, its socket, and where it comes from."""

    task: trio.lowlevel.Task
    socket: trio.socket.SocketType
    address: str
    broken_off: bool = False
    """An answer that had begun will not be finished; what comes of that is no other failure."""


current_connection: ContextVar[Connection | None] = ContextVar("current_connection", default=None)
"""The connection the running task serves, for who must not count itself."""
