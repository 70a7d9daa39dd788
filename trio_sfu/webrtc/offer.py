"""An SDP offer, parsed once into what the answer and the engine need of it.

aiortc's parser does the grammar. What it drops (``rid``, ``simulcast``, directions of
``extmap``) is read here, and what nobody needs is kept from it, for it is strict about
that too. Whatever it raises on bad input becomes a ``NegotiationError``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS, RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.sdp import MediaDescription, SessionDescription, grouplines

from trio_sfu._native import Kind
from trio_sfu.errors import NegotiationError
from trio_sfu.webrtc.capabilities import Direction, OfferedExtension, capabilities_of
from trio_sfu.webrtc.codecs import Format
from trio_sfu.webrtc.limits import OfferLimits

MAX_OFFER: Final = 262_144  # characters
MAX_ATTRIBUTES: Final = 400  # text lines of one m-line; the parser's work grows with their square
MAX_RIDS: Final = 4
LIMITS: Final = OfferLimits()

# What the parser raises on input it does not like.
_PARSER_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    StopIteration,
    TypeError,
    ValueError,
)
_NEEDED: Final = re.compile(
    r"[vost]=|m=|a=(fingerprint|group|ice-pwd|ice-ufrag|setup|mid|ssrc|ssrc-group):"
    r"|a=(rtcp-mux|sendonly|recvonly|sendrecv|inactive)\s*$"
)
_BUNDLE_ONLY: Final = "a=bundle-only"
_OF_TRANSPORT: Final = ("a=fingerprint:", "a=ice-pwd:", "a=ice-ufrag:", "a=setup:")
_SIMULCAST: Final = re.compile(r"a=simulcast:.*\bsend (\S+)")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,16}")
_RID: Final = re.compile(r"[A-Za-z0-9_-]{1,16}")
_ICE_CHARS: Final = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")


@dataclass(frozen=True, slots=True)
class Line:
    """One m-line of an offer (RFC 8829). ``kind`` None: not audio or video over SRTP."""

    mid: str
    media: str
    protocol: str
    kind: Kind | None
    stopped: bool
    direction: Direction
    formats: tuple[Format, ...]
    extensions: tuple[OfferedExtension, ...]
    rids: tuple[str, ...]
    paused: frozenset[str]
    """Those of ``rids`` that the client does not send for now (RFC 8853, ``~``)."""
    ssrcs: tuple[tuple[int, int | None], ...]
    raw_formats: str
    rtcp_rsize: bool
    extmap_allow_mixed: bool


@dataclass(frozen=True, slots=True)
class ParsedOffer:
    """What a client offers: its lines, its ICE credentials, its certificate."""

    lines: tuple[Line, ...]
    ice_ufrag: str
    ice_pwd: str
    dtls: RTCDtlsParameters
    extmap_allow_mixed: bool


def parse_offer(sdp: str, limits: OfferLimits = LIMITS) -> ParsedOffer:
    """Parse an offer that has all of its lines in one bundle.

    Raises NegotiationError: offer-too-large, offer-invalid, too-many-lines, no-bundle,
    no-fingerprint, unsupported-fingerprint.
    """
    if len(sdp) > MAX_OFFER:
        raise NegotiationError(
            f"an offer has at most {MAX_OFFER} characters", code="offer-too-large"
        )
    return _parse(sdp, limits)


# By WHIP and WHEP an offer is looked at before there is a peer, and by the peer again.
@lru_cache(4)
def _parse(sdp: str, limits: OfferLimits) -> ParsedOffer:
    try:
        session_lines, groups = grouplines(sdp)
        if len(groups) > limits.lines:
            raise NegotiationError(
                f"an offer has at most {limits.lines} lines", code="too-many-lines"
            )
        if any(len(group) > MAX_ATTRIBUTES for group in (session_lines, *groups)):
            raise NegotiationError(
                f"a line has at most {MAX_ATTRIBUTES} attributes", code="too-many-lines"
            )
        session = SessionDescription.parse("\r\n".join(_needed(session_lines, groups)))
        # Not by `map`: a StopIteration of the parser would end it, with lines missing.
        found = [_line(media, text) for media, text in zip(session.media, groups, strict=True)]
    except _PARSER_ERRORS as error:
        raise NegotiationError("the offer is not valid SDP") from error
    lines = tuple(found)
    if not lines:
        raise NegotiationError("the offer has no media line")
    _check_bundle(session, lines)
    live = (media for media, line in zip(session.media, lines, strict=True) if not line.stopped)
    first = next(live, None)
    if first is None:
        raise NegotiationError("all lines of the offer are stopped")
    ufrag, pwd = _credentials(first)
    return ParsedOffer(
        lines=lines,
        ice_ufrag=ufrag,
        ice_pwd=pwd,
        dtls=_dtls(first),
        extmap_allow_mixed="a=extmap-allow-mixed" in {line.strip() for line in session_lines},
    )


def _line(media: MediaDescription, text: Sequence[str]) -> Line:
    mid = media.rtp.muxId
    if not _TOKEN.fullmatch(mid or ""):
        raise NegotiationError("a line has no usable a=mid")
    srtp = media.kind in ("audio", "video") and media.profile.endswith("TLS/RTP/SAVPF")
    kind = cast("Kind", media.kind) if srtp else None
    stopped = media.port == 0 and _BUNDLE_ONLY not in text
    # RFC 8858: who says rtcp-mux-only says rtcp-mux too; who forgets that means it all the same.
    if kind and not stopped and not (media.rtcp_mux or "a=rtcp-mux-only" in text):
        raise NegotiationError(f"line {mid} has no a=rtcp-mux (RFC 5761)")
    _, _, protocol, raw_formats = text[0].split(" ", 3)
    capabilities = capabilities_of(kind, raw_formats, text)
    return Line(
        mid=mid,
        media=media.kind,
        protocol=protocol,
        kind=kind,
        stopped=stopped,
        direction=cast("Direction", media.direction or "sendrecv"),
        formats=capabilities.formats,
        extensions=capabilities.extensions,
        rids=_rids(text) if kind == "video" else (),
        paused=_paused(text),
        ssrcs=tuple(_ssrcs(media)),
        raw_formats=raw_formats,
        rtcp_rsize="a=rtcp-rsize" in text,
        extmap_allow_mixed="a=extmap-allow-mixed" in text,
    )


def _needed(session: Iterable[str], groups: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from filter(_NEEDED.match, session)
    over = False
    for group in groups:
        for line in filter(_NEEDED.match, group):
            # All lines are in one bundle, whose transport is that of the first that is not stopped.
            if not (over and line.startswith(_OF_TRANSPORT)):
                yield line
        over = over or not group[0].partition(" ")[2].startswith("0 ") or _BUNDLE_ONLY in group


def _rids(text: Sequence[str]) -> tuple[str, ...]:
    """Return the RIDs the client sends (RFC 8851), if it does simulcast (RFC 8853)."""
    if not any(line.startswith("a=simulcast:") for line in text):
        return ()
    found = [line[6:].split() for line in text if line.startswith("a=rid:")]
    rids = tuple(each[0] for each in found if len(each) > 1 and each[1] == "send")
    if len(rids) > MAX_RIDS or len(set(rids)) < len(rids):
        raise NegotiationError(f"a line has at most {MAX_RIDS} encodings, each with its own RID")
    if not all(_RID.fullmatch(rid) for rid in rids):
        raise NegotiationError("a RID is malformed")
    return rids


def _paused(text: Sequence[str]) -> frozenset[str]:
    """Return the RIDs that are sent only when they are asked for."""
    sent = filter(None, map(_SIMULCAST.match, text))
    streams = (
        each for match in sent for stream in match[1].split(";") for each in stream.split(",")
    )
    return frozenset(rid.strip()[1:] for rid in streams if rid.strip().startswith("~"))


def _ssrcs(media: MediaDescription) -> Iterator[tuple[int, int | None]]:
    """Return each SSRC with that of its retransmissions (RFC 5576 ``FID`` groups)."""
    rtx = {
        int(group.items[0]): int(group.items[1])
        for group in media.ssrc_group
        if group.semantic == "FID" and len(group.items) == 2
    }
    for each in media.ssrc[: 2 * MAX_RIDS]:
        if not 0 < each.ssrc < 2**32:
            raise NegotiationError("an SSRC is out of range")
        if each.ssrc not in rtx.values():
            yield each.ssrc, rtx.get(each.ssrc)


def _check_bundle(session: SessionDescription, lines: Sequence[Line]) -> None:
    bundles = [set(map(str, each.items)) for each in session.group if each.semantic == "BUNDLE"]
    live = {line.mid for line in lines if not line.stopped}
    if len({line.mid for line in lines}) < len(lines):
        raise NegotiationError("two lines have the same a=mid")
    if len(bundles) != 1 or not live <= bundles[0]:
        raise NegotiationError("all lines must be in one BUNDLE group", code="no-bundle")


def _credentials(media: MediaDescription) -> tuple[str, str]:
    ice = media.ice
    ufrag, pwd = (ice.usernameFragment or "", ice.password or "") if ice is not None else ("", "")
    if not (_ICE_CHARS.fullmatch(ufrag) and _ICE_CHARS.fullmatch(pwd)):
        raise NegotiationError("the offer has no usable a=ice-ufrag and a=ice-pwd")
    return ufrag, pwd


def _dtls(media: MediaDescription) -> RTCDtlsParameters:
    if media.dtls is None or not media.dtls.fingerprints:
        raise NegotiationError("the offer has no a=fingerprint", code="no-fingerprint")
    if media.dtls.role not in ("auto", "client", "server"):
        raise NegotiationError("a=setup must be actpass, active or passive")
    known = [
        RTCDtlsFingerprint(algorithm=each.algorithm.lower(), value=each.value.upper())
        for each in media.dtls.fingerprints
        if each.algorithm.lower() in X509_DIGEST_ALGORITHMS
    ]
    if not known:
        raise NegotiationError(
            "the fingerprint must be of sha-256, sha-384 or sha-512",
            code="unsupported-fingerprint",
        )
    # Who leaves the choice to us begins: so we choose the SRTP profile.
    return RTCDtlsParameters(
        fingerprints=known, role="server" if media.dtls.role == "server" else "client"
    )
