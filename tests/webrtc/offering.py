"""Offers: those of real browsers, and small ones made line by line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from trio_sfu.signaling.carried import SendingLine, SlotLine
from trio_sfu.signaling.messages import Offer

RECORDED = sorted(Path(__file__).with_name("offers").glob("*.json"))
"""Made by the browser the name tells, with four lines to send on and slots."""

FINGERPRINT = ":".join(["AB"] * 32)

VP8 = ("a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96")
OPUS = ("a=rtpmap:111 opus/48000/2",)
MID_EXTENSION = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"


def recorded(path: Path) -> Offer:
    return msgspec.json.decode(path.read_bytes(), type=Offer)


def browser(name: str) -> Offer:
    """Return the recorded offer whose name begins so."""
    return recorded(next(path for path in RECORDED if path.name.startswith(name)))


@dataclass
class Section:
    """One m-line."""

    mid: str
    kind: str = "video"
    direction: str = "sendonly"
    port: int = 9
    payload_types: str | None = None
    codecs: Sequence[str] | None = None
    more: Sequence[str] = ()

    def text(self) -> list[str]:
        video = self.kind == "video"
        codecs = self.codecs if self.codecs is not None else (VP8 if video else OPUS)
        numbers = self.payload_types or ("96 97" if video else "111")
        return [
            f"m={self.kind} {self.port} UDP/TLS/RTP/SAVPF {numbers}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{self.mid}",
            f"a={self.direction}",
            "a=rtcp-mux",
            *codecs,
            *self.more,
        ]


@dataclass
class Description:
    """A whole offer. Each part may be spoiled by a test."""

    sections: list[Section] = field(default_factory=lambda: [Section("0"), Section("1", "audio")])
    bundle: str | None = None
    fingerprints: Sequence[str] = (f"sha-256 {FINGERPRINT}",)
    setup: str = "actpass"
    ice: Sequence[str] = ("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef01234567")
    more: Sequence[str] = ()

    def sdp(self) -> str:
        bundle = self.bundle
        if bundle is None:
            bundle = " ".join(["BUNDLE", *(section.mid for section in self.sections)])
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:{bundle}"]
        lines += [f"a=fingerprint:{each}" for each in self.fingerprints]
        lines += [f"a=setup:{self.setup}", *self.ice, *self.more]
        for section in self.sections:
            lines += section.text()
        return "".join(f"{line}\r\n" for line in lines)


CAMERA = SendingLine(mid="0", source="camera")
MICROPHONE = SendingLine(mid="1", source="microphone")


def slot(mid: str, kind: str = "video", pair: int = 0) -> SlotLine:
    return msgspec.convert({"mid": mid, "kind": kind, "pair": pair}, SlotLine)
