"""Nothing that claims to be an offer is worth a traceback, or more than a moment."""

import time

from hypothesis import given
from hypothesis import strategies as st

from tests.webrtc.offering import RECORDED, Description, Section, recorded
from trio_sfu.errors import NegotiationError
from trio_sfu.webrtc.answer import LocalDescription, write_answer
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import LIMITS, MAX_ATTRIBUTES, MAX_OFFER, parse_offer

OFFERS = [recorded(path) for path in RECORDED]
MOMENT = 2.0
"""Seconds of CPU: generous, it takes 0.2."""
LOCAL = LocalDescription(1, "ufrag", "p" * 24, "AB", [("192.0.2.1", 7882)])


def answer_or_refuse(sdp: str, index: int = 0) -> None:
    offer = OFFERS[index]
    try:
        parsed = parse_offer(sdp)
        agreement = Negotiation().agree(parsed, offer.sending, offer.slots)
        write_answer(parsed, agreement, LOCAL, 1)
    except NegotiationError:
        pass


@given(st.text())
def test_any_text(text: str) -> None:
    answer_or_refuse(text)


@given(st.data())
def test_a_real_offer_with_lines_changed_moved_doubled_or_gone(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(OFFERS) - 1))
    lines = OFFERS[index].sdp.splitlines()
    places = st.integers(0, len(lines) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(places)
        match data.draw(st.sampled_from(["change", "swap", "double", "drop", "insert"])):
            case "change":
                line = lines[place]
                cut = data.draw(st.integers(0, len(line)))
                lines[place] = line[:cut] + data.draw(st.text(max_size=12)) + line[cut + 1 :]
            case "swap":
                other = data.draw(places)
                lines[place], lines[other] = lines[other], lines[place]
            case "double":
                lines.insert(place, lines[place])
            case "drop":
                lines[place] = ""
            case "insert":
                lines.insert(place, data.draw(st.text(max_size=40)))
    answer_or_refuse("\r\n".join(lines), index)


@given(st.data())
def test_a_real_offer_cut_short(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(OFFERS) - 1))
    sdp = OFFERS[index].sdp
    answer_or_refuse(sdp[: data.draw(st.integers(0, len(sdp)))], index)


def test_the_costliest_offer_takes_no_more_than_a_moment() -> None:
    # As many lines and attributes as are read, each as long as the parser has to look for.
    ssrcs = [f"a=ssrc:{number} x:" for number in range(1, MAX_ATTRIBUTES - 12)]
    codecs = [f"a=rtpmap:{n % 60} VP8/90000" for n in range(MAX_ATTRIBUTES // 2 - 8)]
    codecs += [f"a=rtcp-fb:{n % 60} nack" for n in range(MAX_ATTRIBUTES // 2 - 8)]
    for attributes in (ssrcs, codecs):
        count = min(
            LIMITS.lines, MAX_OFFER // sum(map(len, [*attributes, "xx" * len(attributes)])) - 1
        )
        sections = [Section(str(n), more=attributes) for n in range(count)]
        begun = time.process_time()
        answer_or_refuse(Description(sections).sdp())
        assert time.process_time() - begun < MOMENT
