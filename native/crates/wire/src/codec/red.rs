//! Redundant audio data (RFC 2198): earlier frames once more in front of the newest.

use super::{Descriptor, Detail};
use crate::ParseError;
use crate::bytes::{array_at, u8_at};

/// Blocks of earlier frames in one packet. Browsers send one or two, decoders take few more.
const MAX_REDUNDANT: usize = 8;
/// The header of a block of an earlier frame; that of the newest has one byte.
const HEADER: usize = 4;

/// What a packet of redundant audio is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The payload type of every block.
    pub payload_type: u8,
    /// Blocks of earlier frames, each with a header of four bytes.
    pub redundant: u8,
    /// Offset of the newest frame, which goes on to the payload's end.
    pub primary: u16,
}

impl Blocks {
    /// Parse the headers at the beginning of a payload.
    ///
    /// # Errors
    /// `TooShort` when the blocks do not fit or the newest is empty, `BadDescriptor` when
    /// they are of several payload types, too many, or too long for a packet.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let payload_type = u8_at(payload, 0)? & 0x7f;
        let mut headers = 0;
        let mut redundant = 0;
        loop {
            let first = u8_at(payload, headers)?;
            if first & 0x7f != payload_type || redundant > MAX_REDUNDANT {
                return Err(ParseError::BadDescriptor);
            }
            if first & 0x80 == 0 {
                break;
            }
            redundant += 1;
            headers += HEADER;
        }
        let mut primary = headers + 1;
        for index in 0..redundant {
            let [_, _, high, low] = array_at(payload, index * HEADER)?;
            primary += usize::from(u16::from_be_bytes([high & 0x03, low]));
        }
        if primary >= payload.len() {
            return Err(ParseError::TooShort);
        }
        let primary = u16::try_from(primary).map_err(|_| ParseError::BadDescriptor)?;
        Ok(Self { payload_type, redundant: redundant as u8, primary })
    }

    /// Give every block of `payload`, which this was parsed from, another payload type.
    pub fn renumber(&self, payload: &mut [u8], payload_type: u8) {
        for index in 0..=usize::from(self.redundant) {
            if let Some(byte) = payload.get_mut(index * HEADER) {
                *byte = *byte & 0x80 | payload_type & 0x7f;
            }
        }
    }
}

/// Describe a packet: like one of Opus, it can be decoded by itself.
pub(super) fn describe(payload: &[u8]) -> Descriptor {
    let Ok(blocks) = Blocks::parse(payload) else { return Descriptor::default() };
    Descriptor {
        keyframe: true,
        start_of_frame: true,
        end_of_frame: true,
        detail: Detail::Red(blocks),
        ..Descriptor::default()
    }
}
