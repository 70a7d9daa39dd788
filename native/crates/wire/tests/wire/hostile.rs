//! Bytes nobody meant well: no parser panics, none works longer than its input is long.

use proptest::prelude::*;
use trio_sfu_wire::codec::{Codec, Detail, describe};
use trio_sfu_wire::demux::classify;
use trio_sfu_wire::rtcp::{Packet, packets};
use trio_sfu_wire::rtp::extension::Extensions;
use trio_sfu_wire::rtp::{Header, Mid, Rid};
use trio_sfu_wire::stun::{BindingRequest, BindingResponse, IntegrityKey};

use crate::{codecs, rtcp, rtp, stun, transport_cc};

/// Give `bytes` to every parser and read everything it yields.
fn feed(bytes: &[u8]) {
    let _ = classify(bytes);
    feed_stun(bytes);
    feed_rtp(bytes);
    feed_rtcp(bytes);
    feed_codecs(bytes);
}

fn feed_stun(bytes: &[u8]) {
    let key = IntegrityKey::new("password");
    if let Ok(request) = BindingRequest::parse(bytes) {
        let _ = (request.local_ufrag(), request.remote_ufrag(), request.verify(&key));
    }
    let _ = BindingResponse::parse(bytes).map(|response| response.verify(&key));
}

fn feed_rtp(bytes: &[u8]) {
    if let Ok(header) = Header::parse(bytes) {
        assert!(header.len <= bytes.len());
        let end = header.payload_end(bytes);
        assert!(end.is_err() || end.is_ok_and(|end| (header.len..=bytes.len()).contains(&end)));
        assert!(header.extensions(bytes).count() <= bytes.len());
        // A header may be asked about another packet by mistake; that must be harmless.
        assert_eq!(header.extensions(&[]).count(), 0);
        assert!(header.payload_end(&[]).is_err());
    }
    for profile in [0xbede, 0x1000, 0x100f] {
        for (_, value) in Extensions::new(profile, bytes) {
            let _ = (Mid::from_bytes(value), Rid::from_bytes(value));
        }
    }
}

fn feed_rtcp(bytes: &[u8]) {
    for packet in packets(bytes).flatten() {
        let entries = match packet {
            Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } => {
                reports.count()
            }
            Packet::SourceDescription(chunks) => chunks.count(),
            Packet::Goodbye { ssrcs } | Packet::Remb { ssrcs, .. } => ssrcs.count(),
            Packet::Nack { sequences, .. } => sequences.count() / 17,
            Packet::Fir { entries, .. } => entries.count(),
            Packet::TransportCc(feedback) => {
                assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
                let received = feedback.statuses().filter(|(_, arrival)| arrival.is_some());
                let arrivals = feedback.arrivals().count();
                assert_eq!(arrivals, received.count());
                arrivals
            }
            Packet::Pli { .. } | Packet::Other { .. } => 0,
        };
        assert!(entries <= bytes.len());
    }
}

fn feed_codecs(bytes: &[u8]) {
    for &codec in Codec::ALL {
        for dependency_descriptor in [None, Some(bytes)] {
            let mut payload = bytes.to_vec();
            match describe(codec, bytes, true, dependency_descriptor).detail {
                Detail::Vp8(descriptor) => {
                    descriptor.rewrite(&mut payload, u16::MAX, 255, Some(255));
                    descriptor.rewrite(&mut payload[..1], u16::MAX, 255, Some(255));
                }
                Detail::Vp9(descriptor) => {
                    assert!(usize::from(descriptor.len) <= bytes.len());
                    descriptor.rewrite(&mut payload, u16::MAX, 255);
                    descriptor.rewrite(&mut payload[..1], u16::MAX, 255);
                }
                Detail::Red(blocks) => {
                    assert!(usize::from(blocks.primary) < bytes.len());
                    blocks.renumber(&mut payload, 255);
                    blocks.renumber(&mut payload[..1], 255);
                }
                Detail::DependencyDescriptor(_) | Detail::None => {}
            }
        }
    }
}

/// Well-formed datagrams and payloads to start from: noise alone gets no parser far.
fn valid() -> Vec<Vec<u8>> {
    let slices = [
        stun::REQUEST,
        stun::RESPONSE_V4,
        rtp::PACKET,
        transport_cc::CAPTURED,
        codecs::VP8,
        codecs::VP9,
        codecs::RED,
    ];
    let mut all: Vec<_> = slices.iter().map(|bytes| bytes.to_vec()).collect();
    all.push(rtcp::compound());
    all
}

#[test]
fn every_truncation_is_harmless() {
    for bytes in valid() {
        (0..=bytes.len()).for_each(|len| feed(&bytes[..len]));
    }
}

#[test]
fn every_value_of_every_byte_is_harmless() {
    for mut bytes in valid() {
        for index in 0..bytes.len() {
            let before = bytes[index];
            for value in 0..=255 {
                bytes[index] = value;
                feed(&bytes);
            }
            bytes[index] = before;
        }
    }
}

#[test]
fn extreme_bytes_are_harmless() {
    for byte in [0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x9f, 0xbe, 0xff] {
        for len in [0, 1, 2, 3, 4, 11, 12, 13, 20, 255, 256, 1500, 65_535, 65_536] {
            feed(&vec![byte; len]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn noise_is_harmless(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        feed(&bytes);
    }

    #[test]
    fn noise_behind_a_plausible_header_is_harmless(
        head in prop_oneof![
            Just(vec![0x80u8, 200]), Just(vec![0x9f, 202]), Just(vec![0x81, 205]),
            Just(vec![0x8f, 205]), Just(vec![0x84, 206]), Just(vec![0x8f, 206]),
            Just(vec![0x90, 96]), Just(vec![0xbf, 96]),
        ],
        mut body in prop::collection::vec(any::<u8>(), 2..200),
    ) {
        body.truncate(body.len() / 4 * 4 + 2);
        let words = ((head.len() + body.len()) / 4).saturating_sub(1) as u16;
        if head[1] >= 200 && body.len() >= 2 {
            body[..2].copy_from_slice(&words.to_be_bytes());
        }
        feed(&[head, body].concat());
    }

    #[test]
    fn damage_is_harmless(
        which in 0usize..8,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = valid().remove(which);
        for (index, value) in damage {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        feed(&bytes);
    }
}
