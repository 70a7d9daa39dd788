"""What a line of an offer says of codecs and header extensions, read once.

A browser says the same on every line of a kind, and so does the next one of its make: that is most
of the text, and most of the parser's work.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias, cast

from aiortc.sdp import SessionDescription

from trio_sfu._native import Extension, Kind
from trio_sfu.errors import NegotiationError
from trio_sfu.webrtc.codecs import Format, formats
from trio_sfu.webrtc.extensions import EXTENSIONS

KEPT: Final = 64
"""Capabilities that are kept, of those that are no longer than ``KEPT_CHARACTERS``."""
KEPT_CHARACTERS: Final = 16_384
_OF_CAPABILITIES: Final = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:")
_EXTMAP: Final = re.compile(r"a=extmap:(\d{1,3})(?:/(sendonly|recvonly|sendrecv|inactive))? (\S+)")

Direction: TypeAlias = Literal["sendonly", "recvonly", "sendrecv", "inactive"]


@dataclass(frozen=True, slots=True)
class OfferedExtension:
    """An RTP header extension of a line (RFC 8285); ``direction`` is the client's."""

    id: int
    name: Extension
    uri: str
    direction: Direction | None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a line's sender can do: the same on all lines of a kind, of all browsers of a make."""

    formats: tuple[Format, ...]
    extensions: tuple[OfferedExtension, ...]


def capabilities_of(kind: Kind | None, raw_formats: str, text: Sequence[str]) -> Capabilities:
    """Return what an m-line with these formats says, the lines below it being ``text``.

    Raises NegotiationError, and what the parser raises.
    """
    said = tuple(line for line in text if line.startswith(_OF_CAPABILITIES))
    size = len(raw_formats) + sum(map(len, said))
    read = _read_capabilities if size <= KEPT_CHARACTERS else _read_capabilities.__wrapped__
    return read(kind, raw_formats, said)


@lru_cache(KEPT)
def _read_capabilities(kind: Kind | None, raw_formats: str, text: tuple[str, ...]) -> Capabilities:
    if kind is None:
        return Capabilities((), tuple(_extensions(text)))
    alone = SessionDescription.parse(
        "\r\n".join(
            [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {raw_formats}",
                *(line for line in text if not line.startswith("a=extmap:")),
            ]
        )
    )
    return Capabilities(tuple(formats(kind, alone.media[0].rtp.codecs)), tuple(_extensions(text)))


def _extensions(text: Sequence[str]) -> Iterator[OfferedExtension]:
    for match in filter(None, map(_EXTMAP.match, text)):
        number, direction, uri = int(match[1]), match[2], match[3]
        if uri in EXTENSIONS:
            if not 1 <= number <= 255 or number == 15:
                raise NegotiationError(f"{uri} has no usable id")
            yield OfferedExtension(
                number, EXTENSIONS[uri], uri, cast("Direction | None", direction)
            )
