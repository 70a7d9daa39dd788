"""Facts about the daemon as a whole."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Group


@dataclass(frozen=True, slots=True)
class DaemonFailed(Crash):
    """An error that no crash group is there for ended the daemon."""

    counter: ClassVar[tuple[str, str] | None] = ("daemon_failures", "Errors that end the daemon")

    @property
    def group(self) -> Group:
        """The daemon."""
        return ()
