"""Facts about optional services."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Group


@dataclass(frozen=True, slots=True)
class ServiceFailed(Crash):
    """A service of the daemon raised; its supervisor decides when it is started again."""

    counter: ClassVar[tuple[str, str] | None] = ("service_failures", "Services ended by an error")
    label: ClassVar[str | None] = "service"
    service: str

    @property
    def group(self) -> Group:
        """The service."""
        return ("services", self.service)
