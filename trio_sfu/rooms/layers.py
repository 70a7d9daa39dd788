"""The encodings that clients negotiate, and how good a picture is allowed.

Pure. The client negotiates simulcast encodings under the RIDs ``q``, ``h`` and ``f``
(a quarter, a half and the full size); a track without simulcast has the RID ``""``.
"""

from typing import Final

from trio_sfu.signaling.carried import Quality, Source, VideoLimit

SINGLE: Final = ""
LADDER: Final = ("q", "h", "f")  # lowest first

_RUNG: Final[dict[Quality, int]] = {"low": 0, "medium": 1, "high": 2}
_CAMERAS_ALLOWED: Final[dict[VideoLimit, Quality]] = {
    "high": "high",
    "medium": "medium",
    "low": "low",
}

_LIMITS: Final[tuple[VideoLimit, ...]] = ("high", "medium", "low", "screens", "none")


def allowed(source: Source, limit: VideoLimit) -> Quality:
    """Return the best quality of a video ``source`` that an overloaded server sends.

    A screen is for reading: it is sent as it is until nothing else is left to shed.
    """
    if source == "screen":
        return "off" if limit == "none" else "high"
    return _CAMERAS_ALLOWED.get(limit, "off")


def least(one: VideoLimit, other: VideoLimit) -> VideoLimit:
    """Return the one of two limits that lets less through."""
    return max(one, other, key=_LIMITS.index)


def lower(one: Quality, other: Quality) -> Quality:
    """Return the lower of two qualities."""
    return min(one, other, key=lambda quality: _RUNG.get(quality, -1))


def up_to(rid: str) -> tuple[str, ...]:
    """Return an encoding and the smaller ones beside it."""
    return LADDER[: LADDER.index(rid) + 1] if rid in LADDER else (rid,)
