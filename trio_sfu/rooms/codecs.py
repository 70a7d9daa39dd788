"""Which codec each publisher of a room is to encode its video with.

Pure. The room has an order of preference; a publisher encodes with the first codec of it that
it has and that everybody else decodes. Where there is none, with the one that most decode: the
others are told that they cannot see it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, cast

from trio_sfu._native import Codec
from trio_sfu.config.model import Video
from trio_sfu.ids import PeerId
from trio_sfu.rooms.state import Member
from trio_sfu.signaling.carried import Source, VideoCodec
from trio_sfu.signaling.messages import SendCodec

HOLD: Final = 30.0
"""Seconds after a change before a codec is changed to one that is only preferred: who comes
and goes again and again costs the others a keyframe now and then, not each time."""

LAYERED: Final[frozenset[VideoCodec]] = frozenset(("vp9", "av1"))
_SOURCES: Final[tuple[Source, ...]] = ("camera", "screen")


@dataclass(frozen=True, slots=True)
class Preference:
    """The codecs of a room, the best first, and whether those with spatial layers use them."""

    codecs: Sequence[VideoCodec]
    svc: bool = False
    screens: Sequence[VideoCodec] = ()
    """Those that come before the others for screens."""

    def order(self, source: Source) -> Sequence[VideoCodec]:
        """Return the codecs for a source, the best first."""
        first = self.screens if source == "screen" else ()
        return [*first, *(codec for codec in self.codecs if codec not in first)]


def preference_of(room: str, settings: Video) -> Preference:
    """Return what ``settings`` say of a room; the first pattern that fits counts.

    A room's own codecs are for its screens as well.
    """
    screens = [codec for codec in settings.screens if codec in settings.codecs]
    for entry in settings.rooms:
        pattern, _colon, words = entry.partition(":")
        if fnmatchcase(room, pattern.strip()):
            chosen = words.split()
            first = [cast("VideoCodec", each) for each in chosen if each != "svc"]
            rest = [each for each in settings.codecs if each not in first]
            return Preference(first + rest, "svc" in chosen, () if first else screens)
    return Preference(settings.codecs, settings.svc, screens)


def best(
    preferred: Sequence[VideoCodec],
    encodes: Collection[Codec],
    viewers: Mapping[frozenset[Codec], int],
) -> VideoCodec | None:
    """Return the codec that most of ``viewers`` decode, the preferred one of equals.

    ``viewers`` counts those who decode the same codecs. None: the publisher has none.
    """

    def seen(codec: Codec) -> int:
        return sum(count for decodes, count in viewers.items() if codec in decodes)

    usable = [codec for codec in preferred if codec in encodes]
    return max(usable, key=seen, default=None)  # the first of the greatest


@dataclass(frozen=True, slots=True)
class _Told:
    codec: VideoCodec
    svc: bool
    since: float


class CodecChoice:
    """What the publishers of one room were told. ``now`` is in seconds on any clock."""

    def __init__(self, preference: Preference) -> None:
        self._preference = preference
        self._told: dict[tuple[PeerId, Source], _Told] = {}

    def forget(self, peer: PeerId) -> None:
        """Forget a peer that is gone."""
        for source in _SOURCES:
            self._told.pop((peer, source), None)

    def review(
        self, members: Collection[Member], now: float, *, again: PeerId | None = None
    ) -> Iterator[tuple[PeerId, SendCodec]]:
        """Yield whom to tell what; to ``again`` also what its client may know already."""
        viewers = Counter(member.decodes for member in members if member.decodes)
        for member in members:
            if not member.encodes:
                continue
            others = viewers - Counter([member.decodes])
            for source, encodes in member.encodes.items():
                if source in _SOURCES and encodes:
                    chosen = self._choose(member.id, source, encodes, others, now)
                    if chosen is not None or member.id == again:
                        told = self._told[member.id, source]
                        yield member.id, SendCodec(source=source, codec=told.codec, svc=told.svc)

    def _choose(
        self,
        peer: PeerId,
        source: Source,
        encodes: Sequence[Codec],
        viewers: Mapping[frozenset[Codec], int],
        now: float,
    ) -> _Told | None:
        """Return what is to be said that was not said before."""
        codec = best(self._preference.order(source), encodes, viewers)
        if codec is None:
            return None
        svc = self._preference.svc and source == "camera" and codec in LAYERED
        before = self._told.get((peer, source))
        chosen = _Told(codec, svc, now)
        if before is None:
            self._told[peer, source] = chosen
            # An answer's first codec is what the client begins with.
            return chosen if (codec, svc) != (encodes[0], False) else None
        if (codec, svc) == (before.codec, before.svc):
            return None
        suffices = all(before.codec in decodes for decodes in viewers)
        if suffices and before.codec in encodes and now - before.since < HOLD:
            return None
        self._told[peer, source] = chosen
        return chosen
