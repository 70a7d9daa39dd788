"""The SDP a simulated client offers, and what it takes from the answer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from trio_sfu.media.simulated import Address
from trio_sfu.signaling.carried import Kind, SendingLine, SlotLine, Source

OPUS: Final = 111
VP8: Final = 96
RTX: Final = 97
MID: Final = 4  # header extension ids
RID: Final = 10
REPAIRED_RID: Final = 11
AUDIO_LEVEL: Final = 12
SENDING: Final[Mapping[Source, str]] = {
    "microphone": "0",
    "camera": "1",
    "screen": "2",
    "screen-audio": "3",
}
CAMERA_RIDS: Final = ("q", "f")
_SDES: Final = "urn:ietf:params:rtp-hdrext:sdes"


@dataclass(frozen=True, slots=True)
class Layout:
    """How many slots a client asks for; one without video is for the sound of a screen."""

    pairs: int = 4
    video_only: int = 0
    audio_only: int = 1


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says of itself in its offer."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answer says: where the server is, and which slot each SSRC is of."""

    ice_ufrag: str
    ice_pwd: str
    address: Address
    mids: Mapping[int, str]
    repairs: Mapping[int, int]
    """The SSRC whose packets each RTX SSRC repeats (RFC 5576, FID)."""


def sending_lines() -> list[SendingLine]:
    """Return what each sending line carries."""
    return [SendingLine(mid=mid, source=source) for source, mid in SENDING.items()]


def slot_lines(layout: Layout) -> list[SlotLine]:
    """Return the slots of a layout, the pairs first."""
    both: tuple[Kind, ...] = ("audio", "video")
    kinds = [both] * layout.pairs + [both[1:]] * layout.video_only + [both[:1]] * layout.audio_only
    return [
        SlotLine(mid=f"{kind[0]}{pair}", kind=kind, pair=pair)
        for pair, each in enumerate(kinds)
        for kind in each
    ]


def write_offer(own: Credentials, layout: Layout) -> str:
    """Return the offer."""
    slots = slot_lines(layout)
    mids = [*SENDING.values(), *(slot.mid for slot in slots)]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {' '.join(mids)}", f"a=fingerprint:sha-256 {own.fingerprint}"]
    lines += ["a=setup:actpass", f"a=ice-ufrag:{own.ice_ufrag}", f"a=ice-pwd:{own.ice_pwd}"]
    for source, mid in SENDING.items():
        lines += _line("video" if source in ("camera", "screen") else "audio", mid, "sendonly")
        if source == "camera":
            lines += [f"a=rid:{rid} send" for rid in CAMERA_RIDS]
            lines += [f"a=simulcast:send {';'.join(CAMERA_RIDS)}"]
    for slot in slots:
        lines += _line(slot.kind, slot.mid, "recvonly")
    return "".join(f"{line}\r\n" for line in lines)


def _line(kind: str, mid: str, direction: str) -> Iterator[str]:
    numbers = f"{OPUS}" if kind == "audio" else f"{VP8} {RTX}"
    yield f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{mid}"
    yield f"a={direction}"
    yield "a=rtcp-mux"
    yield f"a=extmap:{MID} {_SDES}:mid"
    if kind == "audio":
        yield f"a=rtpmap:{OPUS} opus/48000/2"
        yield f"a=extmap:{AUDIO_LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    else:
        yield f"a=rtpmap:{VP8} VP8/90000"
        yield f"a=rtcp-fb:{VP8} nack"
        yield f"a=rtcp-fb:{VP8} nack pli"
        yield f"a=rtpmap:{RTX} rtx/90000"
        yield f"a=fmtp:{RTX} apt={VP8}"
        yield f"a=extmap:{RID} {_SDES}:rtp-stream-id"
        yield f"a=extmap:{REPAIRED_RID} {_SDES}:repaired-rtp-stream-id"


def read_answer(sdp: str) -> Answered:
    """Return what the answer says."""
    mids: dict[int, str] = {}
    repairs: dict[int, int] = {}
    mid = ""
    for line in sdp.splitlines():
        if line.startswith("a=mid:"):
            mid = line[6:]
        elif match := re.match(r"a=ssrc:(\d+) ", line):
            mids[int(match[1])] = mid
        elif match := re.match(r"a=ssrc-group:FID (\d+) (\d+)", line):
            repairs[int(match[2])] = int(match[1])
    candidate = _find(r"a=candidate:\S+ 1 udp \d+ (\S+ \d+) typ host", sdp).split()
    return Answered(
        ice_ufrag=_find(r"a=ice-ufrag:(\S+)", sdp),
        ice_pwd=_find(r"a=ice-pwd:(\S+)", sdp),
        address=(candidate[0], int(candidate[1])),
        mids=mids,
        repairs=repairs,
    )


def _find(pattern: str, sdp: str) -> str:
    match = re.search(pattern, sdp)
    if match is None:
        raise ValueError(f"the answer has no {pattern}")
    return match[1]
