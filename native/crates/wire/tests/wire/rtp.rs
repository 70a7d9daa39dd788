//! RTP headers and header extensions, both ways.

use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::rtp::extension::{AudioLevel, abs_send_time, transport_cc};
use trio_sfu_wire::rtp::{ExtensionKind, ExtensionWriter, Header, PayloadType, Ssrc, write_header};

/// Marker, payload type 96, two CSRCs, a one-byte extension block of two words, 4 bytes of
/// payload and 3 of padding.
pub(crate) const PACKET: &[u8] = &[
    0xb2,
    0x80 | 96,
    0x12,
    0x34,
    0,
    0,
    0x10,
    0,
    0xde,
    0xad,
    0xbe,
    0xef, // fixed
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    2, // CSRCs
    0xbe,
    0xde,
    0,
    2,
    0x10,
    0xff,
    0,
    0x32,
    1,
    2,
    3,
    0, // extension
    9,
    8,
    7,
    6,
    0,
    0,
    3, // payload, padding
];

fn elements(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let header = Header::parse(packet).expect("a header");
    header.extensions(packet).map(|(id, value)| (id, value.to_vec())).collect()
}

/// A packet with this extension block and no payload.
fn with_block(profile: u16, block: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    packet.extend_from_slice(&profile.to_be_bytes());
    packet.extend_from_slice(&((block.len() / 4) as u16).to_be_bytes());
    packet.extend_from_slice(block);
    packet
}

#[test]
fn every_field_of_a_header_is_read() {
    let header = Header::parse(PACKET).expect("a header");
    assert!(header.marker && header.padding);
    assert_eq!(header.payload_type, PayloadType(96));
    assert_eq!(header.sequence, 0x1234);
    assert_eq!(header.timestamp, 0x1000);
    assert_eq!(header.ssrc, Ssrc(0xdead_beef));
    assert_eq!(header.len, 32);
    assert_eq!(header.payload_end(PACKET), Ok(36));
    assert_eq!(elements(PACKET), [(1, vec![0xff]), (3, vec![1, 2, 3])]);
}

#[test]
fn lengths_that_lie_are_refused() {
    for len in 0..32 {
        assert!(Header::parse(&PACKET[..len]).is_err(), "{len} bytes");
    }
    let mut packet = PACKET.to_vec();
    packet[0] = 0x72;
    assert_eq!(Header::parse(&packet), Err(ParseError::BadVersion));
    packet = PACKET.to_vec();
    packet[22] = 0xff;
    assert_eq!(Header::parse(&packet), Err(ParseError::BadLength));
}

#[test]
fn padding_cannot_reach_into_the_header_or_be_empty() {
    let header = Header::parse(PACKET).expect("a header");
    let end = |padding| {
        let mut packet = PACKET.to_vec();
        packet[38] = padding;
        header.payload_end(&packet)
    };
    assert_eq!(end(7), Ok(32));
    assert_eq!(end(8), Err(ParseError::BadPadding));
    assert_eq!(end(0), Err(ParseError::BadPadding));
    assert_eq!(header.payload_end(&PACKET[..32]), Err(ParseError::BadPadding));
    assert_eq!(header.payload_end(&PACKET[..31]), Err(ParseError::TooShort));
}

#[test]
fn ids_0_and_15_of_the_one_byte_form_are_special() {
    // RFC 8285 section 4.2: zero bytes are padding, id 15 ends, id 0 with a length ends.
    assert_eq!(elements(&with_block(0xbede, &[0, 0, 0x10, 1, 0xf0, 2, 0x20, 3])), [(1, vec![1])]);
    assert_eq!(elements(&with_block(0xbede, &[0x10, 1, 0x01, 2, 0x20, 3, 0, 0])), [(1, vec![1])]);
}

#[test]
fn the_two_byte_form_may_carry_application_bits_and_empty_values() {
    let packet = with_block(0x100f, &[0, 1, 0, 15, 2, 7, 8, 0]);
    assert_eq!(elements(&packet), [(1, vec![]), (15, vec![7, 8])]);
}

#[test]
fn an_element_longer_than_its_block_ends_it() {
    assert_eq!(elements(&with_block(0xbede, &[0x10, 1, 0x2f, 2])), [(1, vec![1])]);
    assert_eq!(elements(&with_block(0x1000, &[1, 1, 5, 255])), [(1, vec![5])]);
    assert_eq!(elements(&with_block(0x1000, &[1, 1, 5, 2])), [(1, vec![5])]);
}

#[test]
fn blocks_of_other_profiles_have_no_elements() {
    assert_eq!(elements(&with_block(0x1234, &[0x10, 1, 0, 0])), []);
}

