//! The peers, and the datagrams they send.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use trio_sfu_srtp::{Inbound, Outbound};
use trio_sfu_wire::rtcp;
use trio_sfu_wire::rtp::{ExtensionWriter, PayloadType, Ssrc, write_header};
use trio_sfu_wire::stun::{IntegrityKey, RequestFields, binding_request};

use super::Session;
use crate::input::Input;

/// Peers in a session; peer `n` uses transport `n`.
pub(super) const PEERS: usize = 3;
/// What every peer negotiates: payload types, of VP8, VP9, H264, AV1, Opus, RED and their RTX.
pub(super) const PAYLOAD_TYPES: [u8; 12] = [96, 97, 98, 99, 102, 103, 45, 46, 111, 5, 63, 4];
/// Names of mids and rids.
pub(super) const NAMES: [&str; 4] = ["a", "b", "h", "0"];

/// A peer's side of a transport.
#[derive(Default)]
pub(super) struct Peer {
    /// Its keys, once installed, and how often they were.
    pub(super) outbound: Option<Outbound>,
    pub(super) inbound: Option<Inbound>,
    pub(super) generation: u32,
    /// What it sent last.
    pub(super) latest: Vec<u8>,
    /// ICE credentials it was given since its transport was added, oldest first.
    pub(super) credentials: Vec<(String, String)>,
    /// The SRTP index it sent last on each SSRC.
    pub(super) indices: HashMap<u32, u64>,
}

/// Five addresses a datagram can come from.
pub(super) fn address(number: u8) -> SocketAddr {
    let ip = match number % 5 {
        4 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        number => IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)),
    };
    SocketAddr::new(ip, 4000)
}

/// The ICE credentials of a transport, after so many restarts.
pub(super) fn credentials(number: usize, generation: u32) -> (String, String) {
    (format!("ufrag{number}x{generation}"), format!("{number}{generation:0>24}"))
}

impl Session {
    /// An authenticated binding request of the bytes' choice.
    pub(super) fn receive_check(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let flags = input.byte();
        let source = address(input.byte());
        self.receive_check_of(number, usize::from(flags >> 1), flags & 1 != 0, source);
    }

    /// An authenticated binding request, under credentials so many restarts ago.
    pub(super) fn receive_check_of(
        &mut self,
        number: usize,
        ago: usize,
        use_candidate: bool,
        source: SocketAddr,
    ) {
        let known = &self.peers[number].credentials;
        let Some((ufrag, password)) = known.iter().rev().nth(ago % known.len().max(1)) else {
            return;
        };
        let fields = RequestFields {
            username: &format!("{ufrag}:remote"),
            priority: 1,
            use_candidate,
            tie_breaker: 7,
            transaction_id: [number as u8; 12],
        };
        let mut datagram = Vec::new();
        binding_request(&fields, &IntegrityKey::new(password), &mut datagram);
        self.output.proved(source, number);
        self.receive(source, &mut datagram);
    }

    /// An authentic RTP packet whose header and payload the bytes decide.
    pub(super) fn receive_rtp(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let flags = input.byte();
        let mut extensions = ExtensionWriter::new();
        let name = NAMES[usize::from(input.byte()) % NAMES.len()].as_bytes();
        let sequence = input.short();
        for (bit, id, value) in [
            (1, 1, name),
            (2, 2, name),
            (4, 4, name),
            (8, 3, &sequence.to_be_bytes()[..]),
            (16, 6, &[0xc0, 0, 1, 0x80][..]),
            (32, 5, &[0x85][..]),
        ] {
            if flags & bit != 0 {
                let _ = extensions.push(id, value);
            }
        }
        let payload_type = PAYLOAD_TYPES[usize::from(input.byte()) % PAYLOAD_TYPES.len()];
        let ssrc = u32::from(input.byte() % 8) + 100;
        let timestamp = u32::from(input.short()) << 8;
        let mut packet = Vec::new();
        write_header(
            &mut packet,
            flags & 64 != 0,
            PayloadType(payload_type),
            sequence,
            timestamp,
            Ssrc(ssrc),
            &extensions,
        );
        let header_len = packet.len();
        packet.extend_from_slice(input.slice());
        if flags & 128 != 0 {
            packet[0] |= 0x20;
        }
        let source = address(input.byte());
        let Some(keys) = &self.peers[number].outbound else { return };
        let len = packet.len();
        packet.resize(len + keys.profile().rtp_overhead(), 0);
        // Always in the first rollover period: the engine refuses what it takes for another.
        if keys.protect_rtp(&mut packet, header_len, len, u64::from(sequence)).is_ok() {
            self.peers[number].latest.clone_from(&packet);
            self.receive(source, &mut packet);
        }
    }

    /// An authentic RTCP datagram of the bytes' choice.
    pub(super) fn receive_rtcp(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let source = address(input.byte());
        let mut packet = input.slice().to_vec();
        let Some(keys) = &mut self.peers[number].outbound else { return };
        if keys.protect_rtcp(&mut packet).is_ok() {
            self.peers[number].latest.clone_from(&packet);
            self.receive(source, &mut packet);
        }
    }

    /// A subscriber asks for packets it was sent, or for a keyframe.
    pub(super) fn receive_request(&mut self, input: &mut Input<'_>) {
        let Some((number, media, latest)) = self.output.announced(input.byte()) else { return };
        let sender = Ssrc(1);
        let mut packet = Vec::new();
        match input.byte() % 4 {
            0 => rtcp::pli(&mut packet, sender, media),
            1 => rtcp::fir(&mut packet, sender, media, input.byte()),
            _ => {
                let first = latest.wrapping_sub(u16::from(input.byte()));
                let count = u16::from(input.byte() % 32);
                let sequences: Vec<u16> = (0..count).map(|n| first.wrapping_add(n)).collect();
                rtcp::nack(&mut packet, sender, media, &sequences);
            }
        }
        let source = address(number as u8);
        let Some(keys) = &mut self.peers[number].outbound else { return };
        if keys.protect_rtcp(&mut packet).is_ok() {
            self.receive(source, &mut packet);
        }
    }
}
