"""What the fake cameras show and the fake microphones say, and how to tell them apart.

A *pattern* is four letters, the colours of the picture's quadrants in reading order.
The colours lie far apart, so VP8 at any rate leaves them recognisable; a bar moves
along the middle row, where nobody looks, so that every frame differs.
"""

import math
import random
import struct
import wave
from itertools import pairwise
from pathlib import Path

COLOURS: dict[str, tuple[int, int, int]] = {
    "R": (220, 30, 30),
    "G": (30, 180, 30),
    "B": (40, 40, 220),
    "Y": (220, 220, 40),
    "M": (210, 40, 210),
    "C": (40, 210, 210),
}

FRAMES = 15
GRAIN = 15
"""A mask: how much brighter each pixel is at random, as with a real camera. Without
grain a film needs so few bits that a browser never learns what the path can carry."""

TONE_RATE = 48_000
BEEP = 0.3
"""Seconds of tone, then as much of silence: a steady tone would count as noise."""


def yuv(colour: str) -> tuple[int, int, int]:
    """Return a colour in limited-range BT.601."""
    r, g, b = (v / 255 for v in COLOURS[colour])
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (b - luma) / 1.772),
        round(128 + 224 * (r - luma) / 1.402),
    )


def _plane(pattern: str, channel: int, width: int, height: int, bar: int | None) -> bytes:
    values = [yuv(colour)[channel] for colour in pattern]
    half = width // 2
    top = bytes([values[0]]) * half + bytes([values[1]]) * (width - half)
    bottom = bytes([values[2]]) * half + bytes([values[3]]) * (width - half)
    rows = [top] * (height // 2) + [bottom] * (height - height // 2)
    if bar is not None:
        for y in range(height // 2 - height // 24, height // 2 + height // 24):
            row = bytearray(rows[y])
            row[bar : bar + width // 16] = bytes([200]) * (width // 16)
            rows[y] = bytes(row)
    return b"".join(rows)


def _grainy(luma: bytes, grain: random.Random) -> bytes:
    # No byte overflows into its neighbour: the brightest colour is below 240.
    size = len(luma)
    noise = int.from_bytes(grain.randbytes(size)) & int.from_bytes(bytes([GRAIN]) * size)
    return (int.from_bytes(luma) + noise).to_bytes(size)


def write_camera(path: Path, pattern: str, size: tuple[int, int], fps: int) -> Path:
    """Write an endless-looking y4m film of ``pattern`` for a Chromium fake camera."""
    width, height = size
    chroma = b"".join(_plane(pattern, c, width // 2, height // 2, None) for c in (1, 2))
    grain = random.Random(pattern)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(FRAMES):
            bar = frame * (width - width // 16) // FRAMES
            luma = _grainy(_plane(pattern, 0, width, height, bar), grain)
            file.write(b"FRAME\n" + luma + chroma)
    return path


def write_tone(path: Path, hz: int) -> Path:
    """Write beeps of ``hz`` for a Chromium fake microphone."""
    samples = [
        round(12_000 * math.sin(2 * math.pi * hz * n / TONE_RATE))
        for n in range(round(TONE_RATE * BEEP))
    ]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, TONE_RATE, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples) + bytes(2 * len(samples)))
    return path


def write_silence(path: Path) -> Path:
    """Write a second of zeros for a Chromium fake microphone."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, TONE_RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * TONE_RATE))
    return path


def loudest(tones: dict[int, float]) -> list[int]:
    """Return the tones that stand out: a tenth of the loudest or more, loudest first."""
    ranked = sorted(tones.items(), key=lambda item: -item[1])
    return [hz for hz, power in ranked if power > 0.1 * ranked[0][1] > 0]


BLINK = 60
"""ms"""


def transitions(recording: list[tuple[float, str]]) -> list[str]:
    """Return what a recording showed, each picture once, in order.

    For an instant Chromium draws a frame of another size by the size of the one before: its
    upper left quarter alone. That is the look's, not the tile's.
    """
    shown = [
        pattern
        for (at, pattern), (until, after) in pairwise([*recording, (float("inf"), "")])
        if not (until - at < BLINK and pattern == after[:1] * 4)
    ]
    return shown[:1] + [after for before, after in pairwise(shown) if after != before]
