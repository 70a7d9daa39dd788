"""Offer after offer: what a line is for stays what it was."""

import pytest

from tests.webrtc.offering import CAMERA, MICROPHONE, RECORDED, Description, Section, recorded, slot
from trio_sfu.access.grant import EVERYTHING
from trio_sfu.errors import NegotiationError
from trio_sfu.signaling.carried import Rights, SendingLine, SlotLine
from trio_sfu.webrtc.limits import OfferLimits
from trio_sfu.webrtc.negotiation import Agreement, Negotiation, SendingUse, SlotUse
from trio_sfu.webrtc.offer import parse_offer

SENDING = [CAMERA, MICROPHONE]


def agree(
    negotiation: Negotiation,
    description: Description,
    sending: list[SendingLine] | None = None,
    slots: list[SlotLine] | None = None,
) -> Agreement:
    agreement = negotiation.agree(
        parse_offer(description.sdp()), SENDING if sending is None else sending, slots or []
    )
    negotiation.commit(agreement)
    return agreement


def refusal(
    description: Description,
    sending: list[SendingLine] | None = None,
    slots: list[SlotLine] | None = None,
    negotiation: Negotiation | None = None,
) -> str:
    with pytest.raises(NegotiationError) as refused:
        agree(negotiation or Negotiation(), description, sending, slots)
    return refused.value.code


def test_of_a_browser_s_offer_every_line_is_used_and_the_data_channel_is_not() -> None:
    for path in RECORDED:
        offer = recorded(path)
        agreement = Negotiation().agree(parse_offer(offer.sdp), offer.sending, offer.slots)
        assert list(agreement.uses) == [
            *(line.mid for line in offer.sending),
            *(line.mid for line in offer.slots),
        ]
        assert {name for _id, name in agreement.extensions} >= {"mid", "rid", "transport-cc"}


def test_a_pair_of_slots_is_one_stream_with_one_cname() -> None:
    sections = [
        Section("0", "audio", "recvonly"),
        Section("1", "video", "recvonly"),
        Section("2", "video", "recvonly"),
    ]
    slots = [slot("0", "audio", 3), slot("1", "video", 3), slot("2", "video", 4)]
    uses = agree(Negotiation(), Description(sections), [], slots).uses
    audio, video, other = (uses[mid] for mid in "012")
    assert isinstance(audio, SlotUse)
    assert isinstance(video, SlotUse)
    assert isinstance(other, SlotUse)
    assert audio.msid.split()[0] == video.msid.split()[0] != other.msid.split()[0]
    assert audio.cname == video.cname != other.cname
    assert audio.rtx_ssrc is None
    assert video.rtx_ssrc is not None
    assert len({audio.ssrc, video.ssrc, video.rtx_ssrc, other.ssrc, other.rtx_ssrc}) == 5


def test_a_later_offer_adds_slots_and_keeps_what_was() -> None:
    negotiation = Negotiation()
    sections = [Section("0"), Section("1", "audio"), Section("2", "video", "recvonly")]
    first = agree(negotiation, Description(sections), slots=[slot("2")])
    grown = Description([*sections, Section("3", "video", "recvonly")])
    second = agree(negotiation, grown, slots=[slot("2"), slot("3", pair=1)])
    assert [use.mid for use, _line in second.added] == ["3"]
    assert second.uses["2"] == first.uses["2"]
    assert not second.removed


def test_lines_that_are_not_listed_again_go_on() -> None:
    negotiation = Negotiation()
    agree(negotiation, Description())
    again = agree(negotiation, Description(), sending=[])
    assert list(again.uses) == ["0", "1"]
    assert not again.added


def test_a_line_ends_when_an_offer_stops_it() -> None:
    negotiation = Negotiation()
    agree(negotiation, Description())
    stopped = Description([Section("0"), Section("1", "audio", port=0)], bundle="BUNDLE 0")
    after = agree(negotiation, stopped, [CAMERA])
    assert after.removed == [SendingUse("1", "microphone")]
    assert list(after.uses) == ["0"]


def test_a_refused_offer_changes_nothing() -> None:
    negotiation = Negotiation()
    before = agree(negotiation, Description())
    assert refusal(Description([Section("0")]), [CAMERA], negotiation=negotiation) == "mid-changed"
    assert agree(negotiation, Description()).uses == before.uses


