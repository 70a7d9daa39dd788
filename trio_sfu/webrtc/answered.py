"""What of an offered line's codecs is answered: which, in which order, with what parameters.

Pure. An answer's order is the client's to encode in, and its parameters say what the
server wants to receive (RFC 8829, section 5.3.1; RFC 7587, section 7).
"""

from collections.abc import Sequence
from dataclasses import replace

from trio_sfu._native import Codec
from trio_sfu.signaling.carried import Source
from trio_sfu.webrtc.codecs import VIDEO, Format

# Who talks is silent half of the time. Redundancy costs as much again as the frames, so that
# loss is hardly heard; what a screen sounds like is rarely worth that.
_SPEECH = {"useinbandfec": "1", "usedtx": "1", "stereo": None, "sprop-stereo": None}
_MUSIC = {"useinbandfec": "1", "usedtx": None, "stereo": "1", "maxaveragebitrate": "128000"}
_ANY = {"useinbandfec": "1"}


def answered(
    offered: Sequence[Format], source: Source | None, video: Sequence[Codec] = VIDEO
) -> tuple[Format, ...]:
    """Return the formats of a line that carries ``source``; None is a slot.

    ``video`` are the video codecs to use, the preferred one first.
    """
    by_codec = {each.codec: each for each in offered}
    match source:
        case "microphone":
            order: Sequence[Codec] = ("red", "opus")
        case "screen-audio":
            order = ("opus",)
        case _:
            order = ("opus", "red", *video)
    found = [by_codec[codec] for codec in order if codec in by_codec]
    return tuple(_tuned(each, source) if each.codec == "opus" else each for each in found)


def _tuned(opus: Format, source: Source | None) -> Format:
    wanted = {"microphone": _SPEECH, "screen-audio": _MUSIC}.get(source or "", _ANY)
    pairs = (each.partition("=") for each in opus.parameters.split(";") if each)
    parameters: dict[str, str | None] = {name: value for name, _equals, value in pairs}
    parameters |= wanted
    return replace(
        opus,
        parameters=";".join(
            f"{name}={value}" for name, value in parameters.items() if value is not None
        ),
    )
