"""What of an estimate is for video, and what to ask the path to prove. Pure."""

from typing import Final

_CONTROL: Final = 0.04
"""The share that RTCP and overhead take that is not in a layer's measured rate."""
_MOST_REPAIRS: Final = 0.3
_TALKING: Final = 56_000
"""Bits/s of somebody who talks: Opus at 32 kbit/s in 50 packets with their headers."""
_LISTENING: Final = 6_000
"""Bits/s of somebody who is silent and sends comfort noise (DTX)."""
_TALKERS: Final = 2
_SCREEN_AUDIO: Final = 100_000
_LEAST: Final = 0.25
"""The share of an estimate that is for video, whatever sound may need: that is reckoned at its
most and is sent first, and a screen on which little happens costs next to nothing."""
HEADROOM: Final = 1.1
"""So many times a step's cost has to fit before it is taken."""
_PROVED: Final = 1.15
"""So many times what would be sent is to be proved by probes."""


def audio_need(microphones: int, screen_audio: int) -> float:
    """Return what so many sources of sound may take, in bits/s."""
    talking = min(microphones, _TALKERS)
    return talking * _TALKING + (microphones - talking) * _LISTENING + screen_audio * _SCREEN_AUDIO


def for_video(estimate: float, audio: float, loss: float = 0.0) -> float:
    """Return the bits/s of ``estimate`` that are left for video when ``audio`` is served.

    ``loss`` is the share of packets that have to be sent again.
    """
    return max(estimate * _LEAST, estimate * (1 - _kept(loss)) - audio)


def to_prove(video: float, audio: float, loss: float = 0.0) -> int:
    """Return the estimate at which ``video`` bits/s could be sent."""
    return round((video * HEADROOM + audio) / (1 - _kept(loss)) * _PROVED / HEADROOM)


def _kept(loss: float) -> float:
    return _CONTROL + min(max(loss, 0.0), _MOST_REPAIRS)
