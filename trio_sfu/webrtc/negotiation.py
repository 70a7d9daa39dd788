"""What a peer's offers have agreed on so far: which m-line carries what.

Pure. The client always offers, the server always answers.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from trio_sfu._native import Codec, Extension, Kind
from trio_sfu.access.grant import EVERYTHING
from trio_sfu.errors import NegotiationError
from trio_sfu.signaling.carried import Rights, SendingLine, SlotLine, Source
from trio_sfu.webrtc.answered import answered
from trio_sfu.webrtc.capabilities import OfferedExtension
from trio_sfu.webrtc.codecs import VIDEO, Format
from trio_sfu.webrtc.extensions import RECEIVING, SENDING
from trio_sfu.webrtc.limits import OfferLimits
from trio_sfu.webrtc.offer import Line, ParsedOffer

KINDS: Final[Mapping[Source, Kind]] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen-audio": "audio",
}


@dataclass(frozen=True, slots=True)
class SendingUse:
    """The client sends ``source`` on this line; it is ``idle`` when it may not."""

    mid: str
    source: Source
    idle: bool = False

    @property
    def kind(self) -> Kind:
        """Audio or video."""
        return KINDS[self.source]


@dataclass(frozen=True, slots=True)
class SlotUse:
    """The server sends on this line. One ``pair`` is one msid and one CNAME (lip sync).

    It is ``idle`` when the client may not receive.
    """

    mid: str
    kind: Kind
    pair: int
    ssrc: int
    rtx_ssrc: int | None
    cname: str
    idle: bool = False

    @property
    def msid(self) -> str:
        """The value of ``a=msid`` (RFC 8830): stream and track."""
        return f"slot-{self.pair} {self.mid}"


_SYSTEM_RANDOM: Final = random.SystemRandom()

Use: TypeAlias = SendingUse | SlotUse


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one offer comes to; ``commit`` makes it what later offers are fitted to."""

    uses: Mapping[str, Use]
    added: Sequence[tuple[Use, Line]]
    removed: Sequence[Use]
    extensions: Sequence[tuple[int, Extension]]
    codecs: Sequence[tuple[int, Codec, int, int | None]]
    formats: Mapping[str, Sequence[Format]]
    """What each line in use is answered with, by mid."""
    decodes: frozenset[Codec]
    """The video codecs that every slot takes; none while there is no slot for video."""
    encodes: Mapping[Source, Sequence[Codec]]
    """The codecs that the client may send a source with."""
    ice: tuple[str, str]
    restarts_ice: bool
    fingerprints: frozenset[str]


