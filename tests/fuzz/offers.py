"""Offers as clients might make them: recorded ones, changed line by line, and made up."""

from collections.abc import Sequence

import msgspec

from tests.fuzz.reading import Input
from tests.webrtc.offering import RECORDED, Description, Section, recorded, slot
from trio_sfu.signaling.carried import SendingLine, SlotLine, Source
from trio_sfu.signaling.messages import Offer

OFFERS: Sequence[Offer] = [recorded(path) for path in RECORDED]
SOURCES: Sequence[Source] = ("camera", "microphone", "screen", "screen-audio")
DIRECTIONS = ("sendonly", "recvonly", "sendrecv", "inactive")
ATTRIBUTES = (
    "a=rid:q send",
    "a=rid:f send",
    "a=simulcast:send q;f",
    "a=ssrc:1 cname:x",
    "a=ssrc:2 cname:x",
    "a=ssrc-group:FID 1 2",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1",
    "a=rtpmap:98 AV1/90000",
    "a=fmtp:97 apt=98",
    "a=rtcp-rsize",
    "a=bundle-only",
    "a=setup:passive",
)
CREDENTIALS = (
    ("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef01234567"),
    ("a=ice-ufrag:other", "a=ice-pwd:89abcdef0123456789abcdef"),
    ("a=ice-ufrag:" + "x" * 300, "a=ice-pwd:short"),
)


def read_offer(source: Input, number: int) -> Offer:
    """Return an offer of the bytes' choice."""
    kind = source.byte()
    if kind & 3 == 0:
        offer = made_up(source, number)
    else:
        offer = msgspec.structs.replace(OFFERS[kind % len(OFFERS)], id=number)
    text = offer.sdp if kind & 0x40 else edited(offer.sdp, source, kind >> 2 & 7)
    if kind & 0xC0 == 0xC0:
        text = source.text() or "v"
    return msgspec.structs.replace(
        offer,
        sdp=text[:262_144] or "v",
        sending=edited_list(offer.sending, source),
        slots=edited_list(offer.slots, source),
    )


def made_up(source: Input, number: int) -> Offer:
    """Return an offer whose lines, attributes and lists the bytes decide."""
    shape = source.byte()
    sections, sending, slots = [], [], []
    for mid in range(shape & 7):
        choice = source.byte()
        kind = "audio" if choice & 1 else "video"
        direction = DIRECTIONS[choice >> 1 & 3]
        extra = [ATTRIBUTES[source.byte() % len(ATTRIBUTES)] for _ in range(choice >> 5)]
        port = 0 if choice & 0x18 == 0x18 else 9
        sections.append(Section(str(mid), kind, direction, port, more=extra))
        if choice & 8:
            slots.append(slot(str(mid), kind, mid // 2))
        else:
            sending.append(SendingLine(mid=str(mid), source=SOURCES[choice >> 5 & 3]))
    description = Description(sections, ice=CREDENTIALS[shape >> 3 & 3 if shape & 0x18 < 24 else 0])
    return Offer(id=number, sdp=description.sdp(), sending=sending, slots=slots)


def edited(sdp: str, source: Input, times: int) -> str:
    """Return the text with so many lines changed, moved, doubled, dropped or added."""
    lines = sdp.splitlines()
    for _ in range(times):
        place = source.short() % max(len(lines), 1)
        if not lines:
            break
        match source.byte() % 7:
            case 0:
                cut = source.byte()
                lines[place] = lines[place][:cut] + source.text()
            case 1:
                other = source.short() % len(lines)
                lines[place], lines[other] = lines[other], lines[place]
            case 2:
                lines[place:place] = [lines[place]] * (1 + source.byte() * 2)
            case 3:
                del lines[place]
            case 4:
                lines.insert(place, source.choose(ATTRIBUTES))
            case 5:
                digits = str(source.short() * 65_537)
                head, colon, _ = lines[place].partition(":")
                lines[place] = f"{head}{colon}{digits}"
            case _:
                lines = lines[:place]
    return "\r\n".join(lines) + "\r\n"


def edited_list(lines: Sequence[SendingLine] | Sequence[SlotLine], source: Input) -> list:  # type: ignore[type-arg]
    """Return the list with an entry dropped, doubled or of another line."""
    changed = list(lines)
    choice = source.byte()
    if choice < 128 or not changed:
        return changed
    place = source.byte() % len(changed)
    match choice & 3:
        case 0:
            del changed[place]
        case 1:
            changed.append(changed[place])
        case 2:
            changed[place] = msgspec.structs.replace(changed[place], mid=source.text()[:16] or "x")
        case _:
            changed.reverse()
    return changed