@pytest.mark.parametrize(
    ("description", "code"),
    [
        (Description([Section("0"), Section("7", "audio")]), "unknown-mid"),
        (Description([Section("0", "audio"), Section("1", "audio")]), "offer-mismatch"),
        (Description([Section("0", direction="recvonly"), Section("1", "audio")]), "bad-direction"),
        (
            Description(
                [
                    Section("0", payload_types="100", codecs=["a=rtpmap:100 H265/90000"]),
                    Section("1", "audio"),
                ]
            ),
            "no-common-codec",
        ),
        (
            Description(
                [
                    Section("0"),
                    Section("1", "audio", payload_types="96", codecs=["a=rtpmap:96 opus/48000/2"]),
                ]
            ),
            "offer-invalid",
        ),
        (
            Description(
                [
                    Section(
                        "0",
                        more=[
                            "a=extmap:4 urn:3gpp:video-orientation",
                            "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
                        ],
                    ),
                    Section(
                        "1",
                        "audio",
                        more=["a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level"],
                    ),
                ]
            ),
            "offer-invalid",
        ),
    ],
)
def test_what_does_not_fit_has_a_code(description: Description, code: str) -> None:
    assert refusal(description) == code


def test_a_slot_cannot_send() -> None:
    assert refusal(Description([Section("0")]), [], [slot("0")]) == "bad-direction"


def test_a_line_has_one_use() -> None:
    assert refusal(Description(), [CAMERA, CAMERA]) == "offer-mismatch"


def test_a_source_has_one_line() -> None:
    two = [CAMERA, SendingLine(mid="1", source="camera")]
    assert refusal(Description([Section("0"), Section("1")]), two) == "offer-mismatch"


def test_an_offer_that_names_no_line_is_refused() -> None:
    assert refusal(Description(), []) == "offer-mismatch"


def test_slots_are_bounded() -> None:
    mids = [str(n) for n in range(OfferLimits().slots + 1)]
    sections = [Section(mid, "video", "recvonly") for mid in mids]
    assert refusal(Description(sections), [], [slot(mid) for mid in mids]) == "too-many-slots"


def test_a_slot_keeps_its_pair() -> None:
    negotiation = Negotiation()
    description = Description([Section("0", "video", "recvonly")])
    agree(negotiation, description, [], [slot("0", pair=1)])
    assert refusal(description, [], [slot("0", pair=2)], negotiation) == "mid-changed"


def test_other_ice_credentials_are_a_restart_that_changes_no_line() -> None:
    negotiation = Negotiation()
    first = agree(negotiation, Description())
    assert not first.restarts_ice
    restarted = Description(ice=["a=ice-ufrag:efgh", "a=ice-pwd:0123456789abcdef01234567"])
    again = agree(negotiation, restarted)
    assert again.restarts_ice
    assert again.uses == first.uses
    assert not agree(negotiation, restarted).restarts_ice


def test_the_certificate_stays() -> None:
    negotiation = Negotiation()
    agree(negotiation, Description())
    other = Description(fingerprints=["sha-256 " + ":".join(["CD"] * 32)])
    assert refusal(other, negotiation=negotiation) == "offer-invalid"


def test_other_rights_make_lines_idle_at_once_and_used_with_the_next_offer() -> None:
    negotiation = Negotiation()
    sections = [
        Section("0", "audio", "sendonly"),
        Section("1", "video", "sendonly"),
        Section("2", "video", "recvonly"),
    ]
    sending = [SendingLine(mid="0", source="microphone"), SendingLine(mid="1", source="camera")]
    slots = [slot("2", "video", 0)]
    before = agree(negotiation, Description(sections), sending, slots)
    ended = negotiation.allow(Rights(publish=["microphone"]))
    assert [use.mid for use in ended] == ["1", "2"]
    assert set(negotiation.encodes) == {"microphone"}
    assert negotiation.decodes == frozenset()
    # An offer that comes meanwhile brings nothing back, and nothing is to be closed again.
    again = agree(negotiation, Description(sections), sending, slots)
    assert (again.added, again.removed) == ([], [])
    assert {mid for mid, use in again.uses.items() if use.idle} == {"1", "2"}
    assert negotiation.allow(EVERYTHING) == []
    assert set(negotiation.encodes) == {"microphone"}
    after = agree(negotiation, Description(sections), sending, slots)
    assert [use.mid for use, _line in after.added] == ["1", "2"]
    # The stream goes on under the SSRC and the CNAME that it had.
    assert after.uses == before.uses
    assert set(negotiation.encodes) == {"microphone", "camera"}
