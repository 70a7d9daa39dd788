//! Taking a datagram apart into packets.

use super::feedback::{FirEntries, NackSequences, remb};
use super::report::{ReportBlocks, SenderInfo};
use super::source::{Chunks, Ssrcs};
use super::{format, packet_type, twcc};
use crate::ParseError;
use crate::bytes::{u8_at, u16_at, u32_at};
use crate::rtp::Ssrc;

/// One RTCP packet of a datagram.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    /// What a sender sent, and how it receives others.
    SenderReport {
        /// The sender.
        ssrc: Ssrc,
        /// What it sent.
        info: SenderInfo,
        /// What it receives.
        reports: ReportBlocks<'a>,
    },
    /// How a receiver receives.
    ReceiverReport {
        /// The receiver.
        ssrc: Ssrc,
        /// What it receives.
        reports: ReportBlocks<'a>,
    },
    /// CNAMEs.
    SourceDescription(Chunks<'a>),
    /// Sources that ended.
    Goodbye {
        /// Which ones.
        ssrcs: Ssrcs<'a>,
    },
    /// Sequence numbers to send again.
    Nack {
        /// Who asks.
        sender: Ssrc,
        /// Whose packets.
        media: Ssrc,
        /// Which ones.
        sequences: NackSequences<'a>,
    },
    /// A picture was lost: send a keyframe.
    Pli {
        /// Who asks.
        sender: Ssrc,
        /// Of whom.
        media: Ssrc,
    },
    /// Send a keyframe.
    Fir {
        /// Who asks.
        sender: Ssrc,
        /// `(media SSRC, command sequence number)`; repetitions have the same number.
        entries: FirEntries<'a>,
    },
    /// Arrival times by transport-wide sequence number.
    TransportCc(twcc::Feedback<'a>),
    /// Receiver estimated maximum bitrate.
    Remb {
        /// Who estimates.
        sender: Ssrc,
        /// Bits per second.
        bitrate: u64,
        /// Of which streams together.
        ssrcs: Ssrcs<'a>,
    },
    /// Anything else.
    Other {
        /// The packet type.
        packet_type: u8,
        /// The feedback message type, report count or subtype.
        fmt: u8,
    },
}

/// The sender of a datagram, which is plain in an encrypted one as well (RFC 3711 3.4).
#[must_use]
pub fn sender(datagram: &[u8]) -> Option<Ssrc> {
    u32_at(datagram, 4).ok().map(Ssrc)
}

/// The packets of a decrypted datagram. After an error the rest is not looked at.
#[must_use]
pub fn packets(compound: &[u8]) -> Packets<'_> {
    Packets { rest: compound }
}

/// See [`packets`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = split_first(self.rest);
        self.rest = packet.as_ref().map_or(&[], |(_, rest)| rest);
        Some(packet.and_then(|(packet, _)| parse(packet)))
    }
}

/// Split off the first packet, by the length in its header.
fn split_first(bytes: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    if u8_at(bytes, 0)? >> 6 != 2 {
        return Err(ParseError::BadVersion);
    }
    let len = (usize::from(u16_at(bytes, 2)?) + 1) * 4;
    bytes.split_at_checked(len).ok_or(ParseError::BadLength)
}

/// Parse one whole packet (its length is right and at least four).
fn parse(packet: &[u8]) -> Result<Packet<'_>, ParseError> {
    let fmt = packet[0] & 0x1f;
    let packet_type = packet[1];
    let body = without_padding(packet)?;
    match (packet_type, fmt) {
        (packet_type::SENDER_REPORT, count) => Ok(Packet::SenderReport {
            ssrc: ssrc_at(body, 0)?,
            info: SenderInfo::parse(body.get(4..).unwrap_or(&[]))?,
            reports: ReportBlocks::new(body.get(24..).unwrap_or(&[]), count),
        }),
        (packet_type::RECEIVER_REPORT, count) => Ok(Packet::ReceiverReport {
            ssrc: ssrc_at(body, 0)?,
            reports: ReportBlocks::new(body.get(4..).unwrap_or(&[]), count),
        }),
        (packet_type::SOURCE_DESCRIPTION, count) => {
            Ok(Packet::SourceDescription(Chunks::new(body, count)))
        }
        (packet_type::GOODBYE, count) => Ok(Packet::Goodbye { ssrcs: Ssrcs::new(body, count) }),
        (packet_type::TRANSPORT_FEEDBACK | packet_type::PAYLOAD_FEEDBACK, fmt) => {
            feedback(packet_type, fmt, body)
        }
        (packet_type, fmt) => Ok(Packet::Other { packet_type, fmt }),
    }
}

fn feedback(packet_type: u8, fmt: u8, body: &[u8]) -> Result<Packet<'_>, ParseError> {
    let sender = ssrc_at(body, 0)?;
    let media = ssrc_at(body, 4)?;
    let information = &body[8..];
    Ok(match (packet_type, fmt) {
        (packet_type::TRANSPORT_FEEDBACK, format::NACK) => {
            Packet::Nack { sender, media, sequences: NackSequences::new(information) }
        }
        (packet_type::TRANSPORT_FEEDBACK, format::TRANSPORT_CC) => {
            Packet::TransportCc(twcc::Feedback::parse(sender, media, information)?)
        }
        (packet_type::PAYLOAD_FEEDBACK, format::PLI) => Packet::Pli { sender, media },
        (packet_type::PAYLOAD_FEEDBACK, format::FIR) => {
            Packet::Fir { sender, entries: FirEntries::new(information) }
        }
        (packet_type::PAYLOAD_FEEDBACK, format::APPLICATION) => match remb(information)? {
            Some((bitrate, ssrcs)) => Packet::Remb { sender, bitrate, ssrcs },
            None => Packet::Other { packet_type, fmt },
        },
        _ => Packet::Other { packet_type, fmt },
    })
}

/// What follows the header, without padding.
fn without_padding(packet: &[u8]) -> Result<&[u8], ParseError> {
    let body = &packet[4..];
    if packet[0] & 0x20 == 0 {
        return Ok(body);
    }
    let padding = body.last().map_or(0, |&last| usize::from(last));
    if padding == 0 || padding > body.len() {
        return Err(ParseError::BadPadding);
    }
    Ok(&body[..body.len() - padding])
}

fn ssrc_at(bytes: &[u8], offset: usize) -> Result<Ssrc, ParseError> {
    u32_at(bytes, offset).map(Ssrc)
}
