"""What a Python client can publish: made-up pictures and tones, or a media file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""

Corners: TypeAlias = tuple[Colour, Colour, Colour, Colour]
"""Colours of a picture's quarters: top left, top right, bottom left, bottom right."""

RAINBOW: Corners = ((200, 40, 40), (40, 180, 40), (40, 60, 200), (220, 200, 40))


@dataclass(frozen=True, slots=True)
class SyntheticVideo:
    """A picture of four coloured quarters, with a light spot that moves between them.

    ``width`` and ``height`` are pixels, even; ``fps`` pictures a second.
    """

    corners: Corners = RAINBOW
    width: int = 320
    height: int = 240
    fps: float = 15.0


@dataclass(frozen=True, slots=True)
class Tone:
    """A sine of ``hz`` (a whole number) at ``volume`` 0 to 1."""

    hz: int = 440
    volume: float = 0.3


@dataclass(frozen=True, slots=True)
class File:
    """The first track of the kind wanted in a media file, over and over while ``loop``."""

    path: Path | str
    loop: bool = True


VideoSource: TypeAlias = SyntheticVideo | File
AudioSource: TypeAlias = Tone | File
