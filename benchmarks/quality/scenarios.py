"""All scenarios by name."""

from benchmarks.quality import links
from benchmarks.quality.scenario import Scenario

STEADY = (500_000, 1_000_000, 2_000_000, 5_000_000)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (links.drop(), *(links.steady(capacity) for capacity in STEADY))
}
