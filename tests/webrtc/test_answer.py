"""The answer's text, read back by a parser nobody here wrote."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from aiortc.sdp import MediaDescription, SessionDescription

from tests.webrtc.offering import (
    CAMERA,
    FINGERPRINT,
    MICROPHONE,
    RECORDED,
    Description,
    Section,
    browser,
    recorded,
    slot,
)
from trio_sfu.signaling.carried import Rights, SendingLine, SlotLine
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.answer import LocalDescription, write_answer
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import parse_offer

LOCAL = LocalDescription(
    5, "ufrag", "p" * 24, FINGERPRINT, [("192.0.2.1", 7882), ("2001:db8::1", 7882)]
)


def answer(offer: Offer) -> str:
    parsed = parse_offer(offer.sdp)
    agreement = Negotiation().agree(parsed, offer.sending, offer.slots)
    return write_answer(parsed, agreement, LOCAL, 1)


def sections(text: str) -> list[MediaDescription]:
    return SessionDescription.parse(text).media


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_it_answers_every_line_in_order(path: Path) -> None:
    offer = recorded(path)
    media = sections(answer(offer))
    offered = sections(offer.sdp)
    assert [each.rtp.muxId for each in media] == [each.rtp.muxId for each in offered]
    assert [each.kind for each in media] == [each.kind for each in offered]
    directions = ["recvonly"] * len(offer.sending) + ["sendonly"] * len(offer.slots)
    assert [each.direction for each in media[: len(directions)]] == directions


def test_tcp_is_announced_below_udp_and_above_relays() -> None:
    offer = recorded(RECORDED[0])
    parsed = parse_offer(offer.sdp)
    agreement = Negotiation().agree(parsed, offer.sending, offer.slots)
    local = replace(LOCAL, tcp_candidates=[("192.0.2.1", 443), ("2001:db8::1", 443)])
    media = sections(write_answer(parsed, agreement, local, 1))[0]
    udp, tcp = media.ice_candidates[:2], media.ice_candidates[2:]
    assert [(each.protocol, each.port, each.tcpType) for each in tcp] == [
        ("tcp", 443, "passive"),
        ("tcp", 443, "passive"),
    ]
    assert [each.ip for each in tcp] == [each.ip for each in udp]
    priorities = [each.priority for each in (*udp, *tcp)]
    assert priorities == sorted(priorities, reverse=True)
    assert len({each.foundation for each in (*udp, *tcp)}) == 4
    # RFC 6544, section 4.2; the type preference of a relayed candidate is at most 2.
    assert [priority >> 24 for priority in priorities] == [41, 41, 40, 40]
    assert tcp[0].priority >> 21 & 7 == 4


def test_what_a_restart_brings_is_above_all_that_was_there() -> None:
    offer = recorded(RECORDED[0])
    parsed = parse_offer(offer.sdp)
    agreement = Negotiation().agree(parsed, offer.sending, offer.slots)

    def priorities(restarts: int) -> list[int]:
        local = replace(LOCAL, tcp_candidates=[("192.0.2.1", 443)], restarts=restarts)
        media = sections(write_answer(parsed, agreement, local, 1))[0]
        return [each.priority for each in media.ice_candidates]

    generations = [priorities(restarts) for restarts in range(40)]
    assert all(min(now) > max(before) for before, now in pairwise(generations))
    # RFC 8445, section 5.1.2.1: 126 is the highest, however often it is restarted.
    assert {priority >> 24 for priority in priorities(1000)} == {126, 125}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_it_is_ice_lite_passive_bundled_and_has_all_candidates(path: Path) -> None:
    offer = recorded(path)
    text = answer(offer)
    used = [*(line.mid for line in offer.sending), *(line.mid for line in offer.slots)]
    assert f"a=group:BUNDLE {' '.join(used)}\r\n" in text
    for media in sections(text)[: len(used)]:
        assert media.ice is not None
        assert media.dtls is not None
        assert media.ice.iceLite
        assert (media.ice.usernameFragment, media.ice.password) == ("ufrag", "p" * 24)
        assert media.dtls.role == "server"
        assert [each.value for each in media.dtls.fingerprints] == [FINGERPRINT]
        assert [(each.ip, each.port) for each in media.ice_candidates] == list(LOCAL.candidates)
        assert media.ice_candidates_complete
        assert media.rtcp_mux


def test_simulcast_is_received_with_the_rids_offered() -> None:
    text = answer(browser("chromium-156-page"))
    assert "a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n" in text


def test_what_the_client_does_not_send_for_now_stays_paused() -> None:
    # RFC 8853, section 6.3.4: browsers begin to send what the answer does not call paused.
    rids = [f"a=rid:{rid} send" for rid in "fh"]
    description = Description([Section("0", more=[*rids, "a=simulcast:send f;~h"])])
    text = answer(Offer(id=1, sdp=description.sdp(), sending=[CAMERA]))
    assert "a=rid:f recv\r\na=rid:h recv\r\na=simulcast:recv f;~h\r\n" in text


def test_a_slot_names_its_stream_its_ssrcs_and_their_cname() -> None:
    description = Description([Section("0", "video", "recvonly")])
    text = answer(Offer(id=1, sdp=description.sdp(), slots=[slot("0", pair=7)]))
    (media,) = sections(text)
    assert media.msid == "slot-7 0"
    (group,) = media.ssrc_group
    assert [each.ssrc for each in media.ssrc] == group.items
    assert len({each.cname for each in media.ssrc}) == 1


def test_of_header_extensions_it_takes_what_the_line_needs_the_way_it_was_offered() -> None:
    more = [
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:9/sendonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "a=extmap:5/recvonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:13 urn:3gpp:video-orientation",
        "a=extmap:6 urn:example:unknown",
    ]
    sdp = Description([Section("0", more=more)]).sdp()
    text = answer(Offer(id=1, sdp=sdp, sending=[CAMERA]))
    assert [line for line in text.splitlines() if line.startswith("a=extmap:")] == [
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    ]


def test_feedback_is_what_the_engine_does_and_never_remb() -> None:
    text = answer(browser("firefox"))
    assert "a=rtcp-fb:120 nack\r\n" in text
    assert "a=rtcp-fb:120 nack pli\r\n" in text
    assert "a=rtcp-fb:120 ccm fir\r\n" in text
    assert "a=rtcp-fb:120 transport-cc\r\n" in text
    assert "goog-remb" not in text


OPUS_AND_RED = [
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
]


def audio(*uses: SendingLine | SlotLine, codecs: list[str] = OPUS_AND_RED) -> list[list[str]]:
    """Return the m-line and the parameters that each of the lines is answered with."""
    sections = [
        Section(
            str(number),
            "audio",
            "sendonly" if isinstance(use, SendingLine) else "recvonly",
            payload_types="111 63",
            codecs=codecs,
        )
        for number, use in enumerate(uses)
    ]
    sending = [use for use in uses if isinstance(use, SendingLine)]
    slots = [use for use in uses if isinstance(use, SlotLine)]
    offer = Offer(id=1, sdp=Description(sections).sdp(), sending=sending, slots=slots)
    lines = answer(offer).split("m=audio ")[1:]
    return [
        [text.splitlines()[0], *(each for each in text.splitlines() if each.startswith("a=fmtp"))]
        for text in lines
    ]


def test_speech_comes_with_redundancy_and_pauses_and_in_mono() -> None:
    ((line, *parameters),) = audio(SendingLine(mid="0", source="microphone"))
    assert line.endswith(" 63 111")
    assert parameters == ["a=fmtp:63 111/111", "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1"]


def test_the_sound_of_a_screen_comes_in_stereo() -> None:
    ((line, *parameters),) = audio(SendingLine(mid="0", source="screen-audio"))
    assert line.endswith(" 111")
    (opus,) = parameters
    assert "stereo=1" in opus
    assert "usedtx" not in opus


def test_a_slot_takes_redundancy_where_the_client_does() -> None:
    ((line, *_parameters),) = audio(slot("0", "audio"))
    assert line.endswith(" 111 63")


@pytest.mark.parametrize("parameters", ["", "a=fmtp:63 96/96", "a=fmtp:63 111/96"])
def test_redundancy_of_anything_but_opus_is_not_taken(parameters: str) -> None:
    codecs = [*OPUS_AND_RED[:3], *([parameters] if parameters else [])]
    ((line, *_parameters),) = audio(slot("0", "audio"), codecs=codecs)
    assert line.endswith(" 111")


def test_opus_is_asked_for_with_forward_error_correction() -> None:
    sdp = Description([Section("0"), Section("1", "audio")]).sdp()
    text = answer(Offer(id=1, sdp=sdp, sending=[MICROPHONE]))
    assert "a=fmtp:111 useinbandfec=1;usedtx=1\r\n" in text


def test_lines_nobody_asked_for_are_refused_alone() -> None:
    offer = browser("firefox")
    rejected = sections(answer(offer))[-1]
    assert rejected.kind == "application"
    assert rejected.port == 0


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_line_for_what_its_client_may_not_is_inactive_and_not_rejected(path: Path) -> None:
    offer = recorded(path)
    parsed = parse_offer(offer.sdp)
    negotiation = Negotiation(rights=Rights(publish=["camera"]))
    agreement = negotiation.agree(parsed, offer.sending, offer.slots)
    text = write_answer(parsed, agreement, LOCAL, 1)
    used = [*(line.mid for line in offer.sending), *(line.mid for line in offer.slots)]
    # All of them stay in the bundle, or a browser would stop the lines, the first among them.
    assert f"a=group:BUNDLE {' '.join(used)}\r\n" in text
    media = sections(text)[: len(used)]
    assert all(each.port for each in media)
    directions = {each.rtp.muxId: each.direction for each in media}
    source = {line.mid: line.source for line in offer.sending}
    assert directions == {
        mid: "recvonly" if source.get(mid) == "camera" else "inactive" for mid in used
    }
    assert agreement.decodes == frozenset()
    assert list(agreement.encodes) == ["camera"]
    negotiation.commit(agreement)
    # The same offer once more changes nothing.
    again = negotiation.agree(parsed, offer.sending, offer.slots)
    assert (again.added, again.removed) == ([], [])
