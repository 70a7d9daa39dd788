"""The two streams that everything is counted in: a camera and a microphone. Pure."""

from typing import Final

VIDEO_BITRATE: Final = 1_500_000
"""Bits/s of RTP: a browser's camera at 720p."""
FRAMES_A_SECOND: Final = 30
PACKETS_A_FRAME: Final = 6
VIDEO_PACKET: Final = VIDEO_BITRATE // 8 // FRAMES_A_SECOND // PACKETS_A_FRAME
"""Bytes of a packet of video, before encryption."""
VIDEO_PACKETS: Final = FRAMES_A_SECOND * PACKETS_A_FRAME
"""A second."""
AUDIO_PACKETS: Final = 50
"""A second: Opus with 20 ms a packet."""
AUDIO_PACKET: Final = 12 + 12 + 80
"""Bytes: RTP, header extensions, 32 kbit/s of Opus."""
AROUND: Final = 16 + 28
"""Bytes around a packet: the tag of AES-GCM (RFC 7714), UDP and IPv4."""


def bits(packets: float, size: int) -> float:
    """Return the bits/s on the wire of so many packets a second."""
    return packets * (size + AROUND) * 8


VIDEO_WIRE: Final = bits(VIDEO_PACKETS, VIDEO_PACKET)
AUDIO_WIRE: Final = bits(AUDIO_PACKETS, AUDIO_PACKET)
