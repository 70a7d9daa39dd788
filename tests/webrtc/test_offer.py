"""An offer is parsed once; what cannot be accepted has its own code."""

import pytest

from tests.webrtc.offering import FINGERPRINT, OPUS, Description, Section, browser
from trio_sfu.errors import NegotiationError
from trio_sfu.webrtc.capabilities import KEPT_CHARACTERS, _read_capabilities
from trio_sfu.webrtc.offer import LIMITS, MAX_ATTRIBUTES, MAX_OFFER, parse_offer


def code_of(sdp: str) -> str:
    with pytest.raises(NegotiationError) as refused:
        parse_offer(sdp)
    return refused.value.code


def test_a_browser_s_simulcast_line_has_its_rids_in_their_order() -> None:
    for name in ("chromium", "firefox"):
        camera = parse_offer(browser(name).sdp).lines[1]
        assert camera.rids == ("q", "h", "f")
        assert camera.kind == "video"
        assert camera.direction == "sendonly"


def test_firefox_leaves_the_port_of_bundled_lines_at_zero_and_they_are_not_stopped() -> None:
    lines = parse_offer(browser("firefox").sdp).lines
    assert not any(line.stopped for line in lines)


def test_ssrcs_come_with_those_of_their_retransmissions() -> None:
    section = Section(
        "0", more=["a=ssrc-group:FID 11 12", "a=ssrc:11 cname:x", "a=ssrc:12 cname:x"]
    )
    offer = parse_offer(Description([section]).sdp())
    assert offer.lines[0].ssrcs == ((11, 12),)


def test_codecs_are_in_the_server_s_order_with_their_own_retransmissions() -> None:
    offer = parse_offer(browser("chromium-156-all").sdp)
    camera = offer.lines[1]
    assert [each.codec for each in camera.formats] == ["vp8", "vp9", "h264", "av1"]
    for each in camera.formats:
        assert each.rtx == each.payload_type + 1
    assert [each.codec for each in offer.lines[0].formats] == ["opus", "red"]


def test_of_h264_the_constrained_baseline_profile_in_packetization_mode_1_is_taken() -> None:
    h264 = next(
        each
        for each in parse_offer(browser("chromium-156-all").sdp).lines[1].formats
        if each.codec == "h264"
    )
    assert "packetization-mode=1" in h264.parameters
    assert "profile-level-id=42e01f" in h264.parameters


def test_an_extension_that_nobody_knows_may_have_attributes() -> None:
    more = [
        "a=extmap:9 urn:example:unknown some attributes",
        "a=extmap:8 urn:3gpp:video-orientation on",
    ]
    line = parse_offer(Description([Section("0", more=more)]).sdp()).lines[0]
    assert [each.name for each in line.extensions] == ["video-orientation"]


def test_what_the_parser_does_not_know_is_no_reason_to_refuse() -> None:
    more = ["a=candidate:nonsense", "a=ssrc-group-of-the-future:1", "b=AS:30", "a=sctp-port:none"]
    assert parse_offer(Description([Section("0", more=more)]).sdp()).lines


def test_a_data_channel_is_a_line_of_no_kind() -> None:
    assert parse_offer(browser("firefox").sdp).lines[-1].kind is None


@pytest.mark.parametrize(
    ("description", "code"),
    [
        (Description(fingerprints=()), "no-fingerprint"),
        (Description(fingerprints=["sha-1 AB:CD"]), "unsupported-fingerprint"),
        (Description(bundle="LS 0 1"), "no-bundle"),
        (Description(bundle="BUNDLE 0"), "no-bundle"),
        (Description(setup="holdconn"), "offer-invalid"),
        (Description(ice=()), "offer-invalid"),
        (Description([]), "offer-invalid"),
        (Description([Section("0"), Section("0")]), "offer-invalid"),
        (Description([Section("a mid")]), "offer-invalid"),
        (Description([Section("x" * 17)]), "offer-invalid"),
        (Description([Section("0", port=0)]), "offer-invalid"),
        (Description([Section("0", payload_types="seven")]), "offer-invalid"),
        (Description([Section("0", more=["a=ssrc:4294967296 cname:x"])]), "offer-invalid"),
        # Of a format that the line has not, wherever the line is.
        (Description([Section("0", more=["a=fmtp:127 x=1"]), Section("1")]), "offer-invalid"),
        (Description([Section("0"), Section("1", more=["a=fmtp:127 x=1"])]), "offer-invalid"),
        (Description([Section(str(n)) for n in range(LIMITS.lines + 1)]), "too-many-lines"),
        (Description([Section("0", more=["a=x"] * MAX_ATTRIBUTES)]), "too-many-lines"),
        (Description(more=["a=x"] * (MAX_ATTRIBUTES + 1)), "too-many-lines"),
        (Description(more=["a=" + "x" * MAX_OFFER]), "offer-too-large"),
    ],
)
def test_what_cannot_be_accepted_has_a_code(description: Description, code: str) -> None:
    assert code_of(description.sdp()) == code


