//! STUN messages that are authentic, and wrong: another class or method, attributes that
//! are doubled, of the wrong length, unknown, or behind the integrity.

use aws_lc_rs::hmac;

use super::Session;
use super::peer::{PEERS, address};
use crate::input::Input;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
/// PRIORITY, USE-CANDIDATE, ICE-CONTROLLED, ICE-CONTROLLING, FINGERPRINT, USERNAME,
/// XOR-MAPPED-ADDRESS and one that everybody must understand and nobody does.
const ATTRIBUTES: [u16; 8] = [0x0024, 0x0025, 0x8029, 0x802a, 0x8028, 0x0006, 0x0020, 0x0077];

impl Session {
    pub(super) fn lie_in_stun(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let flags = input.byte();
        let known = &self.peers[number].credentials;
        let Some((ufrag, password)) = known.iter().rev().nth(usize::from(flags & 3)) else {
            return;
        };
        let mut message = vec![0, 1, 0, 0];
        if flags & 4 != 0 {
            message[..2].copy_from_slice(&(input.short() & 0x3fff).to_be_bytes());
        }
        message.extend(COOKIE);
        message.extend([number as u8; 12]);
        attribute(&mut message, USERNAME, format!("{ufrag}:remote").as_bytes());
        for _ in 0..flags >> 4 & 3 {
            let choice = input.byte();
            let value = match choice >> 4 {
                0..=7 => vec![choice; usize::from(choice >> 4)],
                8..=11 => vec![choice; 8],
                _ => input.slice().to_vec(),
            };
            attribute(&mut message, ATTRIBUTES[usize::from(choice) % ATTRIBUTES.len()], &value);
        }
        sign(&mut message, password);
        if flags & 8 != 0 {
            attribute(&mut message, ATTRIBUTES[usize::from(input.byte()) % 8], input.slice());
        }
        let len = (message.len() - 20) as u16;
        message[2..4].copy_from_slice(&len.to_be_bytes());
        let source = address(input.byte());
        self.output.proved(source, number);
        let copies = input.byte();
        let count = if copies >= 200 { self.burst(u64::from(copies)) } else { 1 };
        for _ in 0..count {
            self.receive(source, &mut message.clone());
        }
    }
}

fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// Appends MESSAGE-INTEGRITY (RFC 8489 section 14.5).
fn sign(message: &mut Vec<u8>, password: &str) {
    let len = (message.len() - 20 + 24) as u16;
    message[2..4].copy_from_slice(&len.to_be_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let mac = hmac::sign(&key, message);
    attribute(message, MESSAGE_INTEGRITY, mac.as_ref());
}
