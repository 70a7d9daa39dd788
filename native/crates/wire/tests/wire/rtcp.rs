//! RTCP packets, both ways.

use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::rtcp::{
    Packet, ReportBlock, SenderInfo, fir, goodbye, nack, packets, pli, receiver_report,
    sender_report, source_description,
};
use trio_sfu_wire::rtp::Ssrc;

const ME: Ssrc = Ssrc(0x0102_0304);
const YOU: Ssrc = Ssrc(0xfffe_fdfc);

fn parse(bytes: &[u8]) -> Vec<Packet<'_>> {
    packets(bytes).map(|packet| packet.expect("well-formed")).collect()
}

fn errors(bytes: &[u8]) -> Vec<ParseError> {
    packets(bytes).filter_map(Result::err).collect()
}

fn block(ssrc: u32) -> ReportBlock {
    ReportBlock {
        ssrc: Ssrc(ssrc),
        fraction_lost: 255,
        cumulative_lost: -2,
        highest_sequence: 0x0001_ffff,
        jitter: 77,
        last_sr: 0x1234_5678,
        delay_since_last_sr: 65_536,
    }
}

/// One of each packet that is written here.
pub(crate) fn compound() -> Vec<u8> {
    let mut out = Vec::new();
    let info = SenderInfo { ntp: u64::MAX - 1, rtp_timestamp: 90_000, packets: 3, bytes: 4 };
    sender_report(&mut out, ME, &info, &[block(1), block(2)]);
    receiver_report(&mut out, ME, &[block(3)]);
    source_description(&mut out, ME, "cname-of-a-slot");
    nack(&mut out, ME, YOU, &[10, 11, 26, 500]);
    pli(&mut out, ME, YOU);
    fir(&mut out, ME, YOU, 200);
    goodbye(&mut out, &[ME, YOU]);
    out
}

#[test]
fn a_compound_of_everything_comes_back() {
    let bytes = compound();
    let parsed = parse(&bytes);
    let [
        Packet::SenderReport { ssrc, info, reports },
        Packet::ReceiverReport { reports: received, .. },
        Packet::SourceDescription(chunks),
        Packet::Nack { sender, media, sequences },
        Packet::Pli { media: lost, .. },
        Packet::Fir { entries, .. },
        Packet::Goodbye { ssrcs },
    ] = &parsed[..]
    else {
        panic!("{parsed:?}")
    };
    assert_eq!((*ssrc, info.ntp, info.rtp_timestamp), (ME, u64::MAX - 1, 90_000));
    assert_eq!((info.packets, info.bytes), (3, 4));
    assert_eq!(reports.clone().collect::<Vec<_>>(), [block(1), block(2)]);
    assert_eq!(received.clone().collect::<Vec<_>>(), [block(3)]);
    assert_eq!(chunks.clone().collect::<Vec<_>>(), [(ME, Some(&b"cname-of-a-slot"[..]))]);
    assert_eq!((*sender, *media, *lost), (ME, YOU, YOU));
    assert_eq!(sequences.clone().collect::<Vec<_>>(), [10, 11, 26, 500]);
    assert_eq!(entries.clone().collect::<Vec<_>>(), [(YOU, 200)]);
    assert_eq!(ssrcs.clone().collect::<Vec<_>>(), [ME, YOU]);
}

#[test]
fn cumulative_loss_is_clamped_to_24_bits_with_sign() {
    for (lost, expected) in
        [(i32::MAX, 0x7f_ffff), (i32::MIN, -0x80_0000), (-1, -1), (0x7f_ffff, 0x7f_ffff)]
    {
        let mut out = Vec::new();
        receiver_report(&mut out, ME, &[ReportBlock { cumulative_lost: lost, ..block(1) }]);
        let [Packet::ReceiverReport { reports, .. }] = &parse(&out)[..] else { panic!() };
        assert_eq!(reports.clone().next().map(|block| block.cumulative_lost), Some(expected));
    }
}

