//! RTCP: RFC 3550 section 6, feedback of RFC 4585 and RFC 5104, REMB, transport-cc.
//!
//! Compound and reduced-size (RFC 5506) datagrams are read alike. Counts in headers are
//! never believed: a packet yields as many entries as it has whole ones.

mod feedback;
mod packet;
mod report;
mod source;
pub mod twcc;

pub use feedback::{FirEntries, NackSequences, fir, nack, pli};
pub use packet::{Packet, Packets, packets, sender};
pub use report::{ReportBlock, ReportBlocks, SenderInfo, receiver_report, sender_report};
pub use source::{Chunks, Ssrcs, goodbye, source_description};

/// Packet types (RFC 3550 section 12.1, RFC 4585 section 6.1).
mod packet_type {
    pub(crate) const SENDER_REPORT: u8 = 200;
    pub(crate) const RECEIVER_REPORT: u8 = 201;
    pub(crate) const SOURCE_DESCRIPTION: u8 = 202;
    pub(crate) const GOODBYE: u8 = 203;
    pub(crate) const TRANSPORT_FEEDBACK: u8 = 205;
    pub(crate) const PAYLOAD_FEEDBACK: u8 = 206;
}

/// Feedback message types.
mod format {
    /// Generic NACK (RFC 4585 section 6.2.1), of transport feedback.
    pub(crate) const NACK: u8 = 1;
    /// Transport-wide congestion control, of transport feedback.
    pub(crate) const TRANSPORT_CC: u8 = 15;
    /// Picture loss indication (RFC 4585 section 6.3.1), of payload feedback.
    pub(crate) const PLI: u8 = 1;
    /// Full intra request (RFC 5104 section 4.3.1), of payload feedback.
    pub(crate) const FIR: u8 = 4;
    /// Application layer feedback (RFC 4585 section 6.4): REMB.
    pub(crate) const APPLICATION: u8 = 15;
}

/// Append a packet: its header, then what `body` appends, with the length filled in.
///
/// `body` appends a multiple of four bytes, at most 262,140.
fn append(out: &mut Vec<u8>, packet_type: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0x80 | count & 0x1f, packet_type, 0, 0]);
    body(out);
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}
