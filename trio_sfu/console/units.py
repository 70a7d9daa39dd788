"""Numbers as people read them. Pure."""

from math import inf, isinf
from typing import Final

_STEPS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_MILLI: Final = 1e-3


def short(value: float) -> str:
    """Return a number with three digits or so: ``950``, ``1.2k``, ``14.0M``."""
    for size, letter in _STEPS:
        if value >= size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def bits(value: float | None) -> str:
    """Return a bitrate: ``1.2Mbit/s``."""
    return "-" if value is None else ">50Mbit/s" if isinf(value) else f"{short(value)}bit/s"


def share(value: float | None) -> str:
    """Return a share as percent: ``0.4%``."""
    return "-" if value is None else f"{100 * value:.1f}%"


def span(value: float | None) -> str:
    """Return a short time: ``0.3ms``, ``1.5s``."""
    if value is None:
        return "-"
    if value == inf:
        return ">100ms"
    return f"{value:.1f}s" if value >= 1 else f"{value / _MILLI:.1f}ms"


def size(value: float) -> str:
    """Return bytes: ``512MiB``."""
    return f"{value / (1 << 20):.0f}MiB"
