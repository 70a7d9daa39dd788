"""Two people in a call, one of whom is somewhere else, and how long they lose each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from tests.browser.flow import GIVE_UP, agree, flows_again
from tests.browser.participant import Participant, chromium_of
from tests.browser.patterns import COLOURS
from tests.process.daemon import Daemon
from tests.process.patience import eventually

SCREEN: Final = "MCCM"
"""The pattern that Alice shares."""


@dataclass
class Pair:
    """Bob sits beside the daemon; Alice reaches it at ``url``."""

    daemon: Daemon
    url: str
    room: str
    alice: Participant
    bob: Participant

    def meet(self) -> None:
        """Have both in the room, with sound and picture and a screen that Alice can share."""
        self.bob.join(self.daemon.url, self.room)
        screen = [COLOURS[letter] for letter in SCREEN]
        chromium_of(self.alice).prepare_screen(f"{self.url}/healthz", screen)
        self.alice.join(self.url, self.room)
        for viewer, other in ((self.alice, self.bob), (self.bob, self.alice)):
            viewer.sees(other.name, other.pattern)
            viewer.hears({other.name: other.tone})
        eventually(self.agrees, within=10, why="pages and server to agree")

    def share(self) -> None:
        """Have Alice share her screen from now on."""
        self.alice.page.click("Share my screen")
        self.bob.sees("alice", SCREEN)
        self.agree_after("the share")

    def back(self) -> float:
        """Return the seconds until both have sound and picture, from now."""
        return flows_again(self.alice, self.bob)

    def agrees(self) -> bool:
        """Return whether both pages believe what the server knows, and nobody is twice."""
        return agree(self.daemon, self.room, (self.alice, self.bob))

    def agree_after(self, what: str) -> None:
        """Wait until they do."""
        eventually(self.agrees, within=GIVE_UP, why=f"pages and server to agree after {what}")


def percentile(times: Sequence[float]) -> float:
    """Return the 95th."""
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def spread(times: Sequence[float]) -> str:
    """Return how long it took, in words."""
    ordered = sorted(times)
    middle = ordered[len(ordered) // 2]
    return f"median {middle:.2f} s, 95th {percentile(times):.2f} s, longest {ordered[-1]:.2f} s"