def test_a_line_without_rtcp_mux_is_refused() -> None:
    assert code_of(Description([Section("0")]).sdp().replace("a=rtcp-mux\r\n", "")) == (
        "offer-invalid"
    )


def test_rtcp_mux_only_is_enough() -> None:
    both = Description([Section("0", more=["a=rtcp-mux-only"])]).sdp()
    assert parse_offer(both).lines
    assert parse_offer(both.replace("a=rtcp-mux\r\n", "")).lines


def test_more_rids_than_are_accepted_are_refused() -> None:
    rids = [f"a=rid:{n} send" for n in range(5)]
    section = Section("0", more=[*rids, "a=simulcast:send 0;1;2;3;4"])
    assert code_of(Description([section]).sdp()) == "offer-invalid"


def test_a_fingerprint_may_stand_in_the_line_and_in_lower_case() -> None:
    section = Section(
        "0", "audio", codecs=OPUS, more=[f"a=fingerprint:SHA-256 {FINGERPRINT.lower()}"]
    )
    offer = parse_offer(Description([section], fingerprints=()).sdp())
    assert [(each.algorithm, each.value) for each in offer.dtls.fingerprints] == [
        ("sha-256", FINGERPRINT)
    ]


@pytest.mark.parametrize(
    ("profile", "taken"),
    [
        ("42e01f", True),
        ("42c01f", True),  # x264 calls its constrained baseline so
        ("4d801f", True),  # all of these are that profile: RFC 6184, table 5
        ("58c01f", True),
        ("42000d", True),  # FFmpeg says nothing of the constraints
        ("4d001f", False),
        ("64001f", False),
        ("", False),
        ("rubbish", False),
    ],
)
def test_which_names_of_an_h264_profile_are_taken(profile: str, taken: bool) -> None:  # noqa: FBT001
    codec = (
        "a=rtpmap:96 H264/90000",
        f"a=fmtp:96 packetization-mode=1;profile-level-id={profile}",
    )
    (line,) = parse_offer(Description([Section("0", codecs=codec)]).sdp()).lines
    assert [each.codec for each in line.formats] == (["h264"] if taken else [])


def test_constrained_baseline_goes_before_baseline() -> None:
    codecs = tuple(
        text
        for number, profile in ((96, "42001f"), (97, "42e01f"))
        for text in (
            f"a=rtpmap:{number} H264/90000",
            f"a=fmtp:{number} packetization-mode=1;profile-level-id={profile}",
        )
    )
    (line,) = parse_offer(Description([Section("0", codecs=codecs)]).sdp()).lines
    assert [each.payload_type for each in line.formats] == [97]


def test_what_lines_have_in_common_is_read_once_and_never_taken_for_another_s() -> None:
    first = Description([Section("0", "audio"), Section("1", "audio")]).sdp()
    other = first.replace("111", "109")
    before = _read_capabilities.cache_info()
    assert parse_offer(first).lines[0].formats == parse_offer(first).lines[1].formats
    for sdp, number in ((first, 111), (other, 109), (first, 111)):
        assert {line.formats[0].payload_type for line in parse_offer(sdp).lines} == {number}
    after = _read_capabilities.cache_info()
    assert after.misses <= before.misses + 2
    assert after.hits >= before.hits + 2


def test_what_is_very_long_is_read_and_not_kept() -> None:
    more = [f"a=fmtp:111 x={'y' * KEPT_CHARACTERS}"]
    before = _read_capabilities.cache_info().currsize
    parse_offer(Description([Section("0", "audio", more=more)]).sdp())
    assert _read_capabilities.cache_info().currsize == before
