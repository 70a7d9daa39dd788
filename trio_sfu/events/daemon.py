"""Facts about the daemon as a whole."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group


@dataclass(frozen=True, slots=True)
class DaemonFailed(Crash):
    """An error that no crash group is there for ended the daemon."""

    counter: ClassVar[tuple[str, str] | None] = ("daemon_failures", "Errors that end the daemon")

    @property
    def group(self) -> Group:
        """The daemon."""
        return ()


@dataclass(frozen=True, slots=True)
class DrainBegun(Fact):
    """The daemon opens no more rooms and stops in `seconds`; `final`: a signal asked for it."""

    counter: ClassVar[tuple[str, str] | None] = ("drains", "Drains, and changes of their deadline")
    seconds: float
    final: bool


@dataclass(frozen=True, slots=True)
class DrainCancelled(Fact):
    """The drain was taken back: all is as before it."""
