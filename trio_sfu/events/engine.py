"""Facts about the packet engine."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group, Level


@dataclass(frozen=True, slots=True)
class EngineFailed(Crash):
    """A worker of the packet engine panicked; every transport in it is lost."""

    counter: ClassVar[tuple[str, str] | None] = ("engine_failures", "Panics in the packet engine")

    @property
    def group(self) -> Group:
        """The engine."""
        return ("engine",)


@dataclass(frozen=True, slots=True)
class EngineRestarted(Fact):
    """A worker of the engine that failed was started anew; ``restarts`` since the start."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "engine_restarts",
        "Workers of the packet engine started anew",
    )
    restarts: int
