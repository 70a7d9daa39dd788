"""Facts about overload."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Fact, Level


@dataclass(frozen=True, slots=True)
class OverloadChanged(Fact):
    """The daemon took a step against overload, or one back, because of a resource."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = ("overload_changes", "Steps against overload")
    label: ClassVar[str | None] = "step"
    step: str
    before: str
    because: str
