"""How much one client may ask for in its offers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OfferLimits:
    """The greatest number of m-lines of an offer, of slots and of published tracks.

    144 lines are four to send on, 64 pairs of slots and some that were stopped; 64 slots
    are what the engine takes for one transport.
    """

    lines: int = 144
    slots: int = 64
    tracks: int = 4
