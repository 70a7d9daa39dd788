"""aiortc tracks of what ``sources`` describes."""

import asyncio
import math
import time
from array import array
from fractions import Fraction
from itertools import count

from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.video.plane import VideoPlane

from trio_sfu._native import Kind
from trio_sfu.webrtc.sources import AudioSource, Corners, File, SyntheticVideo, Tone, VideoSource

_VIDEO_CLOCK = 90_000
_SAMPLE_RATE = 48_000
_SAMPLES = 960  # 20 ms
_BAR = 8  # pixels each way; it runs between the quarters


def open_track(source: VideoSource | AudioSource, kind: Kind) -> MediaStreamTrack:
    """Return a track of a source. Raises ValueError when a file has none of the kind."""
    match source:
        case SyntheticVideo():
            return _SyntheticVideoTrack(source)
        case Tone():
            return _ToneTrack(source)
        case File():
            player = MediaPlayer(str(source.path), loop=source.loop)
            track = player.video if kind == "video" else player.audio
            if track is None:
                raise ValueError(f"{source.path} has no {kind}")
            return track


class _Paced(MediaStreamTrack):
    """Gives something at a steady rate, without catching up by bursts."""

    def __init__(self, interval: float) -> None:
        super().__init__()
        self._interval = interval
        self._begun: float | None = None
        self._numbers = count()

    async def _next(self) -> int:
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        number = next(self._numbers)
        if self._begun is None:
            self._begun = now
        await asyncio.sleep(self._begun + number * self._interval - now)
        return number


class _SyntheticVideoTrack(_Paced):
    kind = "video"

    def __init__(self, source: SyntheticVideo) -> None:
        super().__init__(1 / source.fps)
        self._source = source
        self._planes = _four_quarters(source.corners, source.width, source.height)

    async def recv(self) -> VideoFrame:
        number = await self._next()
        width, height = self._source.width, self._source.height
        frame = VideoFrame(width, height, "yuv420p")
        luma = bytearray(self._planes[0])
        left = number * _BAR % (width - _BAR)
        for row in range(height // 2 - _BAR, height // 2 + _BAR):
            luma[row * width + left : row * width + left + _BAR] = b"\xeb" * _BAR
        for plane, data in zip(frame.planes, (luma, *self._planes[1:]), strict=True):
            _fill(plane, bytes(data))
        frame.pts = round(number * _VIDEO_CLOCK / self._source.fps)
        frame.time_base = Fraction(1, _VIDEO_CLOCK)
        return frame


class _ToneTrack(_Paced):
    kind = "audio"

    def __init__(self, source: Tone) -> None:
        super().__init__(_SAMPLES / _SAMPLE_RATE)
        step = 2 * math.pi * source.hz / _SAMPLE_RATE
        loudest = 32_767 * source.volume
        # One second: with a whole number of Hz it joins up with itself.
        self._second = array(
            "h", (round(loudest * math.sin(step * n)) for n in range(_SAMPLE_RATE))
        )

    async def recv(self) -> AudioFrame:
        number = await self._next()
        begin = number * _SAMPLES % _SAMPLE_RATE
        frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        frame.planes[0].update(self._second[begin : begin + _SAMPLES].tobytes())
        frame.pts = number * _SAMPLES
        frame.sample_rate = _SAMPLE_RATE
        frame.time_base = Fraction(1, _SAMPLE_RATE)
        return frame


def _four_quarters(corners: Corners, width: int, height: int) -> list[bytes]:
    """Return the planes of a yuv420p picture, without padding (BT.601, limited range)."""
    luma, blue, red = zip(*(_yuv(*corner) for corner in corners), strict=True)
    return [
        _quarters(luma, width, height),
        _quarters(blue, width // 2, height // 2),
        _quarters(red, width // 2, height // 2),
    ]


def _yuv(red: int, green: int, blue: int) -> tuple[int, int, int]:
    return (
        round(16 + 0.257 * red + 0.504 * green + 0.098 * blue),
        round(128 - 0.148 * red - 0.291 * green + 0.439 * blue),
        round(128 + 0.439 * red - 0.368 * green - 0.071 * blue),
    )


def _quarters(values: tuple[int, ...], width: int, height: int) -> bytes:
    left, right = width // 2, width - width // 2
    top = bytes([values[0]]) * left + bytes([values[1]]) * right
    bottom = bytes([values[2]]) * left + bytes([values[3]]) * right
    return top * (height // 2) + bottom * (height - height // 2)


def _fill(plane: VideoPlane, data: bytes) -> None:
    padding = bytes(plane.line_size - plane.width)
    if padding:
        rows = range(0, len(data), plane.width)
        data = b"".join(data[row : row + plane.width] + padding for row in rows)
    plane.update(data)
