"""What has come in on one slot of a Python client: counters and the newest picture."""

from array import array
from dataclasses import dataclass

import trio
from av import AudioFrame, VideoFrame
from av.frame import Frame
from av.video.plane import VideoPlane

from trio_sfu._native import Kind
from trio_sfu.webrtc.sources import Colour, Corners


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. ``width`` and ``height`` are pixels; ``number`` counts from 1."""

    number: int
    frame: VideoFrame

    @property
    def width(self) -> int:
        """Pixels a row."""
        return self.frame.width

    @property
    def height(self) -> int:
        """Rows."""
        return self.frame.height

    def corners(self) -> Corners:
        """Return the colour in the middle of each quarter, as ``SyntheticVideo`` names them."""
        red, green, blue, white = (
            _colour(self.frame, across, down) for down in (1, 3) for across in (1, 3)
        )
        return (red, green, blue, white)


def _colour(frame: VideoFrame, across: int, down: int) -> Colour:
    """Return the colour ``across`` and ``down`` quarters of the way into a yuv420p frame."""
    luma, blue, red = (_mean(plane, across, down) for plane in frame.planes)
    scaled = 1.164 * (luma - 16)
    return (
        _clamp(scaled + 1.596 * (red - 128)),
        _clamp(scaled - 0.813 * (red - 128) - 0.392 * (blue - 128)),
        _clamp(scaled + 2.017 * (blue - 128)),
    )


def _mean(plane: VideoPlane, across: int, down: int) -> float:
    # A patch of an eighth of the picture each way, away from edges and the codec's blur.
    data, line = memoryview(plane), plane.line_size
    width, height = plane.width, plane.height
    left, right = width * across // 4 - width // 16, width * across // 4 + width // 16 + 1
    top, bottom = height * down // 4 - height // 16, height * down // 4 + height // 16 + 1
    rows = [data[line * row + left : line * row + right] for row in range(top, bottom)]
    return sum(map(sum, rows)) / sum(map(len, rows))


def _clamp(value: float) -> int:
    return min(255, max(0, round(value)))


class Reception:
    """One slot's decoded media. Older pictures than the newest are not kept."""

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.frames = 0
        """Decoded pictures, or blocks of sound."""
        self.energy = 0.0
        """Seconds of sound, weighted by its power: 1.0 is a second at full scale
        (totalAudioEnergy of W3C webrtc-stats)."""
        self.picture: Picture | None = None
        self._came = trio.Event()

    def note(self, frame: Frame) -> None:
        """Take in a decoded frame."""
        self.frames += 1
        match frame:
            case VideoFrame():
                self.picture = Picture(self.frames, frame)
            case AudioFrame():
                self.energy += _energy(frame)
        self._came.set()
        self._came = trio.Event()

    async def wait(self) -> None:
        """Wait for the next frame."""
        await self._came.wait()


def _energy(frame: AudioFrame) -> float:
    samples = array("h", bytes(frame.planes[0])[: 2 * frame.samples * len(frame.layout.channels)])
    if not samples:
        return 0.0
    # Every 16th sample is plenty for a level, and costs 16 times less.
    some = samples[::16]
    power = sum(sample * sample for sample in some) / (len(some) * 32_768**2)
    return float(power * frame.samples / frame.sample_rate)
