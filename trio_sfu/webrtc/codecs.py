"""The codecs the server forwards, and how a line of an offer names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from trio_sfu._native import Codec, Kind
from trio_sfu.errors import NegotiationError

MAX_PAYLOAD_TYPE: Final = 127
AUDIO: Final[tuple[Codec, ...]] = ("opus", "red")
VIDEO: Final[tuple[Codec, ...]] = ("vp8", "vp9", "h264", "av1")
FORWARDED: Final[Mapping[Kind, tuple[Codec, ...]]] = {"audio": AUDIO, "video": VIDEO}

AUDIO_FEEDBACK: Final = ("transport-cc",)
VIDEO_FEEDBACK: Final = ("transport-cc", "ccm fir", "nack", "nack pli")


@dataclass(frozen=True, slots=True)
class Format:
    """One codec of a line: its payload types and parameters, as the offer has them."""

    codec: Codec
    name: str
    payload_type: int
    clock_rate: int
    channels: int
    parameters: str
    feedback: tuple[str, ...]
    rtx: int | None

    @property
    def encoding_name(self) -> str:
        """The value of ``a=rtpmap`` after the payload type (RFC 8866, section 6.6)."""
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.name}/{self.clock_rate}{channels}"


def formats(kind: Kind, offered: Sequence[RTCRtpCodecParameters]) -> list[Format]:
    """Return the formats the server forwards, one a codec, in the order of ``FORWARDED``."""
    rtx = _retransmissions(offered)
    found: dict[Codec, Format] = {}
    for each in sorted(offered, key=_is_second_choice):
        codec = _codec(each)
        number = each.payloadType
        if codec is None or codec in found or number is None:
            continue
        if not 0 <= number <= MAX_PAYLOAD_TYPE:
            raise NegotiationError(f"{number} is not a payload type")
        found[codec] = Format(
            codec=codec,
            name=each.mimeType.partition("/")[2],
            payload_type=number,
            clock_rate=each.clockRate,
            channels=each.channels or 1,
            parameters=_parameters(each),
            feedback=_feedback(kind, each),
            rtx=rtx.get(number) if kind == "video" else None,
        )
    if "red" in found and not _is_of_opus(found["red"], found.get("opus")):
        del found["red"]
    return [found[codec] for codec in FORWARDED[kind] if codec in found]


def _is_of_opus(red: Format, opus: Format | None) -> bool:
    """Whether every block is Opus, as far as RFC 2198's ``fmtp`` says (section 5)."""
    return opus is not None and set(red.parameters.split("/")) == {str(opus.payload_type)}


def _codec(offered: RTCRtpCodecParameters) -> Codec | None:
    """Return the codec, for the one profile of each that every browser decodes."""
    parameters = offered.parameters
    match offered.mimeType.lower():
        case "audio/opus" if offered.clockRate == 48_000 and offered.channels == 2:
            return "opus"
        case "audio/red" if offered.clockRate == 48_000 and offered.channels == 2:
            return "red"
        case "video/vp8":
            return "vp8"
        case "video/vp9" if parameters.get("profile-id", "0") == "0":
            return "vp9"
        case "video/av1" if parameters.get("profile", "0") == "0":
            return "av1"
        case "video/h264" if str(parameters.get("packetization-mode", "0")) == "1" and (
            _is_constrained_baseline(offered) or _is_baseline(offered)
        ):
            return "h264"
    return None


def _is_second_choice(offered: RTCRtpCodecParameters) -> bool:
    """Whether it is used only where the line has no better format of its codec."""
    return _is_baseline(offered) and not _is_constrained_baseline(offered)


def _is_constrained_baseline(offered: RTCRtpCodecParameters) -> bool:
    """Whether it is H264 of that profile, by any of its names (RFC 6184, table 5)."""
    profile, flags = _h264_profile(offered)
    return any(
        profile == name and flags & mask == wanted
        for name, mask, wanted in ((0x42, 0x4F, 0x40), (0x4D, 0x8F, 0x80), (0x58, 0xCF, 0xC0))
    )


def _is_baseline(offered: RTCRtpCodecParameters) -> bool:
    """Whether it is H264 of the baseline profile.

    What is its own beyond the constrained one no encoder has; FFmpeg calls that so.
    """
    return _h264_profile(offered)[0] == 0x42


def _h264_profile(offered: RTCRtpCodecParameters) -> tuple[int, int]:
    """Return ``profile_idc`` and the constraint flags; 0 and 0 when it has none to be read."""
    if offered.mimeType.lower() != "video/h264":
        return 0, 0
    try:
        profile, flags = bytes.fromhex(
            str(offered.parameters.get("profile-level-id", "42e01f"))[:4]
        )
    except ValueError:
        return 0, 0
    return profile, flags


def _parameters(offered: RTCRtpCodecParameters) -> str:
    each = offered.parameters.items()
    return ";".join(name if value is None else f"{name}={value}" for name, value in each)


def _feedback(kind: Kind, offered: RTCRtpCodecParameters) -> tuple[str, ...]:
    has = {f"{fb.type} {fb.parameter}" if fb.parameter else fb.type for fb in offered.rtcpFeedback}
    wanted = AUDIO_FEEDBACK if kind == "audio" else VIDEO_FEEDBACK
    return tuple(each for each in wanted if each in has)


def _retransmissions(offered: Sequence[RTCRtpCodecParameters]) -> dict[int, int]:
    """Return the RTX payload type of each payload type (RFC 4588, section 8.6)."""
    found: dict[int, int] = {}
    for each in offered:
        apt, number = each.parameters.get("apt"), each.payloadType
        if not each.mimeType.lower().endswith("/rtx") or not isinstance(apt, int):
            continue
        if number is not None and 0 <= number <= MAX_PAYLOAD_TYPE:
            found.setdefault(apt, number)
    return found
