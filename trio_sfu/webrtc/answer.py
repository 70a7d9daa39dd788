"""The SDP answer, written as text (RFC 8829, RFC 8843, RFC 8853).

Pure. The server is ICE-lite and, unless the client wants to be it, the passive side of
DTLS; all of its candidates are in the answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from trio_sfu.webrtc.capabilities import Direction
from trio_sfu.webrtc.codecs import Format
from trio_sfu.webrtc.negotiation import Agreement, SendingUse, SlotUse, Use, accepted_extensions
from trio_sfu.webrtc.offer import Line, ParsedOffer

_REVERSED: Final[Mapping[Direction, Direction]] = {
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "sendrecv": "sendrecv",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class LocalDescription:
    """What the server says of itself in every answer of one connection."""

    session_id: int
    ice_ufrag: str
    ice_pwd: str
    fingerprint: str  # sha-256, hexadecimal pairs
    candidates: Sequence[tuple[str, int]]
    tcp_candidates: Sequence[tuple[str, int]] = ()
    setup: Literal["passive", "active"] = "passive"
    """Who begins the DTLS handshake (RFC 8842); it stays so as long as the connection."""
    restarts: int = 0
    """How often ICE was restarted."""


def write_answer(
    offer: ParsedOffer, agreement: Agreement, local: LocalDescription, version: int
) -> str:
    """Return the answer; ``version`` grows with each answer of a connection."""
    return "".join(f"{line}\r\n" for line in _answer(offer, agreement, local, version))


def _answer(
    offer: ParsedOffer, agreement: Agreement, local: LocalDescription, version: int
) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {local.session_id} {version} IN IP4 127.0.0.1"
    yield "s=-"
    yield "t=0 0"
    accepted = [line.mid for line in offer.lines if line.mid in agreement.uses]
    yield " ".join(["a=group:BUNDLE", *accepted])
    if offer.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    yield "a=msid-semantic: WMS *"
    yield "a=ice-lite"
    transport = "\r\n".join(_transport(local))
    for line in offer.lines:
        use = agreement.uses.get(line.mid)
        if use is not None:
            yield from _accepted(line, use, agreement.formats[line.mid], local, transport)
        else:
            yield from _rejected(line)


def _rejected(line: Line) -> Iterator[str]:
    yield f"m={line.media} 0 {line.protocol} {line.raw_formats}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{line.mid}"
    yield "a=inactive"


def _accepted(
    line: Line, use: Use, formats: Sequence[Format], local: LocalDescription, transport: str
) -> Iterator[str]:
    numbers = " ".join(_payload_types(formats))
    host, port = local.candidates[0]
    yield f"m={line.media} {port} {line.protocol} {numbers}"
    yield f"c=IN IP{6 if ':' in host else 4} {host}"
    yield transport
    yield f"a=mid:{line.mid}"
    for each in accepted_extensions(use, line):
        # RFC 8285, section 7: what the client only sends, the server only receives.
        direction = f"/{_REVERSED[each.direction]}" if each.direction else ""
        yield f"a=extmap:{each.id}{direction} {each.uri}"
    if line.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    yield f"a={_direction(line, use)}"
    if isinstance(use, SlotUse):
        yield f"a=msid:{use.msid}"
    yield "a=rtcp-mux"
    if line.rtcp_rsize:
        yield "a=rtcp-rsize"
    yield from _formats(formats)
    match use:
        case SendingUse():
            yield from _simulcast(line)
        case SlotUse():
            yield from _ssrcs(use)


_PREFERENCE: Final = 40
"""Type preference (RFC 8445, section 5.1.2.1) of a candidate by TCP in the first answer.

A browser keeps to a path that is dead until nothing has come by it for some seconds, unless
another has a higher priority. So what an ICE restart brings is above all that was there before,
and in each generation TCP is below every direct path by UDP (RFC 6544, section 4.2). It is
the lower preference of both ends that counts first (RFC 8445, section 6.1.2.3): browsers give
90 and more, and a relay 2 at most, so a relay stays behind.
"""
_HIGHEST: Final = 126


def _preferences(restarts: int) -> tuple[int, int]:
    """Return the type preferences of UDP and TCP; after many restarts they grow no more."""
    tcp = min(_PREFERENCE + 2 * restarts, _HIGHEST - 1)
    return tcp + 1, tcp


def _transport(local: LocalDescription) -> Iterator[str]:
    udp, tcp = _preferences(local.restarts)
    for number, (host, port) in enumerate(local.candidates):
        # RFC 8445, section 5.1.2.1: earlier ones first.
        priority = (udp << 24) | ((65_535 - number) << 8) | 255
        yield f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
    for number, (host, port) in enumerate(local.tcp_candidates):
        # RFC 6544, section 4.2: 4 is the passive side.
        priority = (tcp << 24) | ((4 << 13 | 8_191 - number) << 8) | 255
        foundation = len(local.candidates) + number + 1
        yield (f"a=candidate:{foundation} 1 tcp {priority} {host} {port} typ host tcptype passive")
    yield "a=end-of-candidates"
    yield f"a=ice-ufrag:{local.ice_ufrag}"
    yield f"a=ice-pwd:{local.ice_pwd}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield f"a=setup:{local.setup}"


def _direction(line: Line, use: Use) -> str:
    if line.direction == "inactive" or use.idle:
        return "inactive"
    return "recvonly" if isinstance(use, SendingUse) else "sendonly"


def _payload_types(formats: Iterable[Format]) -> Iterator[str]:
    for each in formats:
        yield str(each.payload_type)
        if each.rtx is not None:
            yield str(each.rtx)


def _formats(formats: Iterable[Format]) -> Iterator[str]:
    for each in formats:
        yield f"a=rtpmap:{each.payload_type} {each.encoding_name}"
        for feedback in each.feedback:
            yield f"a=rtcp-fb:{each.payload_type} {feedback}"
        if each.parameters:
            yield f"a=fmtp:{each.payload_type} {each.parameters}"
        if each.rtx is not None:
            yield f"a=rtpmap:{each.rtx} rtx/{each.clock_rate}"
            yield f"a=fmtp:{each.rtx} apt={each.payload_type}"


def _simulcast(line: Line) -> Iterator[str]:
    for rid in line.rids:
        yield f"a=rid:{rid} recv"
    if line.rids:
        # Browsers begin to send what an answer does not call paused as well.
        streams = (f"~{rid}" if rid in line.paused else rid for rid in line.rids)
        yield f"a=simulcast:recv {';'.join(streams)}"


def _ssrcs(use: SlotUse) -> Iterator[str]:
    if use.rtx_ssrc is not None:
        yield f"a=ssrc-group:FID {use.ssrc} {use.rtx_ssrc}"
    yield f"a=ssrc:{use.ssrc} cname:{use.cname}"
    if use.rtx_ssrc is not None:
        yield f"a=ssrc:{use.rtx_ssrc} cname:{use.cname}"
