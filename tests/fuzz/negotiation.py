"""Offer after offer of one session, as far as the answer's text."""

from aiortc.sdp import SessionDescription

from tests.fuzz.offers import read_offer
from tests.fuzz.reading import Input
from trio_sfu.errors import NegotiationError
from trio_sfu.signaling.codes import CODES
from trio_sfu.webrtc.answer import LocalDescription, write_answer
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import parse_offer

LOCAL = LocalDescription(1, "ufrag", "p" * 24, "AB:CD", [("192.0.2.1", 7882)])
MAX_OFFERS = 4


def negotiation(data: bytes) -> None:
    """An offer is answered by an answer that fits it, or refused with a code of the protocol."""
    source = Input(data)
    agreed = Negotiation()
    for number in range(MAX_OFFERS):
        if not source:
            return
        offer = read_offer(source, number)
        try:
            parsed = parse_offer(offer.sdp)
            agreement = agreed.agree(parsed, offer.sending, offer.slots)
            answer = write_answer(parsed, agreement, LOCAL, number)
        except NegotiationError as error:
            check_refusal(error)
            continue
        agreed.commit(agreement)
        understood = SessionDescription.parse(answer)
        assert [media.rtp.muxId for media in understood.media] == [
            line.mid for line in parsed.lines
        ]
        for media, line in zip(understood.media, parsed.lines, strict=True):
            assert (media.port == 0) == (line.mid not in agreement.uses)
        mids = {use.mid for use in agreement.uses.values()}
        assert mids <= {line.mid for line in parsed.lines}


def check_refusal(error: NegotiationError) -> None:
    """Its code is one of the protocol's that end no session."""
    assert error.code in CODES, error.code
    assert CODES[error.code].close is None, error.code
