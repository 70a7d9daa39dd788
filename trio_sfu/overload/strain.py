"""From what is read off the machine to how near it is to its limits. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from trio_sfu.config.model import Overload

Resource: TypeAlias = Literal["loop", "workers", "memory", "descriptors"]

_EASE_SOON: Final = 0.8
# A process gives memory back slowly, and descriptors only as its peers leave.
_EASE_LATE: Final = 0.95
_SHED_LAG: Final = 4.0
"""How many times the lag that stops admission makes video be shed, too."""
_SATURATED: Final = 0.97
"""The share of a second that a worker with no pause in its work is running for."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What the gauges say.

    ``lag`` is by how many seconds the loop was late, ``workers`` the share of time that each of
    the engine's was running, ``memory`` and ``descriptors`` the shares in use.
    """

    lag: float = 0.0
    workers: Sequence[float] = ()
    memory: float = 0.0
    descriptors: float = 0.0


@dataclass(frozen=True, slots=True)
class Strain:
    """How near a resource is to where joins are refused and where video is shed: 1 is there.

    ``ease`` is the share of the limit that it must be below for things to go back.
    Less video does not give memory or descriptors back, so they shed nothing.
    """

    of: Resource
    full: float
    shed: float = 0.0
    ease: float = _EASE_SOON


def strains(readings: Readings, settings: Overload) -> list[Strain]:
    """Return the strain on each resource.

    Newcomers go to a worker that has time for them; video is shed when one has none at all.
    """
    busiest, idlest = max(readings.workers, default=0.0), min(readings.workers, default=0.0)
    lag = readings.lag / settings.max_lag
    full_at = settings.max_busy / 100
    shed_at = max(_SATURATED, full_at)
    return [
        Strain("loop", lag, lag / _SHED_LAG if settings.shed else 0.0),
        Strain(
            "workers",
            max(idlest / full_at, busiest / shed_at),
            busiest / shed_at if settings.shed else 0.0,
        ),
        Strain("memory", readings.memory * 100 / settings.max_memory, ease=_EASE_LATE),
        Strain(
            "descriptors", readings.descriptors * 100 / settings.max_descriptors, ease=_EASE_LATE
        ),
    ]
