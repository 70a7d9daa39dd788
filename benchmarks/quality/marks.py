"""What a run is to reach, and whether it did."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """One figure against its bounds; without bounds it is only told."""

    what: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the value is within the bounds; None: there are none."""
        if self.at_most is None and self.at_least is None:
            return None
        low = self.at_least is None or self.value >= self.at_least
        high = self.at_most is None or self.value <= self.at_most
        return low and high and not math.isnan(self.value)

    @property
    def wanted(self) -> str:
        """The bounds in words."""
        bounds = [
            f"{sign} {bound:g} {self.unit}".strip()
            for sign, bound in (("≥", self.at_least), ("≤", self.at_most))
            if bound is not None
        ]
        return ", ".join(bounds) or "-"

    @property
    def shown(self) -> str:
        """The value in words."""
        if math.isinf(self.value):
            return "never"
        if math.isnan(self.value):
            return "not measured"
        return f"{self.value:.3g} {self.unit}".strip()