#[test]
fn more_than_31_blocks_go_into_more_packets() {
    let blocks: Vec<_> = (0..70).map(block).collect();
    let mut out = Vec::new();
    sender_report(&mut out, ME, &SenderInfo::default(), &blocks);
    let mut seen = Vec::new();
    for packet in parse(&out) {
        match packet {
            Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } => {
                seen.extend(reports);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, blocks);
}

#[test]
fn an_empty_receiver_report_is_eight_bytes() {
    let mut out = Vec::new();
    receiver_report(&mut out, ME, &[]);
    assert_eq!(out, [0x80, 201, 0, 1, 1, 2, 3, 4]);
}

#[test]
fn every_length_of_cname_keeps_the_packet_whole() {
    for len in 0..=300 {
        let cname = "c".repeat(len);
        let mut out = Vec::new();
        source_description(&mut out, ME, &cname);
        let [Packet::SourceDescription(chunks)] = &parse(&out)[..] else { panic!() };
        let expected = &cname.as_bytes()[..len.min(255)];
        assert_eq!(chunks.clone().collect::<Vec<_>>(), [(ME, Some(expected))]);
        pli(&mut out, ME, YOU);
        assert_eq!(parse(&out).len(), 2);
    }
}

#[test]
fn source_descriptions_of_others_may_have_more_items_and_chunks() {
    let bytes = [
        0x82, 202, 0, 6, // two chunks
        0, 0, 0, 1, 2, 1, b'n', 1, 2, b'c', b'1', 0, // NAME, CNAME, end
        0, 0, 0, 2, 2, 1, b'n', 0, // no CNAME
        0, 0, 0, 0,
    ];
    let [Packet::SourceDescription(chunks)] = &parse(&bytes)[..] else { panic!() };
    assert_eq!(chunks.clone().collect::<Vec<_>>(), [(Ssrc(1), Some(&b"c1"[..])), (Ssrc(2), None)]);
}

#[test]
fn a_chunk_begins_at_a_word_whatever_the_length_of_the_one_before() {
    for len in 0..=9 {
        let cname = "c".repeat(len);
        let mut out = Vec::new();
        source_description(&mut out, ME, &cname);
        let first = out.len();
        source_description(&mut out, YOU, &cname);
        // Make one packet with two chunks of two packets with one.
        out.drain(first..first + 4);
        out[0] = 0x82;
        out[3] = (out.len() / 4 - 1) as u8;
        let [Packet::SourceDescription(chunks)] = &parse(&out)[..] else { panic!() };
        let sources: Vec<_> = chunks.clone().map(|(ssrc, _)| ssrc).collect();
        assert_eq!(sources, [ME, YOU], "{len} bytes");
    }
}

#[test]
fn remb_of_libwebrtc() {
    // 2.5 Mbit/s as 156250 << 4.
    let mut bytes = vec![0x8f, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0];
    bytes.extend_from_slice(b"REMB");
    bytes.extend_from_slice(&[2, 4 << 2 | 2, 0x62, 0x5a, 0, 0, 0, 5, 0, 0, 0, 6]);
    let [Packet::Remb { sender, bitrate, ssrcs }] = &parse(&bytes)[..] else { panic!() };
    assert_eq!((*sender, *bitrate), (Ssrc(1), 156_250 << 4));
    assert_eq!(ssrcs.clone().collect::<Vec<_>>(), [Ssrc(5), Ssrc(6)]);
    // The largest exponent does not overflow.
    bytes[17] = 0xff;
    let [Packet::Remb { bitrate, .. }] = &parse(&bytes)[..] else { panic!() };
    assert_eq!(*bitrate, u64::MAX);
    // Other application feedback.
    bytes[12] = b'X';
    assert!(matches!(parse(&bytes)[..], [Packet::Other { packet_type: 206, fmt: 15 }]));
}

#[test]
fn reduced_size_and_unknown_packets_are_read() {
    let mut bytes = vec![0x85, 207, 0, 1, 0, 0, 0, 9];
    pli(&mut bytes, ME, YOU);
    assert!(matches!(
        parse(&bytes)[..],
        [Packet::Other { packet_type: 207, fmt: 5 }, Packet::Pli { .. }]
    ));
}

#[test]
fn padding_is_taken_off() {
    // A NACK whose second "item" is padding.
    let bytes = [0xa1, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 0, 0, 0, 0, 4];
    let [Packet::Nack { sequences, .. }] = &parse(&bytes)[..] else { panic!() };
    assert_eq!(sequences.clone().collect::<Vec<_>>(), [7]);
    for padding in [0, 17, 255] {
        let mut bad = bytes;
        bad[19] = padding;
        assert_eq!(errors(&bad), [ParseError::BadPadding]);
    }
}

#[test]
fn counts_that_lie_yield_what_is_there() {
    let mut out = Vec::new();
    receiver_report(&mut out, ME, &[block(1)]);
    out[0] |= 0x1f;
    let [Packet::ReceiverReport { reports, .. }] = &parse(&out)[..] else { panic!() };
    assert_eq!(reports.clone().count(), 1);
    let [Packet::Goodbye { ssrcs }] = &parse(&[0x9f, 203, 0, 0])[..] else { panic!() };
    assert_eq!(ssrcs.clone().count(), 0);
}

#[test]
fn an_error_ends_the_datagram() {
    let mut out = Vec::new();
    pli(&mut out, ME, YOU);
    out.extend_from_slice(&[0x80, 201, 0xff, 0xff]);
    pli(&mut out, ME, YOU);
    let results: Vec<_> = packets(&out).collect();
    assert!(matches!(results[..], [Ok(Packet::Pli { .. }), Err(ParseError::BadLength)]));
    assert_eq!(errors(&[0x40, 200, 0, 0]), [ParseError::BadVersion]);
    assert_eq!(errors(&[0x80]), [ParseError::TooShort]);
    assert_eq!(errors(&[0x80, 200, 0, 0]), [ParseError::TooShort]);
    assert_eq!(errors(&[0x81, 206, 0, 1, 0, 0, 0, 1]), [ParseError::TooShort]);
}

#[test]
fn a_nack_that_is_too_long_says_how_far_it_came() {
    let far_apart: Vec<u16> = (0..300).map(|n| n * 100).collect();
    let mut out = Vec::new();
    assert_eq!(nack(&mut out, ME, YOU, &far_apart), 256);
    assert_eq!(nack(&mut out, ME, YOU, &far_apart[256..]), 44);
    let asked: Vec<u16> = parse(&out)
        .into_iter()
        .flat_map(|packet| match packet {
            Packet::Nack { sequences, .. } => sequences,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, far_apart);
    assert_eq!(nack(&mut Vec::new(), ME, YOU, &[]), 0);
}

#[test]
fn seventeen_numbers_in_a_row_take_one_item_even_over_a_wrap() {
    let lost: Vec<u16> = (0..17).map(|n| 65_530u16.wrapping_add(n)).collect();
    let mut out = Vec::new();
    nack(&mut out, ME, YOU, &lost);
    assert_eq!(out.len(), 16);
    let [Packet::Nack { sequences, .. }] = &parse(&out)[..] else { panic!() };
    assert_eq!(sequences.clone().collect::<Vec<_>>(), lost);
}

proptest! {
    #[test]
    fn exactly_what_is_lost_is_asked_for(
        start: u16,
        steps in prop::collection::vec(1u16..40, 0..100),
    ) {
        let mut next = start;
        let lost: Vec<u16> = steps
            .into_iter()
            .map(|step| {
                next = next.wrapping_add(step);
                next
            })
            .collect();
        let mut out = Vec::new();
        prop_assert_eq!(nack(&mut out, ME, YOU, &lost), lost.len());
        for packet in parse(&out) {
            let Packet::Nack { sequences, .. } = packet else { panic!() };
            prop_assert_eq!(sequences.collect::<Vec<_>>(), lost.clone());
        }
    }

    #[test]
    fn any_report_comes_back(
        ssrc: u32, ntp: u64, rtp_timestamp: u32, packets: u32, bytes: u32,
        fraction_lost: u8, cumulative_lost in -0x80_0000i32..0x80_0000,
        highest_sequence: u32, jitter: u32, last_sr: u32, delay_since_last_sr: u32,
    ) {
        let info = SenderInfo { ntp, rtp_timestamp, packets, bytes };
        let block = ReportBlock {
            ssrc: Ssrc(ssrc), fraction_lost, cumulative_lost,
            highest_sequence, jitter, last_sr, delay_since_last_sr,
        };
        let mut out = Vec::new();
        sender_report(&mut out, ME, &info, &[block]);
        let [Packet::SenderReport { info: read, reports, .. }] = &parse(&out)[..] else { panic!() };
        prop_assert_eq!(*read, info);
        prop_assert_eq!(reports.clone().collect::<Vec<_>>(), [block]);
    }
}
