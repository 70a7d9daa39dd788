"""Accepting when the process or the machine has nothing left to accept with."""

import errno
import os
from collections.abc import Callable

import trio

from trio_sfu.events import AcceptFailed, Journal

_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
_RETRY_S = 0.1
_CALM_S = 10.0


class PatientListener(trio.abc.Listener[trio.SocketStream]):
    """Tries again while there is no descriptor or memory for another connection.

    Clients wait in the kernel's queue meanwhile. A spell of failures is noted once.
    ``accepted`` is called for each connection, before anything else can happen.
    """

    def __init__(
        self,
        listener: trio.SocketListener,
        journal: Journal,
        accepted: Callable[[], None] = lambda: None,
    ) -> None:
        self._listener = listener
        self._journal = journal
        self._accepted = accepted
        self._last_failure = -_CALM_S

    async def accept(self) -> trio.SocketStream:
        """Return the next connection."""
        while True:
            try:
                stream = await self._listener.accept()
            except OSError as error:
                if error.errno not in _SCARCE:
                    raise
                self._note(error.errno or 0)
            else:
                self._accepted()
                return stream
            await trio.sleep(_RETRY_S)

    def _note(self, number: int) -> None:
        now = trio.current_time()
        if now - self._last_failure >= _CALM_S:
            self._journal.note(AcceptFailed(errno.errorcode[number], os.strerror(number)))
        self._last_failure = now

    async def aclose(self) -> None:
        """Close the listening socket."""
        await self._listener.aclose()
