//! Feedback messages: NACK and PLI (RFC 4585), FIR (RFC 5104), REMB
//! (draft-alvestrand-rmcat-remb-03).

use super::source::Ssrcs;
use super::{append, format, packet_type};
use crate::ParseError;
use crate::bytes::{u8_at, u16_at, u32_at};
use crate::rtp::Ssrc;

/// The sequence numbers of a NACK, at most 17 for each four bytes of the packet.
#[derive(Clone, Debug)]
pub struct NackSequences<'a> {
    items: std::slice::ChunksExact<'a, u8>,
    next: u16,
    /// Bit 0: `next` is lost; bit n: `next + n` is.
    mask: u32,
}

impl<'a> NackSequences<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { items: bytes.chunks_exact(4), next: 0, mask: 0 }
    }
}

impl Iterator for NackSequences<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let item = self.items.next()?;
            self.next = u16_at(item, 0).ok()?;
            self.mask = u32::from(u16_at(item, 2).ok()?) << 1 | 1;
        }
        let skip = self.mask.trailing_zeros();
        let sequence = self.next.wrapping_add(skip as u16);
        self.next = sequence.wrapping_add(1);
        self.mask = self.mask >> skip >> 1;
        Some(sequence)
    }
}

/// The entries of a FIR: `(media SSRC, command sequence number)`.
#[derive(Clone, Debug)]
pub struct FirEntries<'a>(std::slice::ChunksExact<'a, u8>);

impl<'a> FirEntries<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.chunks_exact(8))
    }
}

impl Iterator for FirEntries<'_> {
    type Item = (Ssrc, u8);

    fn next(&mut self) -> Option<(Ssrc, u8)> {
        let entry = self.0.next()?;
        Some((Ssrc(u32_at(entry, 0).ok()?), u8_at(entry, 4).ok()?))
    }
}

/// Parse REMB: bits per second and the SSRCs; `None` for other application feedback.
pub(super) fn remb(information: &[u8]) -> Result<Option<(u64, Ssrcs<'_>)>, ParseError> {
    if !information.starts_with(b"REMB") {
        return Ok(None);
    }
    let word = u32_at(information, 4)?;
    let exponent = word >> 18 & 0x3f;
    let mantissa = u64::from(word & 0x3_ffff);
    let bitrate = if mantissa.leading_zeros() < exponent { u64::MAX } else { mantissa << exponent };
    Ok(Some((bitrate, Ssrcs::new(&information[8..], (word >> 24) as u8))))
}

/// Most sequence numbers' items in one NACK, to stay below a common path MTU.
const MAX_NACK_ITEMS: usize = 256;

/// Append a NACK. Numbers in (wrapping) order pack best; any order is right.
///
/// At most 256 items of up to 17 numbers are written; what is beyond that is left for
/// the next one. Returns how many of `sequences` were written. Nothing is appended for none.
pub fn nack(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc, sequences: &[u16]) -> usize {
    if sequences.is_empty() {
        return 0;
    }
    let mut written = 0;
    append(out, packet_type::TRANSPORT_FEEDBACK, format::NACK, |out| {
        feedback_header(out, sender, media);
        for _ in 0..MAX_NACK_ITEMS {
            let Some((&first, rest)) = sequences[written..].split_first() else { break };
            let mut mask = 0u16;
            let mut taken = 1;
            for &sequence in rest {
                match sequence.wrapping_sub(first) {
                    0 => {}
                    bit @ 1..=16 => mask |= 1 << (bit - 1),
                    _ => break,
                }
                taken += 1;
            }
            out.extend_from_slice(&first.to_be_bytes());
            out.extend_from_slice(&mask.to_be_bytes());
            written += taken;
        }
    });
    written
}

/// Append a picture loss indication.
pub fn pli(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc) {
    append(out, packet_type::PAYLOAD_FEEDBACK, format::PLI, |out| {
        feedback_header(out, sender, media);
    });
}

/// Append a full intra request; `command` changes with each new request to `media`.
pub fn fir(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc, command: u8) {
    append(out, packet_type::PAYLOAD_FEEDBACK, format::FIR, |out| {
        // RFC 5104 section 4.3.1.2: the media SSRC is in the entries, here it is zero.
        feedback_header(out, sender, Ssrc(0));
        out.extend_from_slice(&media.0.to_be_bytes());
        out.extend_from_slice(&[command, 0, 0, 0]);
    });
}

pub(super) fn feedback_header(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc) {
    out.extend_from_slice(&sender.0.to_be_bytes());
    out.extend_from_slice(&media.0.to_be_bytes());
}
