"""The journal: counts facts, keeps the newest, and passes each on."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Final

from trio_sfu.events.fact import Crash, Fact
from trio_sfu.events.failures import Failures
from trio_sfu.events.histogram import Histogram
from trio_sfu.events.recent import Recent
from trio_sfu.events.timeline import Timelines

LABELS: Final = 100
"""Values of a label that are counted by themselves."""
OTHER: Final = "other"
"""What all others are counted as. Labels come from closed sets, so there should be none."""


class Journal:
    """Counts facts by kind and label, and hands each to ``listener``.

    The counts are bounded, and so is what is kept of failures and of the newest facts.
    """

    def __init__(self, listener: Callable[[Fact], None] = lambda _fact: None) -> None:
        self.failures = Failures()
        self.recent = Recent()
        self.timelines = Timelines()
        self._listener = listener
        self._counts: defaultdict[type[Fact], Counter[str]] = defaultdict(Counter)
        self._histograms: defaultdict[type[Fact], Histogram] = defaultdict(Histogram)

    def note(self, fact: Fact) -> None:
        """Count and keep ``fact`` and tell the listener."""
        counts = self._counts[type(fact)]
        label = getattr(fact, fact.label) if fact.label is not None else ""
        counts[label if label in counts or len(counts) < LABELS else OTHER] += 1
        if fact.measure is not None:
            self._histograms[type(fact)].observe(getattr(fact, fact.measure))
        if isinstance(fact, Crash):
            self.failures.keep(fact.group, fact.failure)
        self.recent.keep(fact)
        self.timelines.note(fact)
        self._listener(fact)

    def count(self, kind: type[Fact]) -> int:
        """Return how many facts of ``kind`` were noted."""
        return self._counts[kind].total()

    def by_label(self, kind: type[Fact]) -> Mapping[str, int]:
        """Return how many facts of ``kind`` were noted, by label."""
        return dict(self._counts[kind])

    def histogram(self, kind: type[Fact]) -> Histogram:
        """Return the histogram of a kind that has a ``measure``."""
        return self._histograms[kind]
