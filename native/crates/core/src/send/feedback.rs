//! What subscribers say: lost packets, lost pictures, reception.

use std::time::Duration;

use trio_sfu_wire::rtcp::ReportBlock;
use trio_sfu_wire::rtp::Ssrc;

use crate::engine::Engine;
use crate::receive::clock::{from_ntp, ntp};
use crate::send::pacer::{Purpose, Queued};
use crate::send::slot::SlotKey;
use crate::time::Instant;
use crate::transport::TransportKey;

/// A packet is not retransmitted twice within a round trip, nor within this.
const MIN_REPEAT: Duration = Duration::from_millis(20);
/// A packet older than this, and a round trip, is of no use any more.
const USEFUL: Duration = Duration::from_secs(1);
/// Longer round trips are mistakes or lies.
const MAX_ROUND_TRIP: u64 = 10_000_000_000;

impl Engine {
    fn slot_of(&self, key: TransportKey, ssrc: Ssrc) -> Option<SlotKey> {
        self.transports.get(key)?.slot_ssrcs.get(&ssrc).copied()
    }

    /// Queues retransmissions of what is still of use; asks for a keyframe when something is
    /// missed for good.
    pub(crate) fn nack(
        &mut self,
        now: Instant,
        key: TransportKey,
        media: Ssrc,
        sequences: impl Iterator<Item = u16>,
    ) {
        let Some(slot_key) = self.slot_of(key, media) else { return };
        let Self { encodings, slots, transports, counters, .. } = self;
        let (Some(slot), Some(transport)) = (slots.get_mut(slot_key), transports.get_mut(key))
        else {
            return;
        };
        if slot.ssrc != media {
            return;
        }
        let shown = slot.showing;
        let mut lost = false;
        let patience =
            transport.round_trip.map_or(MIN_REPEAT, Duration::from_nanos).max(MIN_REPEAT);
        for sequence in sequences {
            counters.nacks_received += 1;
            slot.counts.nacked += 1;
            let Some(sent) = slot.sent.find(sequence) else {
                counters.drop_nack_not_cached += 1;
                continue;
            };
            if sent.resent_within(patience, now) {
                counters.drop_nack_repeated += 1;
                continue;
            }
            let Some(span) = slot.spans.get(sent.span()) else {
                counters.drop_nack_not_cached += 1;
                continue;
            };
            let source = sent.source(span);
            let Some(encoding) = encodings.get(span.encoding) else {
                counters.drop_nack_not_cached += 1;
                continue;
            };
            let cached = encoding.cache.get(source);
            // Parameter sets come before the packet a keyframe is known by.
            let overtaken = slot.spans.current().is_some_and(|current| current.id != span.id)
                || encoding.keyframe.is_some_and(|(timestamp, first)| {
                    source < first && cached.is_none_or(|(packet, _)| packet.timestamp != timestamp)
                });
            let Some((packet, bytes)) = cached else {
                counters.drop_nack_not_cached += 1;
                lost |= !overtaken;
                continue;
            };
            let late = now.since(packet.arrived) > USEFUL + patience;
            if overtaken || late {
                counters.drop_nack_too_late += 1;
                lost |= !overtaken;
                continue;
            }
            let len = bytes.payload.len();
            let queued = Queued {
                slot: slot_key,
                span: sent.span(),
                purpose: Purpose::Repair,
                hollow: false,
                #[allow(clippy::cast_possible_truncation)] // The cache keeps no larger ones.
                len: len as u16,
                sequence: source,
            };
            sent.resend(now);
            if !slot.spend(len) || !transport.media.may_repair(now, len) {
                counters.drop_nack_budget += 1;
            } else if !transport.media.push(queued, slot.kind) {
                counters.drop_queue_full += 1;
            }
        }
        self.has_output(key);
        // The picture stands still for what nobody will send again. Browsers go on asking for it
        // for seconds before they ask for a keyframe.
        if lost && let Some(shown) = shown {
            self.ask_keyframe(now, shown);
        }
    }

    /// PLI or FIR.
    pub(crate) fn picture_lost(&mut self, now: Instant, key: TransportKey, media: Ssrc) {
        let Some(slot) = self.slot_of(key, media).and_then(|slot| self.slots.get_mut(slot)) else {
            return;
        };
        self.counters.plis_received += 1;
        slot.counts.plis += 1;
        if let Some(shown) = slot.showing {
            self.ask_keyframe(now, shown);
        }
    }

    /// How the subscriber receives one of our SSRCs.
    pub(crate) fn report_block(&mut self, now: Instant, key: TransportKey, block: &ReportBlock) {
        let Some(slot) = self.slot_of(key, block.ssrc).and_then(|slot| self.slots.get_mut(slot))
        else {
            return;
        };
        if slot.ssrc == block.ssrc {
            slot.counts.lost = u64::from(block.cumulative_lost.max(0).unsigned_abs());
            slot.counts.fraction_lost = u64::from(block.fraction_lost);
            slot.counts.jitter = u64::from(block.jitter);
            let packets =
                slot.counts.packets - std::mem::replace(&mut slot.reported, slot.counts.packets);
            self.scratch.loss.add(packets, block.fraction_lost);
        }
        if block.last_sr == 0 {
            return;
        }
        // RFC 3550 6.4.1: on the middle 32 bits of the NTP time, in 1/65,536 s.
        #[allow(clippy::cast_possible_truncation)]
        let arrived = (ntp(self.config.ntp_epoch, now) >> 16) as u32;
        let units = arrived.wrapping_sub(block.last_sr).wrapping_sub(block.delay_since_last_sr);
        let round_trip = from_ntp(u64::from(units) << 16);
        if round_trip < MAX_ROUND_TRIP {
            self.round_trip_measured(now, key, round_trip);
        }
    }
}
