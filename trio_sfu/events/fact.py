"""What every fact has: its metric, its log level, and a failure's record."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

from trio_sfu.events.failure import Failure

Level = Literal["debug", "info", "warning", "error"]
Group = tuple[str, ...]
"""A crash group, from the service downwards: ``("rooms", room, peer)``."""


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple("".join(f" {c}" if c.isupper() else c for c in name).lower().split())


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of the facts."""

    level: ClassVar[Level] = "info"
    """The level it is logged at."""
    counter: ClassVar[tuple[str, str] | None] = None
    """Name and description of the metric that counts it, if any."""
    label: ClassVar[str | None] = None
    """The field that is the metric's label. Its values come from a closed set."""
    labels: ClassVar[tuple[str, ...]] = ()
    """Values of the label that are there from the start, with 0: what has a first time is
    seen to have grown then."""
    measure: ClassVar[str | None] = None
    """The field, in seconds, that the metric is a histogram of instead of a count."""

    @classmethod
    def words(cls) -> list[str]:
        """Return the kind's name as words: ``["peer", "left"]``."""
        return list(_words(cls.__name__))

    @classmethod
    def kind(cls) -> str:
        """Return the kind as the API has it: ``peer-left``."""
        return "-".join(_words(cls.__name__))


@dataclass(frozen=True, slots=True)
class Crash(Fact):
    """Base of the facts that are failures."""

    level: ClassVar[Level] = "error"
    failure: Failure

    @property
    def group(self) -> Group:
        """The crash group that has failed."""
        raise NotImplementedError
