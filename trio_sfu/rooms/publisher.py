"""What a peer can be shown with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from trio_sfu.ids import PeerId
from trio_sfu.signaling.carried import Source


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a peer publishes: its live sources, each with whether it is muted."""

    peer: PeerId
    tracks: Mapping[Source, bool]

    @property
    def stage(self) -> Source | None:
        """The screen while it is shared, else the camera unless that is muted."""
        if "screen" in self.tracks:
            return "screen"
        return "camera" if self.tracks.get("camera") is False else None

    @property
    def has_another(self) -> bool:
        """Whether there is a camera to be seen besides the screen on its stage."""
        return "screen" in self.tracks and self.tracks.get("camera") is False
