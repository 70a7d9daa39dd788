//! Where SRTP finds its fields in packets: the little of RTP it needs to know.

use crate::error::Error;

/// Bytes of an RTP header without CSRCs and extension (RFC 3550, 5.1).
pub(crate) const RTP_HEADER_LEN: usize = 12;
/// Bytes of an RTCP packet that stay in the clear: header and sender's SSRC.
pub(crate) const RTCP_HEADER_LEN: usize = 8;
/// Bytes of the SRTCP index with its E flag (RFC 3711, 3.4).
pub(crate) const SRTCP_INDEX_LEN: usize = 4;
/// The E flag: the packet is encrypted.
pub(crate) const SRTCP_ENCRYPTED: u32 = 1 << 31;
/// The first RTP index that does not exist: rollover counter and sequence number
/// are 48 bits.
pub(crate) const RTP_INDEX_END: u64 = 1 << 48;

/// The 32-bit big-endian number at `at`.
pub(crate) fn u32_at(packet: &[u8], at: usize) -> Result<u32, Error> {
    let bytes = packet.get(at..at + 4).ok_or(Error::TooShort)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// The sequence number of an RTP packet.
pub(crate) fn rtp_sequence(packet: &[u8]) -> Result<u16, Error> {
    match packet {
        [_, _, high, low, ..] => Ok(u16::from_be_bytes([*high, *low])),
        _ => Err(Error::TooShort),
    }
}

/// The SSRC of an RTP packet.
pub(crate) fn rtp_ssrc(packet: &[u8]) -> Result<u32, Error> {
    u32_at(packet, 8)
}

/// The SSRC of the sender of an RTCP packet.
pub(crate) fn rtcp_ssrc(packet: &[u8]) -> Result<u32, Error> {
    u32_at(packet, 4)
}

/// The rollover counter of an index below [`RTP_INDEX_END`].
pub(crate) fn rollover_counter(index: u64) -> u32 {
    u32::try_from(index >> 16).unwrap_or(u32::MAX)
}
