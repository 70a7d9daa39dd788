"""How good it is what viewers get, as distributions over all of them, for ``/metrics``.

What the server knows (estimates, layers, loss) is looked at every ``EVERY`` seconds, what only
browsers know (pictures that stood still, sound that was made up) is said by them about as often
(``experience``). So each histogram counts moments of viewers: its share below a bound is the
share of the time. There are no labels but the source of a picture: a room or a peer would be a
series of its own for ever.
"""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

import trio

from trio_sfu._native import EngineError
from trio_sfu.events.histogram import Histogram
from trio_sfu.rooms.plan import Planned
from trio_sfu.rooms.view import View
from trio_sfu.signaling.messages import Experience

EVERY: Final = 10.0
_BITRATES: Final = (1e5, 2e5, 4e5, 8e5, 1.5e6, 3e6, 5e6, 1e7, 2e7, 5e7)
_HEIGHTS: Final = (0, 90, 180, 360, 540, 720, 1080, 1440, 2160)
_SHARES: Final = (0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Watching(Protocol):
    """What is looked at of a peer."""

    view: View

    @property
    def planned(self) -> Planned:
        """Its newest plan."""
        ...

    @property
    def loss(self) -> float:
        """The share of packets to it that get lost. Raises EngineError."""
        ...


class Quality:
    """The distributions, and sums of what browsers have said."""

    def __init__(self) -> None:
        self.estimates = Histogram(_BITRATES)
        """What the networks to viewers carry, bits/s."""
        self.heights = Histogram(_HEIGHTS)
        """Heights of the pictures on slots that somebody looks at, pixels; 0 is a pause."""
        self.losses = Histogram(_SHARES)
        """Shares of packets to viewers that get lost."""
        self.frozen = Histogram(_SHARES)
        """Shares of the time in which pictures stood still."""
        self.concealed = Histogram(_SHARES)
        """Shares of the sound that had to be made up."""

    def look(self, peer: Watching) -> None:
        """Count how it is for one viewer now."""
        planned = peer.planned
        shown = [layer for layer in planned.layers if layer.paused not in ("hidden", "not-sent")]
        for layer in shown:
            self.heights.observe(0 if layer.rid is None else layer.height)
        if peer.view.estimate is not None and shown:
            self.estimates.observe(peer.view.estimate)
            self.losses.observe(peer.loss)

    def hear(self, said: Experience) -> None:
        """Count how it was for one viewer."""
        if said.watched > 0:
            self.frozen.observe(min(1.0, said.frozen / said.watched))
        if said.heard > 0:
            self.concealed.observe(min(1.0, said.concealed / said.heard))


async def watch_quality(
    quality: Quality,
    peers: Callable[[], Iterable[Watching]],
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Look at all viewers every ``EVERY`` seconds, for ever. A service."""
    task_status.started()
    while True:
        await trio.sleep(EVERY)
        for peer in list(peers()):
            try:
                quality.look(peer)
            except EngineError:
                continue  # Its end is on its way.
            # Each asks the engine: nobody else shall wait for all of them.
            await trio.lowlevel.checkpoint()
