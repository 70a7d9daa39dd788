"""What a simulated viewer has on its screen, and whether it is sent that and nothing else."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trio

from trio_sfu.signaling.carried import SlotState, Source, Tile
from trio_sfu.signaling.messages import View

if TYPE_CHECKING:
    from trio_sfu.testing.simulation.client import SimulatedClient
    from trio_sfu.testing.simulation.session import ClientSession
    from trio_sfu.testing.simulation.world import World

_SIZES: Final = ((0, 0), (160, 90), (640, 360), (1280, 720))
VIDEO: Final[frozenset[Source]] = frozenset({"camera", "screen"})
_SETTLED: Final = 10.0
"""Seconds after which a wish has been met."""
_STILL: Final = 5.0
"""Seconds without a packet after which nothing of a source comes any more."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """How somebody looks at the page; its client says it anew whenever others are in the slots."""

    size: tuple[int, int] = (0, 0)
    """Of each tile; what has none is not said."""
    pins: bool = False
    """Whether the first of the others is pinned."""
    beside: bool = False
    """Whether a presenter's camera is wished beside the screen."""
    hidden: bool = False

    def view(self, slots: Iterable[SlotState]) -> View:
        """Return what the client says of its page."""
        peers = sorted({slot.peer for slot in slots if slot.peer is not None})
        width, height = self.size
        tiles = [
            Tile(peer=peer, width=width, height=height, pinned=self.pins and peer == peers[0])
            for peer in peers
            if self.size != (0, 0) or self.pins
        ]
        if self.beside:
            tiles += [Tile(peer=peer, width=160, height=90, source="camera") for peer in peers]
        return View(tiles=tiles, hidden=self.hidden)


class Gaze:
    """What a session's client says of its page: anew when it changes, and on another socket."""

    def __init__(self, viewing: Viewing, say: Callable[[View], None]) -> None:
        self.viewing = viewing
        self.changed = -math.inf
        """When the way of looking changed last."""
        self._say = say
        self._slots: Sequence[SlotState] = ()
        self._said = View()

    def turn(self, viewing: Viewing) -> None:
        """Look in another way."""
        self.viewing, self.changed = viewing, trio.current_time()
        self.seat(self._slots)

    def seat(self, slots: Sequence[SlotState]) -> None:
        """Note who is in the slots."""
        self._slots = slots
        view = self.viewing.view(slots)
        if view != self._said:
            self._said = view
            self._say(view)

    def say_again(self) -> None:
        """Say what may have been lost."""
        self._say(self._said)

    @property
    def sees(self) -> bool:
        """Whether it has looked at the page for some time."""
        return not self.viewing.hidden and trio.current_time() - self.changed > _SETTLED


def look(world: "World", client: "SimulatedClient") -> str | None:
    """Look at the page in another way, or turn away from it."""
    random = world.random
    client.viewing = viewing = Viewing(
        size=random.choice(_SIZES),
        pins=random.random() < 0.3,
        beside=random.random() < 0.6,
        hidden=random.random() < 0.2,
    )
    if client.session is not None:
        client.session.gaze.turn(viewing)
    where = "looks elsewhere" if viewing.hidden else f"looks at tiles of {viewing.size}"
    pinned = ", pins somebody" if viewing.pins else ""
    beside = ", wants presenters beside their screens" if viewing.beside else ""
    return where + pinned + beside


def unwished(world: "World", viewer: "ClientSession") -> Iterator[str]:
    """Yield video that still comes some time after its viewer has turned away."""
    now = trio.current_time()
    if not viewer.gaze.viewing.hidden or now - viewer.gaze.changed < _SETTLED:
        return
    world.checked["hidden"] += 1
    for (label, source), when in viewer.last_media.items():
        if source in VIDEO and now - when < _STILL:
            yield f"{viewer.label} looks elsewhere and is sent {label} {source}"


def missing_beside(
    world: "World", viewer: "ClientSession", others: Sequence["ClientSession"], free: int
) -> Iterator[str]:
    """Yield cameras that are wished beside a screen and do not come.

    They come where each has one of the ``free`` slots, and the network takes everything.
    """
    conditions = viewer.host.conditions
    wished = [each for each in others if viewer.gaze.viewing.beside and _has_another(each)]
    fit = len(wished) <= free and not conditions.rate
    for each in wished if fit and viewer.gaze.sees else ():
        world.checked["beside"] += 1
        quiet = trio.current_time() - viewer.last_media.get((each.label, "camera"), -_SETTLED)
        if quiet > _SETTLED:
            yield f"{viewer.label} has nothing of the camera of {each.label} beside its screen"


def _has_another(session: "ClientSession") -> bool:
    published = session.published
    return published.get("screen") is False and published.get("camera") is False
