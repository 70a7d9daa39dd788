//! The RTP header (RFC 3550 section 5.1).

use super::extension::{ExtensionWriter, Extensions};
use super::ids::{PayloadType, Ssrc};
use crate::ParseError;
use crate::bytes::{u8_at, u16_at, u32_at};

/// Bytes of a header without CSRCs and extension.
const FIXED_LEN: usize = 12;

/// Where a packet's header extension is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionBlock {
    /// "Defined by profile": 0xBEDE (one-byte) or 0x100n (two-byte) in RFC 8285.
    pub profile: u16,
    /// Offset of the first element in the packet.
    pub start: usize,
    /// Offset behind the last.
    pub end: usize,
}

/// A parsed header; positions refer to the packet it was parsed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The marker bit: for video, the last packet of a frame.
    pub marker: bool,
    /// The payload type.
    pub payload_type: PayloadType,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp, in units of the codec's clock rate.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: Ssrc,
    /// The header extension, when there is one.
    pub extension: Option<ExtensionBlock>,
    /// Bytes of the whole header, with CSRCs and extension: where the payload begins.
    pub len: usize,
    /// Whether the payload ends with padding. Its length is known after decryption only.
    pub padding: bool,
}

impl Header {
    /// Parse the header of an RTP or SRTP packet.
    ///
    /// # Errors
    /// `TooShort` when the packet ends inside the header, `BadVersion`, `BadLength` when
    /// the extension is longer than the packet.
    pub fn parse(packet: &[u8]) -> Result<Self, ParseError> {
        let first = u8_at(packet, 0)?;
        let fixed: &[u8; FIXED_LEN] = packet.first_chunk().ok_or(ParseError::TooShort)?;
        if first >> 6 != 2 {
            return Err(ParseError::BadVersion);
        }
        let csrcs = usize::from(first & 0x0f) * 4;
        let mut len = FIXED_LEN + csrcs;
        if packet.len() < len {
            return Err(ParseError::TooShort);
        }
        let mut extension = None;
        if first & 0x10 != 0 {
            let profile = u16_at(packet, len)?;
            let words = usize::from(u16_at(packet, len + 2)?);
            let start = len + 4;
            let end = start + words * 4;
            if packet.len() < end {
                return Err(ParseError::BadLength);
            }
            extension = Some(ExtensionBlock { profile, start, end });
            len = end;
        }
        Ok(Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: PayloadType(fixed[1] & 0x7f),
            sequence: u16_at(fixed, 2)?,
            timestamp: u32_at(fixed, 4)?,
            ssrc: Ssrc(u32_at(fixed, 8)?),
            extension,
            len,
            padding: first & 0x20 != 0,
        })
    }

    /// The elements of the header extension: `(id, value)`, for both forms of RFC 8285.
    ///
    /// `packet` is the one the header was parsed from. Malformed elements end the iteration.
    #[must_use]
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> Extensions<'a> {
        match self.extension {
            Some(block) => {
                Extensions::new(block.profile, packet.get(block.start..block.end).unwrap_or(&[]))
            }
            None => Extensions::new(0, &[]),
        }
    }

    /// Where the payload ends: the packet's length without padding.
    ///
    /// Padding is encrypted: call this on decrypted packets only.
    ///
    /// # Errors
    /// `BadPadding` when the padding is empty or longer than the payload.
    pub fn payload_end(&self, packet: &[u8]) -> Result<usize, ParseError> {
        if packet.len() < self.len {
            return Err(ParseError::TooShort);
        }
        if !self.padding {
            return Ok(packet.len());
        }
        let padding = packet.last().map_or(0, |&last| usize::from(last));
        if padding == 0 || padding > packet.len() - self.len {
            return Err(ParseError::BadPadding);
        }
        Ok(packet.len() - padding)
    }
}

/// Append a header without CSRCs and padding; returns its length in bytes.
pub fn write_header(
    out: &mut Vec<u8>,
    marker: bool,
    payload_type: PayloadType,
    sequence: u16,
    timestamp: u32,
    ssrc: Ssrc,
    extensions: &ExtensionWriter,
) -> usize {
    let mut fixed = [0u8; FIXED_LEN];
    fixed[0] = if extensions.is_empty() { 0x80 } else { 0x90 };
    fixed[1] = u8::from(marker) << 7 | payload_type.0 & 0x7f;
    fixed[2..4].copy_from_slice(&sequence.to_be_bytes());
    fixed[4..8].copy_from_slice(&timestamp.to_be_bytes());
    fixed[8..12].copy_from_slice(&ssrc.0.to_be_bytes());
    out.extend_from_slice(&fixed);
    FIXED_LEN + extensions.write(out)
}
