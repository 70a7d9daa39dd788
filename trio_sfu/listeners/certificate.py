"""Takes over a certificate that was renewed in place, without a connection being dropped."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import trio

from trio_sfu.config.model import Http
from trio_sfu.errors import ConfigError
from trio_sfu.events import CertificateLoaded, CertificateRefused, Journal
from trio_sfu.listeners.tls import server_context

CHECK_EVERY: Final = 5.0
"""Seconds between two looks at the files."""

_Mark: TypeAlias = tuple[int, int, int]


class CertificateWatch:
    """A service: looks whether the files are others, and has what is in them used.

    ``settings`` gives those that count now. What cannot be used is refused, told once, and the
    one before it stays: a renewal replaces two files, one after the other.
    """

    def __init__(
        self,
        settings: Callable[[], Http],
        use: Callable[[ssl.SSLContext], None],
        journal: Journal,
    ) -> None:
        self._settings = settings
        self._use = use
        self._journal = journal
        self._seen = _marks(settings())

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look, for ever."""
        task_status.started()
        while True:
            await trio.sleep(CHECK_EVERY)
            self.look()

    def look(self) -> None:
        """Look now."""
        # Before they are read: what changes meanwhile is seen the next time.
        marks = _marks(self._settings())
        if marks == self._seen:
            return
        self._seen = marks
        try:
            context = server_context(self._settings())
        except ConfigError as error:
            self._journal.note(CertificateRefused(str(error)))
            return
        if context is not None:
            self._use(context)
            self._journal.note(CertificateLoaded())


def _marks(settings: Http) -> list[_Mark | None]:
    return [_mark(path) for path in (settings.certificate, settings.key)]


def _mark(path: str) -> _Mark | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
