"""What the m-lines of a WHIP or WHEP offer are for; no list beside the offer says so. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from trio_sfu._native import Kind
from trio_sfu.errors import NegotiationError
from trio_sfu.signaling.carried import SendingLine, SlotLine, Source
from trio_sfu.webrtc.offer import Line, ParsedOffer

Way: TypeAlias = Literal["whip", "whep"]
"""Publishing (RFC 9725), or watching (draft-ietf-wish-whep)."""

_SOURCES: Final[Mapping[Kind, tuple[Source, ...]]] = {
    "audio": ("microphone", "screen-audio"),
    "video": ("camera", "screen"),
}
_FITTING: Final[Mapping[Way, tuple[str, str]]] = {
    "whip": ("sendonly", "sendrecv"),
    "whep": ("recvonly", "sendrecv"),
}


def sending_lines(offer: ParsedOffer) -> list[SendingLine]:
    """Return which source each line of a publisher carries.

    The first line of sound is the microphone and the first of video the camera; the second
    ones are the shared screen's. Raises NegotiationError: offer-mismatch, bad-direction,
    too-many-tracks.
    """
    found = []
    for number, kind, line in _numbered(offer, "whip"):
        if number >= len(_SOURCES[kind]):
            raise NegotiationError(
                f"line {line.mid} is one of {kind} too many", code="too-many-tracks"
            )
        found.append(SendingLine(mid=line.mid, source=_SOURCES[kind][number]))
    return found


def slot_lines(offer: ParsedOffer) -> list[SlotLine]:
    """Return the slots of a viewer: the n-th line of sound and of video are a pair.

    Raises NegotiationError: offer-mismatch, bad-direction.
    """
    return [
        SlotLine(mid=line.mid, kind=kind, pair=number)
        for number, kind, line in _numbered(offer, "whep")
    ]


def _numbered(offer: ParsedOffer, way: Way) -> Iterator[tuple[int, Kind, Line]]:
    """Yield the lines of media, each with how many of its kind came before it.

    RFC 9725 wants no answer that takes some lines of media and not others (section 4.4.2),
    so one that cannot be used is an error. A data channel is not media: it is declined.
    """
    before: Counter[Kind] = Counter()
    for line in offer.lines:
        if line.stopped or line.media not in ("audio", "video"):
            continue
        if line.kind is None:
            raise NegotiationError(f"line {line.mid} is not media over SRTP", code="offer-mismatch")
        if line.direction not in _FITTING[way]:
            raise NegotiationError(
                f"line {line.mid} is {line.direction}; it must be {' or '.join(_FITTING[way])}",
                code="bad-direction",
            )
        yield before[line.kind], line.kind, line
        before[line.kind] += 1
