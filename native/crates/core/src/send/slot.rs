//! A sending m-line of a subscriber: what it shows, and how its stream goes on.

use trio_sfu_wire::rtp::{Mid, Ssrc};

use crate::arena::Key;
use crate::command::{Kind, SlotConfig};
use crate::ids::SlotId;
use crate::random::Random;
use crate::receive::encoding::EncodingKey;
use crate::send::continuity::Continuity;
use crate::send::selection::seams::Seams;
use crate::send::selection::{Limit, Selection};
use crate::send::sent::SentRing;
use crate::send::span::Spans;
use crate::time::Instant;
use crate::transport::TransportKey;

pub(crate) type SlotKey = Key<Slot>;

/// Retransmitted bytes a slot may save up for.
const MAX_ALLOWANCE: u64 = 256 * 1024;
/// What it begins with.
const FIRST_ALLOWANCE: u64 = 64 * 1024;

/// Per-slot counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotCounts {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Of the payload, as sender reports count them.
    pub(crate) payload_bytes: u64,
    pub(crate) nacked: u64,
    pub(crate) retransmitted: u64,
    pub(crate) plis: u64,
    pub(crate) switches: u64,
    /// As the subscriber's latest receiver report has them.
    pub(crate) lost: u64,
    pub(crate) fraction_lost: u64,
    pub(crate) jitter: u64,
    pub(crate) dropped: u64,
}

pub(crate) struct Slot {
    pub(crate) id: SlotId,
    pub(crate) transport: TransportKey,
    pub(crate) kind: Kind,
    pub(crate) mid: Mid,
    pub(crate) ssrc: Ssrc,
    pub(crate) rtx_ssrc: Option<Ssrc>,
    pub(crate) cname: String,
    /// It is in this encoding's `showing`.
    pub(crate) showing: Option<EncodingKey>,
    /// It is in this encoding's `waiting`.
    pub(crate) target: Option<EncodingKey>,
    /// The layers it is to have at most.
    pub(crate) limit: Limit,
    /// Until when it gets the lowest temporal layer only, for its path is too slow.
    pub(crate) relieved_until: Option<Instant>,
    /// What of the current span is forwarded, once it was limited.
    pub(crate) selection: Option<Box<Selection>>,
    pub(crate) seams: Seams,
    pub(crate) spans: Spans,
    pub(crate) continuity: Continuity,
    pub(crate) sent: SentRing,
    /// The SRTP index of the next retransmission.
    pub(crate) rtx_next: u64,
    /// Bytes that may be retransmitted: half of what is sent, so that nobody can make us
    /// send much more to a subscriber than its media.
    allowance: u64,
    pub(crate) counts: SlotCounts,
    /// Packets sent before the latest receiver report.
    pub(crate) reported: u64,
}

impl Slot {
    pub(crate) fn new(
        id: SlotId,
        transport: TransportKey,
        config: SlotConfig,
        random: &mut Random,
    ) -> Self {
        Self {
            id,
            transport,
            kind: config.kind,
            mid: config.mid,
            ssrc: config.ssrc,
            rtx_ssrc: config.rtx_ssrc,
            cname: config.cname,
            showing: None,
            target: None,
            limit: Limit::default(),
            relieved_until: None,
            selection: None,
            seams: Seams::default(),
            spans: Spans::default(),
            continuity: Continuity::new(random),
            sent: SentRing::default(),
            rtx_next: u64::from(random.next_u32() & 0x3fff) + 1,
            allowance: FIRST_ALLOWANCE,
            counts: SlotCounts::default(),
            reported: 0,
        }
    }

    /// A packet of `len` bytes was sent for the first time.
    #[inline]
    pub(crate) fn earn(&mut self, len: usize) {
        self.allowance = (self.allowance + len as u64 / 2).min(MAX_ALLOWANCE);
    }

    /// Whether `len` bytes may be retransmitted; they are taken off when they may.
    pub(crate) fn spend(&mut self, len: usize) -> bool {
        match self.allowance.checked_sub(len as u64) {
            Some(rest) => {
                self.allowance = rest;
                true
            }
            None => false,
        }
    }
}