#[test]
fn without_elements_there_is_no_extension() {
    let mut packet = Vec::new();
    let len =
        write_header(&mut packet, true, PayloadType(111), 1, 2, Ssrc(3), &ExtensionWriter::new());
    assert_eq!((len, packet.len()), (12, 12));
    assert_eq!(Header::parse(&packet).map(|header| header.extension), Ok(None));
}

#[test]
fn a_block_of_small_elements_is_in_the_one_byte_form() {
    let mut writer = ExtensionWriter::new();
    writer.push(14, &[0; 16]).expect("room");
    writer.push(1, &[7]).expect("room");
    let mut block = Vec::new();
    assert_eq!(writer.write(&mut block), 24);
    assert_eq!(block[..5], [0xbe, 0xde, 0, 5, 0xef]);
    assert_eq!(block[21..], [0x10, 7, 0]);
}

#[test]
fn one_large_element_turns_the_block_into_the_two_byte_form() {
    for (id, value) in [(15, &[1][..]), (1, &[1; 17][..]), (1, &[][..])] {
        let mut writer = ExtensionWriter::new();
        writer.push(2, &[9, 9]).expect("room");
        writer.push(id, value).expect("room");
        writer.push(3, &[8]).expect("room");
        let mut packet = Vec::new();
        write_header(&mut packet, false, PayloadType(0), 0, 0, Ssrc(0), &writer);
        assert_eq!(packet[12..14], [0x10, 0x00]);
        assert_eq!(elements(&packet), [(2, vec![9, 9]), (id, value.to_vec()), (3, vec![8])]);
    }
}

#[test]
fn a_full_writer_refuses_and_keeps_what_it_has() {
    let mut writer = ExtensionWriter::new();
    assert_eq!(writer.push(0, &[1]), Err(ParseError::BadIdentifier));
    assert_eq!(writer.push(1, &[0; 256]), Err(ParseError::BadLength));
    for _ in 0..126 {
        writer.push(1, &[1]).expect("room");
    }
    assert_eq!(writer.push(1, &[1]), Err(ParseError::BadLength));
    assert_eq!(writer.push(20, &[1]), Err(ParseError::BadLength), "no room to widen");
    let mut block = Vec::new();
    assert_eq!(writer.write(&mut block), 256);
    writer.clear();
    assert!(writer.is_empty());
    writer.push(5, &[1]).expect("room again");
}

#[test]
fn kinds_are_known_by_uri_and_by_name() {
    for &kind in ExtensionKind::ALL {
        assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
        assert_eq!(ExtensionKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(ExtensionKind::from_uri("urn:ietf:params:rtp-hdrext:toffset"), None);
    assert_eq!(ExtensionKind::parse("repaired-rid"), Some(ExtensionKind::RepairedRid));
}

#[test]
fn values_of_extensions() {
    assert_eq!(AudioLevel::parse(&[0x80 | 30]), Ok(AudioLevel { voice: true, level: 30 }));
    assert_eq!(AudioLevel::parse(&[]), Err(ParseError::TooShort));
    assert_eq!(transport_cc(&[1, 2]), Ok(0x102));
    assert_eq!(transport_cc(&[1]), Err(ParseError::TooShort));
    // 6.18 fixed point: 1.5 s, and the same one wrap (64 s) later.
    assert_eq!(abs_send_time(1_500_000_000), [0x06, 0, 0]);
    assert_eq!(abs_send_time(65_500_000_000), [0x06, 0, 0]);
    assert_eq!(abs_send_time(63_999_999_999), [0xff, 0xff, 0xff]);
    let _ = abs_send_time(u64::MAX);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        marker: bool,
        payload_type in 0u8..128,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        pushed in prop::collection::vec((1u8.., prop::collection::vec(any::<u8>(), 0..40)), 0..12),
        payload in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut writer = ExtensionWriter::new();
        let kept: Vec<_> =
            pushed.into_iter().filter(|(id, value)| writer.push(*id, value).is_ok()).collect();
        let mut packet = Vec::new();
        let payload_type = PayloadType(payload_type);
        let len = write_header(
            &mut packet, marker, payload_type, sequence, timestamp, Ssrc(ssrc), &writer,
        );
        prop_assert_eq!(len, packet.len());
        packet.extend_from_slice(&payload);
        let header = Header::parse(&packet).expect("our own header");
        prop_assert_eq!(header.len, len);
        prop_assert_eq!(header.payload_end(&packet), Ok(packet.len()));
        prop_assert_eq!(
            (header.marker, header.payload_type, header.sequence, header.timestamp, header.ssrc),
            (marker, payload_type, sequence, timestamp, Ssrc(ssrc))
        );
        prop_assert_eq!(elements(&packet), kept);
    }
}
