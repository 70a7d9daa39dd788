"""How far the daemon has gone to keep sound going."""

from enum import IntEnum
from typing import Final

from trio_sfu.signaling.carried import VideoLimit


class Level(IntEnum):
    """The steps in their order. Each includes those before it; audio is never touched."""

    NORMAL = 0
    FULL = 1
    """New joins are refused; who was here may resume and come back."""
    MEDIUM = 2
    """Nobody is sent the highest encoding of a camera."""
    LOW = 3
    """Everybody is sent the lowest encoding of each camera."""
    SCREENS = 4
    """No cameras; shared screens are still sent."""
    AUDIO = 5
    """No video at all."""

    @property
    def word(self) -> str:
        """The name for metrics, the log and the tree."""
        return self.name.lower()

    @property
    def video_limit(self) -> VideoLimit:
        """What is left of the video."""
        return _LIMITS[self]


_LIMITS: Final[dict[Level, VideoLimit]] = {
    Level.NORMAL: "high",
    Level.FULL: "high",
    Level.MEDIUM: "medium",
    Level.LOW: "low",
    Level.SCREENS: "screens",
    Level.AUDIO: "none",
}
