"""All scenarios by name."""

from benchmarks.quality import competing, links, losses, room, screen, uplink
from benchmarks.quality.scenario import Scenario

STEADY = (500_000, 1_000_000, 2_000_000, 5_000_000)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        links.drop(),
        *(links.steady(capacity) for capacity in STEADY),
        *losses.all_losses(),
        room.terrible_viewer(),
        competing.tcp(),
        *uplink.uplinks(),
        screen.screen(1_000_000, read=None),
        screen.screen(2_000_000, read=98),
    )
}
