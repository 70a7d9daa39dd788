//! Peers for tests: ICE checks, SRTP under known keys, RTCP, on a clock that tests move.
#![allow(dead_code, missing_docs, unreachable_pub)] // Every test file uses another part of it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

pub mod decoder;
pub mod link;
pub mod media;
pub mod pair;
pub mod receiver;
pub mod scalable;
pub mod stage;
pub mod world;

use std::net::SocketAddr;
use std::time::Duration;

use trio_sfu_core::command::CodecMapping;
use trio_sfu_core::ids::TransportId;
use trio_sfu_core::time::Instant;
use trio_sfu_srtp::{Inbound, Outbound, Profile};
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{
    ExtensionKind, ExtensionWriter, Header, Mid, PayloadType, Rid, Ssrc, write_header,
};
use trio_sfu_wire::stun::{IntegrityKey, RequestFields, binding_request};

pub const OPUS: u8 = 111;
pub const RED: u8 = 63;
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;
pub const VP9: u8 = 98;
pub const VP9_RTX: u8 = 99;
pub const H264: u8 = 100;
pub const H264_RTX: u8 = 101;
pub const AV1: u8 = 102;
pub const AV1_RTX: u8 = 103;

pub const MID: u8 = 1;
pub const RID: u8 = 2;
pub const REPAIRED_RID: u8 = 3;
pub const AUDIO_LEVEL: u8 = 4;
pub const TRANSPORT_CC: u8 = 5;
pub const ABS_SEND_TIME: u8 = 6;
pub const ORIENTATION: u8 = 7;
pub const DEPENDENCY: u8 = 8;

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn at(millis: u64) -> Instant {
    Instant(millis * 1_000_000)
}

pub fn mid(text: &str) -> Mid {
    Mid::new(text).unwrap()
}

pub fn rid(text: &str) -> Rid {
    Rid::new(text).unwrap()
}

pub fn extensions() -> Vec<(u8, ExtensionKind)> {
    vec![
        (MID, ExtensionKind::Mid),
        (RID, ExtensionKind::Rid),
        (REPAIRED_RID, ExtensionKind::RepairedRid),
        (AUDIO_LEVEL, ExtensionKind::AudioLevel),
        (TRANSPORT_CC, ExtensionKind::TransportCc),
        (ABS_SEND_TIME, ExtensionKind::AbsSendTime),
        (ORIENTATION, ExtensionKind::VideoOrientation),
        (DEPENDENCY, ExtensionKind::DependencyDescriptor),
    ]
}

pub fn codec(payload_type: u8, codec: Codec, rtx: Option<u8>) -> CodecMapping {
    CodecMapping {
        payload_type: PayloadType(payload_type),
        codec,
        clock_rate: if codec.wrapped() == Codec::Opus { 48_000 } else { 90_000 },
        rtx: rtx.map(PayloadType),
    }
}

pub fn codecs() -> Vec<CodecMapping> {
    vec![
        codec(OPUS, Codec::Opus, None),
        codec(RED, Codec::Red, None),
        codec(VP8, Codec::Vp8, Some(VP8_RTX)),
        codec(VP9, Codec::Vp9, Some(VP9_RTX)),
        codec(H264, Codec::H264, Some(H264_RTX)),
        codec(AV1, Codec::Av1, Some(AV1_RTX)),
    ]
}

/// An RTP packet before encryption, or after decryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rtp {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub extensions: Vec<(u8, Vec<u8>)>,
    pub payload: Vec<u8>,
    /// Bytes of padding behind the payload.
    pub padding: u8,
}

impl Rtp {
    pub fn extension(&self, id: u8) -> Option<&[u8]> {
        self.extensions.iter().find(|(other, _)| *other == id).map(|(_, value)| &value[..])
    }

    pub fn with(mut self, id: u8, value: &[u8]) -> Self {
        self.extensions.push((id, value.to_vec()));
        self
    }

    pub fn parse(packet: &[u8]) -> Self {
        let header = Header::parse(packet).unwrap();
        let end = header.payload_end(packet).unwrap();
        Self {
            ssrc: header.ssrc.0,
            payload_type: header.payload_type.0,
            sequence: header.sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            extensions: header.extensions(packet).map(|(id, value)| (id, value.to_vec())).collect(),
            payload: packet[header.len..end].to_vec(),
            padding: (packet.len() - end) as u8,
        }
    }

    /// The packet and its header's length.
    pub fn write(&self) -> (Vec<u8>, usize) {
        let mut writer = ExtensionWriter::new();
        for (id, value) in &self.extensions {
            writer.push(*id, value).unwrap();
        }
        let mut packet = Vec::new();
        let header_len = write_header(
            &mut packet,
            self.marker,
            PayloadType(self.payload_type),
            self.sequence,
            self.timestamp,
            Ssrc(self.ssrc),
            &writer,
        );
        packet.extend_from_slice(&self.payload);
        if self.padding > 0 {
            packet[0] |= 0x20;
            packet.extend(std::iter::repeat_n(0, usize::from(self.padding) - 1));
            packet.push(self.padding);
        }
        (packet, header_len)
    }
}

