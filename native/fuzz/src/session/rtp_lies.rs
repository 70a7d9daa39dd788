//! RTP packets that are authentic, and wrong.

use trio_sfu_wire::rtp::Header;

use super::peer::{NAMES, PAYLOAD_TYPES, PEERS, address};
use super::{Session, stamp};
use crate::input::Input;

/// Profiles of header extensions (RFC 8285): one byte, two bytes, neither.
const PROFILES: [u16; 4] = [0xbede, 0x1000, 0x100f, 0x1234];

/// What the packets of one burst have in common.
struct Plan {
    first: u8,
    payload_type: u8,
    timestamp: u32,
    ssrc: u32,
    extensions: Vec<u8>,
    payload: Vec<u8>,
    padding: Option<u8>,
    cut: usize,
}

impl Session {
    /// One packet, or a burst of them, from a peer that has the keys.
    pub(super) fn lie_in_rtp(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let flags = input.byte();
        let ssrc = self.some_ssrc(input);
        let payload_type = match input.byte() {
            byte @ 250.. => input.byte() ^ byte,
            byte => PAYLOAD_TYPES[usize::from(byte) % PAYLOAD_TYPES.len()],
        };
        let step = match flags & 7 {
            0..=3 => 1,
            4 => i64::from(input.byte() % 16) - 8,
            5 => i64::from(input.byte()),
            6 => -i64::from(input.short()),
            _ => i64::from(input.short()),
        };
        let mut payload = Vec::new();
        if flags & 8 != 0 && PAYLOAD_TYPES.iter().skip(1).step_by(2).any(|rtx| *rtx == payload_type)
        {
            // RFC 4588: the number of a packet that was, was not, or never will be sent.
            let latest = self.peers[number].indices.get(&(ssrc - 4)).copied().unwrap_or(0) as u16;
            let back = u16::from(input.byte()).wrapping_sub(8);
            payload.extend(latest.wrapping_sub(back).to_be_bytes());
        }
        Self::lie_in_payload(payload_type, input, &mut payload);
        stamp::write(number, &mut payload);
        let plan = Plan {
            first: if flags & 0x10 == 0 { 0x80 } else { 0x80 | input.byte() & 0x0f },
            payload_type: payload_type | flags & 0x80,
            timestamp: u32::from(input.byte()).wrapping_mul(0x0101_0b88),
            ssrc,
            extensions: if flags & 0x20 == 0 { lie_in_extensions(input) } else { Vec::new() },
            payload,
            padding: (flags & 0x40 != 0).then(|| input.byte()),
            cut: if flags & 0x50 == 0x50 { usize::from(input.byte()) } else { 0 },
        };
        let source = match input.byte() {
            byte @ 250.. => address(byte),
            _ => address(number as u8),
        };
        let count = match input.byte() {
            byte @ 240.. => self.burst(u64::from(byte - 239) * 200),
            _ => 1,
        };
        for _ in 0..count {
            let step = self.allowed(step);
            let index = self.peers[number].indices.entry(ssrc).or_insert(60_000);
            *index = index.saturating_add_signed(step);
            let mut packet = plan.packet(*index as u16);
            let index = *index;
            let header_len = Header::parse(&packet).map_or(12, |header| header.len);
            let Some(keys) = &self.peers[number].outbound else { return };
            let len = packet.len();
            packet.resize(len + keys.profile().rtp_overhead(), 0);
            match keys.protect_rtp(&mut packet, header_len, len, index) {
                Ok(len) => packet.truncate(len),
                Err(_) => packet.truncate(len),
            }
            self.peers[number].latest.clone_from(&packet);
            self.receive(source, &mut packet);
        }
    }

    /// Jumps ahead are rationed, so that no receiver can lose count of the rollovers.
    fn allowed(&mut self, step: i64) -> i64 {
        let ahead = u64::try_from(step - 1).unwrap_or(0);
        match self.jumps.checked_sub(ahead) {
            Some(rest) => {
                self.jumps = rest;
                step
            }
            None => 1,
        }
    }

    /// An SSRC the peers use, of the engine's slots, or of nobody.
    pub(super) fn some_ssrc(&self, input: &mut Input<'_>) -> u32 {
        match input.byte() {
            255 => input.word() | 4,
            byte @ 240.. => self.output.announced(byte).map_or(4, |(_, ssrc, _)| ssrc.0),
            byte => 100 + u32::from(byte % 8),
        }
    }
}

impl Plan {
    fn packet(&self, sequence: u16) -> Vec<u8> {
        let extended = if self.extensions.is_empty() { 0 } else { 0x10 };
        let padded = if self.padding.is_some() { 0x20 } else { 0 };
        let mut packet = vec![self.first | extended | padded, self.payload_type];
        packet.extend(sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.resize(packet.len() + usize::from(self.first & 0x0f) * 4, 0x77);
        packet.extend(&self.extensions);
        packet.extend(&self.payload);
        if let Some(padding) = self.padding {
            // As many bytes as it says, or one byte that says too much.
            if padding & 1 == 0 {
                packet.resize(packet.len() + usize::from(padding / 2), 0);
            }
            packet.push(if padding & 1 == 0 { padding / 2 + 1 } else { padding });
        }
        packet.truncate(packet.len() - self.cut.min(packet.len() - 12));
        packet
    }
}

/// A header extension block: elements true and false, a length true or false.
fn lie_in_extensions(input: &mut Input<'_>) -> Vec<u8> {
    let form = input.byte();
    let profile = PROFILES[usize::from(form) % PROFILES.len()];
    let mut elements = Vec::new();
    for _ in 0..form >> 2 & 7 {
        let choice = input.byte();
        let id = choice & 0x0f;
        let name = NAMES[usize::from(choice >> 4 & 3)].as_bytes();
        let value = match choice >> 6 {
            0 => name.to_vec(),
            1 => input.short().to_be_bytes().to_vec(),
            2 => input.slice().to_vec(),
            _ => [&[0xc0, 0, 1, 0x80], name].concat(),
        };
        // The length may be another one than the value's.
        let wrong = if choice >> 4 == 15 { input.byte() } else { 0 };
        let len = value.len() as u8 ^ wrong;
        if profile == 0xbede {
            elements.push(id << 4 | len.wrapping_sub(1) & 0x0f);
        } else {
            elements.extend([id, len]);
        }
        elements.extend(value);
    }
    elements.resize(elements.len().next_multiple_of(4), 0);
    let words = (elements.len() / 4) as u16;
    let wrong = if form & 0x80 != 0 { u16::from(input.byte() % 8) } else { 0 };
    let mut block = profile.to_be_bytes().to_vec();
    block.extend((words ^ wrong).to_be_bytes());
    block.extend(elements);
    block
}
