//! Sender and receiver reports (RFC 3550 section 6.4).

use super::{append, packet_type};
use crate::ParseError;
use crate::bytes::{u8_at, u32_at, u64_at};
use crate::rtp::Ssrc;

/// Bytes of a report block.
const BLOCK_LEN: usize = 24;

/// The most report blocks one packet can hold (its count has five bits).
const MAX_BLOCKS: usize = 31;

/// What a sender says about what it sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock when this report was sent: NTP, 32.32 fixed point.
    pub ntp: u64,
    /// The same moment on the RTP clock.
    pub rtp_timestamp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub bytes: u32,
}

impl SenderInfo {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Ok(Self {
            ntp: u64_at(bytes, 0)?,
            rtp_timestamp: u32_at(bytes, 8)?,
            packets: u32_at(bytes, 12)?,
            bytes: u32_at(bytes, 16)?,
        })
    }
}

/// How one source is received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: Ssrc,
    /// Loss since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; 24 bits with sign on the wire.
    pub cumulative_lost: i32,
    /// Highest sequence number received, extended by the number of cycles.
    pub highest_sequence: u32,
    /// Interarrival jitter, in timestamp units.
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_sr: u32,
    /// Time since that report arrived, in 1/65,536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let lost = u32_at(bytes, 4)?;
        Ok(Self {
            ssrc: Ssrc(u32_at(bytes, 0)?),
            fraction_lost: u8_at(bytes, 4)?,
            // Shift the 24 bits up and back for their sign.
            cumulative_lost: (lost << 8).cast_signed() >> 8,
            highest_sequence: u32_at(bytes, 8)?,
            jitter: u32_at(bytes, 12)?,
            last_sr: u32_at(bytes, 16)?,
            delay_since_last_sr: u32_at(bytes, 20)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff).cast_unsigned() & 0xff_ffff;
        out.extend_from_slice(&self.ssrc.0.to_be_bytes());
        out.extend_from_slice(&(u32::from(self.fraction_lost) << 24 | lost).to_be_bytes());
        out.extend_from_slice(&self.highest_sequence.to_be_bytes());
        out.extend_from_slice(&self.jitter.to_be_bytes());
        out.extend_from_slice(&self.last_sr.to_be_bytes());
        out.extend_from_slice(&self.delay_since_last_sr.to_be_bytes());
    }
}

/// The report blocks of one packet, at most 31.
#[derive(Clone, Debug)]
pub struct ReportBlocks<'a> {
    blocks: std::slice::ChunksExact<'a, u8>,
    left: u8,
}

impl<'a> ReportBlocks<'a> {
    pub(super) fn new(bytes: &'a [u8], count: u8) -> Self {
        Self { blocks: bytes.chunks_exact(BLOCK_LEN), left: count }
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        self.left = self.left.checked_sub(1)?;
        ReportBlock::parse(self.blocks.next()?).ok()
    }
}

/// Append a sender report; blocks beyond 31 go into receiver reports behind it.
pub fn sender_report(out: &mut Vec<u8>, ssrc: Ssrc, info: &SenderInfo, blocks: &[ReportBlock]) {
    let (first, rest) = blocks.split_at(blocks.len().min(MAX_BLOCKS));
    append(out, packet_type::SENDER_REPORT, first.len() as u8, |out| {
        out.extend_from_slice(&ssrc.0.to_be_bytes());
        out.extend_from_slice(&info.ntp.to_be_bytes());
        out.extend_from_slice(&info.rtp_timestamp.to_be_bytes());
        out.extend_from_slice(&info.packets.to_be_bytes());
        out.extend_from_slice(&info.bytes.to_be_bytes());
        first.iter().for_each(|block| block.write(out));
    });
    if !rest.is_empty() {
        receiver_report(out, ssrc, rest);
    }
}

/// Append receiver reports: one for every 31 blocks, and one when there are none.
pub fn receiver_report(out: &mut Vec<u8>, ssrc: Ssrc, blocks: &[ReportBlock]) {
    let mut rest = blocks;
    loop {
        let (first, more) = rest.split_at(rest.len().min(MAX_BLOCKS));
        append(out, packet_type::RECEIVER_REPORT, first.len() as u8, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            first.iter().for_each(|block| block.write(out));
        });
        rest = more;
        if rest.is_empty() {
            return;
        }
    }
}