/// A peer on the other side of the engine.
pub struct Peer {
    pub id: TransportId,
    pub address: SocketAddr,
    pub ufrag: String,
    pub password: String,
    pub outbound: Outbound,
    pub inbound: Inbound,
    pub rtp: Vec<Rtp>,
    /// Decrypted compound datagrams.
    pub rtcp: Vec<Vec<u8>>,
    pub other: Vec<Vec<u8>>,
    /// Encrypted RTP as it arrived.
    pub raw: Vec<Vec<u8>>,
    cycles: std::collections::HashMap<u32, (u64, u16)>,
}

pub fn keying(profile: Profile, seed: u8) -> Vec<u8> {
    (0..profile.keying_len()).map(|index| seed.wrapping_add(index as u8)).collect()
}

impl Peer {
    pub fn new(number: u64, profile: Profile) -> Self {
        let octet = number.to_be_bytes();
        let address = SocketAddr::from(([10, 0, octet[6], octet[7]], 5000));
        Self {
            id: TransportId(number),
            address,
            ufrag: format!("ufrag{number}"),
            password: format!("passwordOfPeerNumber{number:04}"),
            outbound: Outbound::new(profile, &keying(profile, number as u8)).unwrap(),
            inbound: Inbound::new(profile, &keying(profile, number as u8 ^ 0x80)).unwrap(),
            rtp: Vec::new(),
            rtcp: Vec::new(),
            other: Vec::new(),
            raw: Vec::new(),
            cycles: std::collections::HashMap::new(),
        }
    }

    pub fn check(&self, nominate: bool) -> Vec<u8> {
        self.check_with(&self.password, nominate)
    }

    pub fn check_with(&self, password: &str, nominate: bool) -> Vec<u8> {
        let username = format!("{}:client", self.ufrag);
        let fields = RequestFields {
            username: &username,
            priority: 1,
            use_candidate: nominate,
            tie_breaker: 7,
            transaction_id: [9; 12],
        };
        let mut datagram = Vec::new();
        binding_request(&fields, &IntegrityKey::new(password), &mut datagram);
        datagram
    }

    pub fn protect(&mut self, rtp: &Rtp) -> Vec<u8> {
        let (mut packet, header_len) = rtp.write();
        let (cycle, last) = self.cycles.entry(rtp.ssrc).or_insert((1 << 16, rtp.sequence));
        // Extends the sequence number as a sender would, reordering included.
        let step = rtp.sequence.wrapping_sub(*last).cast_signed();
        let index = (*cycle + u64::from(*last)).saturating_add_signed(i64::from(step));
        if step > 0 {
            (*cycle, *last) = (index & !0xffff, rtp.sequence);
        }
        // Before the very first number there is none: take it for one much later.
        let index = index.checked_sub(1 << 16).unwrap_or(index);
        let len = packet.len();
        packet.resize(len + self.outbound.profile().rtp_overhead(), 0);
        let len = self.outbound.protect_rtp(&mut packet, header_len, len, index).unwrap();
        packet.truncate(len);
        packet
    }

    pub fn protect_rtcp(&mut self, mut compound: Vec<u8>) -> Vec<u8> {
        self.outbound.protect_rtcp(&mut compound).unwrap();
        compound
    }

    /// Takes what the engine sent, decrypted and sorted.
    pub fn receive(&mut self, datagram: &[u8]) {
        use trio_sfu_wire::demux::{Class, classify};
        let mut packet = datagram.to_vec();
        match classify(datagram) {
            Some(Class::Rtp) => {
                self.raw.push(datagram.to_vec());
                let header = Header::parse(datagram).unwrap();
                // Whatever arrives must decrypt, unless it is repeated byte by byte.
                let unprotected = self.inbound.unprotect_rtp(
                    &mut packet,
                    header.ssrc.0,
                    header.sequence,
                    header.len,
                );
                if let Ok((len, _)) = unprotected {
                    self.rtp.push(Rtp::parse(&packet[..len]));
                } else {
                    let copies = self.raw.iter().filter(|raw| *raw == datagram).count();
                    assert!(copies > 1, "undecryptable and no repetition: {unprotected:?}");
                }
            }
            Some(Class::Rtcp) => {
                let len = self.inbound.unprotect_rtcp(&mut packet).unwrap();
                packet.truncate(len);
                self.rtcp.push(packet);
            }
            _ => self.other.push(packet),
        }
    }

    pub fn of(&self, ssrc: u32) -> Vec<&Rtp> {
        self.rtp.iter().filter(|packet| packet.ssrc == ssrc).collect()
    }
}
