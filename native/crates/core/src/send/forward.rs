//! Fan-out: from an encoding's cache to the queues of the slots that show it.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use crate::command::Kind;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::receive::cache::{Bytes, Packet};
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::send::pacer::{Purpose, Queued};
use crate::send::selection::{Subject, Verdict};
use crate::send::slot::{Slot, SlotKey};
use crate::time::Instant;
use crate::transport::{Transport, TransportKey};

impl Engine {
    /// A packet of the encoding was cached: queue it for everybody who sees it.
    pub(crate) fn forward(&mut self, now: Instant, key: EncodingKey, sequence: u64) {
        let spliced = self.splice_waiting(now, key, sequence);
        let Self { encodings, slots, transports, counters, pending, scratch, .. } = self;
        let Some(encoding) = encodings.get(key) else { return };
        let Some((packet, bytes)) = encoding.cache.get(sequence) else { return };
        let mut subject = None;
        let mut wanted = false;
        for &slot_key in &encoding.showing {
            let Some(slot) = slots.get_mut(slot_key) else { continue };
            let Some(transport) = transports.get_mut(slot.transport) else { continue };
            if !transport.ready() {
                scratch.unready.push(slot_key);
                continue;
            }
            if transport.media.is_late() || slot.relieved_until.is_some() {
                slot.relieve(now, transport.media.is_late());
            }
            let hollow = match &mut slot.selection {
                None => false,
                Some(selection) => {
                    let subject = subject.get_or_insert_with(|| encoding.subject(packet, bytes));
                    let (verdict, asks) = selection.decide(now, subject, &mut slot.seams);
                    wanted |= asks;
                    if verdict == Verdict::Drop {
                        counters.drop_layer_limited += 1;
                        continue;
                    }
                    verdict == Verdict::Hollow
                }
            };
            if !enqueue(slot_key, slot, transport, packet, bytes, hollow, counters, pending) {
                scratch.refused.push(slot_key);
            }
        }
        if spliced {
            // The keyframe's first packet may have come late: what followed is here already.
            let highest = encoding.sequence.highest().unwrap_or(sequence);
            for slot_key in scratch.spliced.drain(..) {
                let Some(slot) = slots.get_mut(slot_key) else { continue };
                let Some(transport) = transports.get_mut(slot.transport) else { continue };
                let numbers = sequence + 1..=highest;
                if !follow(now, slot_key, slot, transport, encoding, numbers, counters, pending) {
                    scratch.refused.push(slot_key);
                }
            }
        }
        if wanted {
            self.ask_keyframe(now, key);
        }
        while let Some(slot) = self.scratch.unready.pop() {
            self.counters.drop_subscriber_not_ready += 1;
            self.interrupt(now, slot);
        }
        while let Some(slot) = self.scratch.refused.pop() {
            self.counters.drop_path_too_slow += 1;
            self.interrupt(now, slot);
        }
    }
}

impl Encoding {
    /// What slots decide by whether to forward a packet.
    fn subject<'a>(&'a self, packet: &'a Packet, bytes: Bytes<'_>) -> Subject<'a> {
        Subject {
            packet,
            empty: bytes.payload.is_empty(),
            frame: self.dependencies.frame(bytes.dependency_descriptor, packet.sequence),
            structure: self.dependencies.structure(),
            active: self.dependencies.active(),
            top: self.layers.top(),
        }
    }
}

/// Puts what is cached of `numbers` into one subscriber's queue; false when its path is too slow.
#[allow(clippy::too_many_arguments)] // Parts of the engine that are borrowed one by one.
pub(super) fn follow(
    now: Instant,
    key: SlotKey,
    slot: &mut Slot,
    transport: &mut Transport,
    encoding: &Encoding,
    numbers: RangeInclusive<u64>,
    counters: &mut Counters,
    pending: &mut VecDeque<TransportKey>,
) -> bool {
    for number in numbers {
        let Some((packet, bytes)) = encoding.cache.get(number) else { continue };
        if let Some(selection) = &mut slot.selection {
            let subject = encoding.subject(packet, bytes);
            if selection.decide(now, &subject, &mut slot.seams).0 == Verdict::Drop {
                counters.drop_layer_limited += 1;
                continue;
            }
        }
        if !enqueue(key, slot, transport, packet, bytes, false, counters, pending) {
            return false;
        }
    }
    true
}

/// Puts one packet into one subscriber's queue, or only its number (`hollow`); false when the
/// subscriber's path is too slow for the frame that begins with it.
#[allow(clippy::too_many_arguments)] // Parts of the engine that are borrowed one by one.
#[inline]
fn enqueue(
    key: SlotKey,
    slot: &mut Slot,
    transport: &mut Transport,
    packet: &Packet,
    bytes: Bytes<'_>,
    hollow: bool,
    counters: &mut Counters,
    pending: &mut VecDeque<TransportKey>,
) -> bool {
    let Some(&span) = slot.spans.current() else { return true };
    let Some(shift) = slot.shift(&span, packet) else { return true };
    let Some(out) = span.out(packet.sequence, &shift) else { return true };
    if transport.negotiated.outgoing(packet.codec).is_none() {
        counters.drop_codec_not_negotiated += 1;
        slot.counts.dropped += 1;
        return true;
    }
    if slot.kind == Kind::Video
        && !hollow
        && !transport.media.admits(slot.target.is_some())
        && span.timestamps.of(packet) != slot.continuity.timestamp
    {
        slot.counts.dropped += 1;
        return false;
    }
    slot.continuity.note(out, &span, &shift, packet, bytes.dependency_descriptor);
    // An empty packet is not sent again: under its number another would need another nonce.
    if slot.kind == Kind::Video && !hollow {
        slot.sent.record(out, packet.sequence, span.id);
    }
    #[allow(clippy::cast_possible_truncation)] // The cache keeps no larger ones.
    let len = if hollow { 0 } else { bytes.payload.len() as u16 };
    let (purpose, sequence) = (Purpose::Media, packet.sequence);
    let queued = Queued { slot: key, span: span.id, purpose, hollow, len, sequence };
    if !transport.media.push(queued, slot.kind) {
        counters.drop_queue_full += 1;
        slot.counts.dropped += 1;
        return true;
    }
    if !std::mem::replace(&mut transport.pending, true) {
        pending.push_back(slot.transport);
    }
    true
}
