"""The few kinds of SDP that a load needs: one bundle, VP8 and Opus. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from benchmarks.load.namespace import LOOPBACK

Kind: TypeAlias = Literal["audio", "video"]
Direction: TypeAlias = Literal["sendonly", "recvonly"]

VP8, RTX, OPUS = 96, 97, 111
MID_URI: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
TRANSPORT_CC_URI: Final = (
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)
MID_ID, RID_ID, TRANSPORT_CC_ID = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Local:
    """What one end says of itself."""

    ufrag: str
    pwd: str
    fingerprint: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Line:
    """An m-line of an offer."""

    mid: str
    kind: Kind
    direction: Direction
    ssrc: int = 0
    rids: tuple[str, ...] = ()
    """Of a simulcast line (RFC 8853), from the smallest to the fullest; it says no SSRC then."""


@dataclass(frozen=True, slots=True)
class RemoteLine:
    """An m-line of what the other end has said. Ids and types that it has not are 0."""

    mid: str
    kind: str
    stopped: bool
    payload_type: int
    extensions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Remote:
    """What the other end says of itself; ``host`` and ``port`` are its first UDP candidate."""

    ufrag: str
    pwd: str
    fingerprint: str
    setup: str
    host: str
    port: int
    lines: tuple[RemoteLine, ...]

    def extension(self, uri: str) -> int:
        """Return the id of a header extension, 0 if no line has it."""
        return next((each.extensions[uri] for each in self.lines if uri in each.extensions), 0)

    def payload_types(self) -> list[int]:
        """Return the payload types of media that may come."""
        return sorted({each.payload_type for each in self.lines if each.payload_type})


def write_offer(local: Local, lines: Sequence[Line], *, transport_cc: bool) -> str:
    """Return an offer of these lines."""
    return _text(_offer(local, lines, transport_cc=transport_cc))


def write_answer(local: Local, remote: Remote) -> str:
    """Return an answer that takes all an offer sends; this end begins the DTLS handshake."""
    return _text(_answer(local, remote))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _head(mids: Iterable[str]) -> Iterator[str]:
    yield from ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0")
    yield " ".join(["a=group:BUNDLE", *mids])
    yield "a=msid-semantic: WMS *"


def _transport(local: Local, setup: str) -> Iterator[str]:
    yield f"c=IN IP4 {local.host}"
    yield f"a=candidate:1 1 udp 2130706431 {local.host} {local.port} typ host"
    yield "a=end-of-candidates"
    yield f"a=ice-ufrag:{local.ufrag}"
    yield f"a=ice-pwd:{local.pwd}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield f"a=setup:{setup}"
    yield "a=rtcp-mux"
    yield "a=rtcp-rsize"


def _codec(kind: str, payload_type: int, *, transport_cc: bool) -> Iterator[str]:
    feedback = ["transport-cc"] if transport_cc else []
    if kind == "video":
        yield f"a=rtpmap:{payload_type} VP8/90000"
        feedback += ["ccm fir", "nack", "nack pli"]
    else:
        yield f"a=rtpmap:{payload_type} opus/48000/2"
    yield from (f"a=rtcp-fb:{payload_type} {each}" for each in feedback)


def _offer(local: Local, lines: Sequence[Line], *, transport_cc: bool) -> Iterator[str]:
    yield from _head(line.mid for line in lines)
    for line in lines:
        video = line.kind == "video"
        yield f"m={line.kind} {local.port} UDP/TLS/RTP/SAVPF {f'{VP8} {RTX}' if video else OPUS}"
        yield from _transport(local, "actpass")
        yield f"a=mid:{line.mid}"
        yield f"a={line.direction}"
        yield f"a=extmap:{MID_ID} {MID_URI}"
        if transport_cc:
            yield f"a=extmap:{TRANSPORT_CC_ID} {TRANSPORT_CC_URI}"
        yield from _codec(line.kind, VP8 if video else OPUS, transport_cc=transport_cc)
        if video:
            yield f"a=rtpmap:{RTX} rtx/90000"
            yield f"a=fmtp:{RTX} apt={VP8}"
        if line.rids:
            yield f"a=extmap:{RID_ID} {RID_URI}"
            yield f"a=msid:load {line.mid}"
            yield from (f"a=rid:{rid} send" for rid in line.rids)
            yield f"a=simulcast:send {';'.join(line.rids)}"
        elif line.ssrc:
            yield f"a=msid:load {line.mid}"
            yield f"a=ssrc:{line.ssrc} cname:load"


def _answer(local: Local, remote: Remote) -> Iterator[str]:
    yield from _head(line.mid for line in remote.lines if not line.stopped)
    for line in remote.lines:
        port = 0 if line.stopped else local.port
        yield f"m={line.kind} {port} UDP/TLS/RTP/SAVPF {line.payload_type}"
        yield from _transport(local, "active")
        yield f"a=mid:{line.mid}"
        yield "a=inactive" if line.stopped else "a=recvonly"
        wide = line.extensions.get(TRANSPORT_CC_URI, 0)
        for uri in (MID_URI, TRANSPORT_CC_URI):
            if uri in line.extensions:
                yield f"a=extmap:{line.extensions[uri]} {uri}"
        yield from _codec(line.kind, line.payload_type, transport_cc=bool(wide))


def parse(text: str, host: str = LOOPBACK) -> Remote:
    """Parse what the other end, which is at ``host``, has said. Raises ValueError."""
    sections = re.split(r"^(?=m=)", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    media = [f"{sections[0]}{section}" for section in sections[1:]]
    if not media:
        raise ValueError("no m-line")
    live = next((each for each in media if _attribute(each, r"ice-ufrag:(\S+)")), media[0])
    candidate = rf"^a=candidate:\S+ 1 udp \d+ ({re.escape(host)}) (\d+) typ host"
    candidates = re.findall(candidate, text, re.MULTILINE | re.IGNORECASE)
    if not candidates:
        raise ValueError(f"no candidate at {host}: {text}")
    return Remote(
        ufrag=_attribute(live, r"ice-ufrag:(\S+)"),
        pwd=_attribute(live, r"ice-pwd:(\S+)"),
        fingerprint=_attribute(live, r"fingerprint:sha-256 (\S+)", re.IGNORECASE).upper(),
        setup=_attribute(live, r"setup:(\S+)"),
        host=candidates[0][0],
        port=int(candidates[0][1]),
        lines=tuple(_line(each) for each in sections[1:]),
    )


def _attribute(section: str, pattern: str, flags: int = 0) -> str:
    found = re.search(f"^a={pattern}", section, re.MULTILINE | flags)
    return found[1] if found else ""


def _line(section: str) -> RemoteLine:
    kind, port, *_ = section.partition("\n")[0].removeprefix("m=").split()
    codec = {"video": "VP8/90000", "audio": "opus/48000/2"}.get(kind, "-")
    found = _attribute(section, rf"rtpmap:(\d+) {codec}", re.IGNORECASE)
    return RemoteLine(
        mid=_attribute(section, r"mid:(\S+)"),
        kind=kind,
        stopped=port == "0" or not found,
        payload_type=int(found or 0),
        extensions={
            uri: int(number)
            for number, uri in re.findall(r"^a=extmap:(\d+)(?:/\w+)? (\S+)", section, re.MULTILINE)
        },
    )