class Negotiation:
    """The lines agreed on, offer after offer.

    A line keeps its use until an offer stops it, also when later offers do not list it.
    ``rights`` are those of its client: a line for what it may not is idle. It is answered
    ``inactive`` and not rejected, so that it can stay the first of its bundle, and offers can
    be the same whatever somebody may do.
    """

    def __init__(
        self,
        seed: random.Random | None = None,
        limits: OfferLimits | None = None,
        video: Sequence[Codec] = VIDEO,
        rights: Rights = EVERYTHING,
    ) -> None:
        self._rights = rights
        self._video = video
        self._limits = limits or OfferLimits()
        self._random = seed or _SYSTEM_RANDOM
        self._agreed: Agreement | None = None
        self._cname = f"{self._random.getrandbits(64):016x}"

    @property
    def decodes(self) -> frozenset[Codec]:
        """See ``Agreement.decodes``."""
        return self._agreed.decodes if self._agreed is not None else frozenset()

    @property
    def encodes(self) -> Mapping[Source, Sequence[Codec]]:
        """See ``Agreement.encodes``."""
        return self._agreed.encodes if self._agreed is not None else {}

    def agree(
        self, offer: ParsedOffer, sending: Sequence[SendingLine], slots: Sequence[SlotLine]
    ) -> Agreement:
        """Fit an offer to what is agreed already.

        Raises NegotiationError: unknown-mid, bad-direction, no-common-codec, mid-changed,
        offer-mismatch, offer-invalid, too-many-slots, too-many-tracks.
        """
        before = self._agreed.uses if self._agreed is not None else {}
        lines = {line.mid: line for line in offer.lines}
        kept = {mid: self._as_allowed(use) for mid, use in _kept(before, lines).items()}
        asked = self._asked_uses(lines, sending, slots)
        for mid, use in kept.items():
            if mid in asked and not _same(use, asked[mid]):
                raise NegotiationError(f"line {mid} changed its use", code="mid-changed")
        uses = asked | kept
        _check_uses(uses.values(), self._limits)
        used = [(use, lines[mid]) for mid, use in uses.items()]
        formats = {use.mid: self._formats(use, line) for use, line in used}
        ice = (offer.ice_ufrag, offer.ice_pwd)
        agreement = Agreement(
            uses=uses,
            # What may be used now and was idle before is new to the engine.
            added=[
                (use, lines[mid])
                for mid, use in uses.items()
                if mid not in before or (before[mid].idle and not use.idle)
            ],
            removed=[use for mid, use in before.items() if mid not in uses],
            extensions=_extensions(used),
            codecs=_codecs(uses.values(), formats),
            formats=formats,
            decodes=_decodes(uses.values(), formats),
            encodes={
                use.source: [each.codec for each in formats[use.mid]]
                for use in uses.values()
                if isinstance(use, SendingUse) and not use.idle
            },
            ice=ice,
            # RFC 8839, section 4.4.1.1.1: other credentials are a restart.
            restarts_ice=self._agreed is not None and ice != self._agreed.ice,
            fingerprints=frozenset(each.value for each in offer.dtls.fingerprints),
        )
        self._check_certificate(agreement)
        return agreement

    def commit(self, agreement: Agreement) -> None:
        """Hold to an agreement from now on."""
        # Without the parsed lines, of which later offers need nothing: they are long.
        self._agreed = replace(agreement, added=(), removed=(), formats={})

    def allow(self, rights: Rights) -> list[Use]:
        """Hold to other rights from now on; return the lines that have become idle by it.

        A line that may be used now, and was idle, is used from the next offer on.
        """
        self._rights = rights
        if self._agreed is None:
            return []
        uses = self._agreed.uses
        ended = [use for use in uses.values() if not use.idle and self._as_allowed(use).idle]
        sources = {use.source for use in ended if isinstance(use, SendingUse)}
        encodes = {
            source: codecs
            for source, codecs in self._agreed.encodes.items()
            if source not in sources
        }
        self._agreed = replace(
            self._agreed,
            uses={**uses, **{use.mid: replace(use, idle=True) for use in ended}},
            decodes=self._agreed.decodes if rights.subscribe else frozenset(),
            encodes=encodes,
        )
        return ended

    def _as_allowed(self, use: Use) -> Use:
        if isinstance(use, SendingUse):
            return replace(use, idle=use.source not in self._rights.publish)
        return replace(use, idle=not self._rights.subscribe)

    def _check_certificate(self, agreement: Agreement) -> None:
        if self._agreed is not None and agreement.fingerprints != self._agreed.fingerprints:
            raise NegotiationError("the certificate cannot change in a session; join anew")

    def _formats(self, use: Use, line: Line) -> Sequence[Format]:
        source = use.source if isinstance(use, SendingUse) else None
        formats = answered(line.formats, source, self._video)
        if not formats:
            raise NegotiationError(
                f"line {line.mid} offers no codec this server forwards", code="no-common-codec"
            )
        return formats

    def _asked_uses(
        self,
        lines: Mapping[str, Line],
        sending: Sequence[SendingLine],
        slots: Sequence[SlotLine],
    ) -> dict[str, Use]:
        uses: dict[str, Use] = {}
        for asked in sending:
            _check(lines, asked.mid, KINDS[asked.source], {"sendonly", "sendrecv", "inactive"})
            idle = asked.source not in self._rights.publish
            _add(uses, SendingUse(asked.mid, asked.source, idle))
        for slot in slots:
            line = _check(lines, slot.mid, slot.kind, {"recvonly", "sendrecv", "inactive"})
            _add(uses, self._slot(slot, line))
        return uses

    def _slot(self, slot: SlotLine, line: Line) -> SlotUse:
        has_rtx = any(each.rtx is not None for each in line.formats)
        ssrc, rtx_ssrc = self._random.randrange(1, 2**31), self._random.randrange(2**31, 2**32)
        cname = f"{self._cname}-{slot.pair}"
        idle = not self._rights.subscribe
        rtx_ssrc_used = rtx_ssrc if has_rtx else None
        return SlotUse(slot.mid, slot.kind, slot.pair, ssrc, rtx_ssrc_used, cname, idle)


