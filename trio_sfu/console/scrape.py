"""One reading of ``/metrics``, and what two of them tell of the time between. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from prometheus_client.parser import text_string_to_metric_families

Labels: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """The samples of one reading, taken at ``at`` (seconds of any clock)."""

    at: float
    samples: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, at: float, text: str) -> "Scrape":
        """Return the samples in ``text``. Raises ValueError when it is no metrics."""
        samples: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                of_name = samples.setdefault(sample.name, {})
                of_name[frozenset(sample.labels.items())] = float(sample.value)
        return cls(at, samples)

    def value(self, name: str) -> float:
        """Return the sum of all samples of a name; 0 when there are none."""
        return sum(self.samples.get(name, {}).values())

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the samples of a name by the value of a label."""
        return {
            dict(labels)[label]: value
            for labels, value in self.samples.get(name, {}).items()
            if label in dict(labels)
        }


@dataclass(frozen=True, slots=True)
class Between:
    """What happened from ``before`` to ``now``. A counter that has fallen began anew at 0."""

    before: Scrape
    now: Scrape

    @property
    def seconds(self) -> float:
        """How long it was; never 0."""
        return max(self.now.at - self.before.at, 1e-3)

    def growth(self, name: str) -> float:
        """Return how much the counters of a name have grown, all labels together."""
        return sum(self.growth_by(name).values())

    def rate(self, name: str) -> float:
        """Return the growth a second."""
        return self.growth(name) / self.seconds

    def growth_by(self, name: str) -> dict[Labels, float]:
        """Return the growth for each set of labels."""
        before = self.before.samples.get(name, {})
        return {
            labels: value - before.get(labels, 0.0) if value >= before.get(labels, 0.0) else value
            for labels, value in self.now.samples.get(name, {}).items()
        }

    def rates_by(self, name: str, label: str) -> dict[str, float]:
        """Return the growth a second by the value of a label."""
        return {
            dict(labels)[label]: value / self.seconds
            for labels, value in self.growth_by(name).items()
            if label in dict(labels)
        }

    def mean(self, histogram: str) -> float | None:
        """Return the mean of what a histogram has counted; None: nothing."""
        count = self.growth(f"{histogram}_count")
        return self.growth(f"{histogram}_sum") / count if count > 0 else None

    def quantile(self, histogram: str, share: float) -> float | None:
        """Return the bound below which ``share`` of a histogram's values are; None: no values.

        Infinite when they are above all bounds.
        """
        growth = self.growth_by(f"{histogram}_bucket")
        buckets = sorted((float(dict(labels)["le"]), count) for labels, count in growth.items())
        if not buckets or buckets[-1][1] <= 0:
            return None
        return next(bound for bound, count in buckets if count >= share * buckets[-1][1])