def _kept(before: Mapping[str, Use], lines: Mapping[str, Line]) -> dict[str, Use]:
    missing = before.keys() - lines.keys()
    if missing:
        raise NegotiationError(f"line {min(missing)} is missing", code="mid-changed")
    return {mid: use for mid, use in before.items() if not lines[mid].stopped}


def _check_uses(uses: Collection[Use], limits: OfferLimits) -> None:
    if not uses:
        raise NegotiationError("neither sending nor slots names a line", code="offer-mismatch")
    sources = [use.source for use in uses if isinstance(use, SendingUse)]
    if len(set(sources)) < len(sources):
        raise NegotiationError("two lines carry the same source", code="offer-mismatch")
    if len(sources) > limits.tracks:
        raise NegotiationError(
            f"a peer publishes at most {limits.tracks} tracks", code="too-many-tracks"
        )
    if len(uses) - len(sources) > limits.slots:
        raise NegotiationError(f"a client has at most {limits.slots} slots", code="too-many-slots")


def _same(before: Use, after: Use) -> bool:
    match before, after:
        case SendingUse(), SendingUse():
            return before == after
        case SlotUse(), SlotUse():
            return (before.kind, before.pair) == (after.kind, after.pair)
    return False


def _check(lines: Mapping[str, Line], mid: str, kind: Kind, directions: set[str]) -> Line:
    line = lines.get(mid)
    if line is None or line.stopped:
        raise NegotiationError(f"the offer has no line {mid}", code="unknown-mid")
    if line.kind != kind:
        raise NegotiationError(f"line {mid} is not {kind} over SRTP", code="offer-mismatch")
    if line.direction not in directions:
        raise NegotiationError(f"line {mid} cannot be {line.direction}", code="bad-direction")
    return line


def _add(uses: dict[str, Use], use: Use) -> None:
    if use.mid in uses:
        raise NegotiationError(f"line {use.mid} is listed twice", code="offer-mismatch")
    uses[use.mid] = use


def accepted_extensions(use: Use, line: Line) -> list[OfferedExtension]:
    """Return the line's header extensions that are answered."""
    sends = isinstance(use, SendingUse)
    wanted = SENDING if sends else RECEIVING
    fitting = (None, "sendrecv", "sendonly" if sends else "recvonly")
    return [each for each in line.extensions if each.name in wanted and each.direction in fitting]


def _extensions(used: Iterable[tuple[Use, Line]]) -> list[tuple[int, Extension]]:
    """Return the bundle's ids: in a bundle an id means the same on every line (RFC 8843)."""
    found: dict[int, Extension] = {}
    for use, line in used:
        for each in accepted_extensions(use, line):
            if found.setdefault(each.id, each.name) != each.name:
                raise NegotiationError(f"extension id {each.id} means two things in the bundle")
    return sorted(found.items())


def _codecs(
    uses: Iterable[Use], formats: Mapping[str, Sequence[Format]]
) -> list[tuple[int, Codec, int, int | None]]:
    """Return the bundle's payload types, those of slots first.

    The engine sends a codec with the first payload type it is told of.
    """
    found: dict[int, tuple[int, Codec, int, int | None]] = {}
    sent: dict[Codec, int] = {}
    for use in sorted(uses, key=lambda each: isinstance(each, SendingUse)):
        for each in formats[use.mid]:
            entry = (each.payload_type, each.codec, each.clock_rate, each.rtx)
            if found.setdefault(each.payload_type, entry) != entry:
                raise NegotiationError(
                    f"payload type {each.payload_type} means two things in the bundle"
                )
            if isinstance(use, SlotUse):
                number = sent.setdefault(each.codec, each.payload_type)
                if number != each.payload_type:
                    raise NegotiationError(f"slots number {each.codec} differently")
    return list(found.values())


def _decodes(uses: Iterable[Use], formats: Mapping[str, Sequence[Format]]) -> frozenset[Codec]:
    slots = (
        use.mid for use in uses if isinstance(use, SlotUse) and use.kind == "video" and not use.idle
    )
    each = [frozenset(form.codec for form in formats[mid]) for mid in slots]
    return frozenset.intersection(*each) if each else frozenset()
