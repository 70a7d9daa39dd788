//! Fan-out: from an encoding's cache to the queues of the slots that show it.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use trio_sfu_wire::codec::{Codec, dependency_descriptor::Mandatory};

use crate::command::Kind;
use crate::counters::Counters;
use crate::engine::Engine;
use crate::event::Event;
use crate::receive::cache::{Bytes, Packet};
use crate::receive::clock::from_ntp;
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::send::pacer::{Purpose, Queued};
use crate::send::reports::{report_soon, ticks};
use crate::send::selection::{Subject, Verdict};
use crate::send::slot::{Slot, SlotKey};
use crate::time::Instant;
use crate::transport::{Transport, TransportKey};

/// How far a splice aligned by sender reports may be from the time that really passed.
const MAX_MISALIGNMENT: u64 = 1_000_000_000;

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

    /// The slot begins with the first picture of a stream that has just begun; false when it is no
    /// such. Between the sizes of one track it would step back in time.
    pub(crate) fn begin_at_first_picture(
        &mut self,
        now: Instant,
        key: SlotKey,
        source: EncodingKey,
    ) -> bool {
        let Some(encoding) = self.encodings.get(source) else { return false };
        let shown = self.slots.get(key).and_then(|slot| self.encodings.get(slot.showing?));
        if encoding.kind != Kind::Video
            || shown.is_some_and(|shown| shown.up_track == encoding.up_track)
        {
            return false;
        }
        let Some(sequence) = encoding.first_picture(now) else { return false };
        let Some(&packet) = encoding.cache.packet(sequence) else { return false };
        if !can_start(encoding, sequence) || !self.splice(now, key, source, &packet) {
            return false;
        }
        let Self { encodings, slots, transports, counters, pending, .. } = self;
        let (Some(encoding), Some(slot)) = (encodings.get(source), slots.get_mut(key)) else {
            return false;
        };
        let Some(transport) = transports.get_mut(slot.transport) else { return false };
        let numbers = sequence..=encoding.sequence.highest().unwrap_or(sequence);
        if !follow(now, key, slot, transport, encoding, numbers, counters, pending) {
            counters.drop_path_too_slow += 1;
            self.interrupt(now, key);
        }
        true
    }

    /// Splices the slots that waited for this packet; they are left in `scratch.spliced`.
    fn splice_waiting(&mut self, now: Instant, key: EncodingKey, sequence: u64) -> bool {
        let Some(encoding) = self.encodings.get_mut(key) else { return false };
        if encoding.waiting.is_empty() || !can_start(encoding, sequence) {
            return false;
        }
        let Some(&packet) = encoding.cache.packet(sequence) else { return false };
        let mut waiting = std::mem::take(&mut self.scratch.waiting);
        self.scratch.spliced.clear();
        std::mem::swap(&mut waiting, &mut encoding.waiting);
        for slot in waiting.drain(..) {
            if self.splice(now, slot, key, &packet) {
                self.scratch.spliced.push(slot);
            } else if let Some(encoding) = self.encodings.get_mut(key) {
                encoding.waiting.push(slot);
            }
        }
        self.scratch.waiting = waiting;
        !self.scratch.spliced.is_empty()
    }

    /// The slot shows the encoding from `packet` on; false when it cannot yet.
    fn splice(&mut self, now: Instant, key: SlotKey, source: EncodingKey, packet: &Packet) -> bool {
        let Some(slot) = self.slots.get(key) else { return false };
        let Some(transport) = self.transports.get(slot.transport) else { return false };
        // What was refused goes on when there is room; something else may well be smaller.
        let same = slot.spans.current().is_some_and(|span| span.encoding == source);
        if !transport.ready() || !transport.media.admits(same) {
            return false;
        }
        let Some(outgoing) = transport.negotiated.outgoing(packet.codec) else {
            self.counters.drop_codec_not_negotiated += 1;
            return false;
        };
        let elapsed = self.elapsed(now, slot, source, packet, outgoing.clock_rate);
        self.hide(key);
        let Self { encodings, slots, transports, timers, .. } = self;
        let (Some(slot), Some(encoding)) = (slots.get_mut(key), encodings.get_mut(source)) else {
            return false;
        };
        let descriptor =
            encoding.cache.get(packet.sequence).map_or(&[][..], |(_, b)| b.dependency_descriptor);
        let frame_number = Mandatory::parse(descriptor).ok().map(|m| m.frame_number);
        let id = slot.spans.next_id();
        let span = slot.continuity.splice(id, source, packet, frame_number, elapsed);
        slot.spans.push(span);
        slot.renew_selection();
        slot.showing = Some(source);
        slot.target = None;
        slot.counts.switches += 1;
        encoding.showing.push(key);
        let (event, owner) = (
            Event::SlotSwitched { slot: slot.id, up_track: encoding.up_track, rid: encoding.rid },
            slot.transport,
        );
        if let Some(transport) = transports.get_mut(owner)
            && let Some(at) = report_soon(transport, now)
        {
            timers.arm(&mut transport.armed, owner, at);
        }
        self.counters.slots_switched += 1;
        self.emit(event);
        true
    }

    /// Ticks from the slot's latest packet to `packet`, at least one: by the publisher's
    /// sender reports between two encodings of one peer, else by the time that passed.
    fn elapsed(
        &self,
        now: Instant,
        slot: &Slot,
        source: EncodingKey,
        packet: &Packet,
        clock_rate: u32,
    ) -> u32 {
        if !slot.continuity.begun {
            return 0;
        }
        let passed = now.0.saturating_sub(slot.continuity.at.0);
        let aligned = self
            .captured_between(slot, source, packet, clock_rate)
            .filter(|aligned| aligned.abs_diff(passed) < MAX_MISALIGNMENT);
        ticks(aligned.unwrap_or(passed), clock_rate).max(1)
    }

    /// Nanoseconds from the capture of the slot's latest packet to that of `packet`.
    fn captured_between(
        &self,
        slot: &Slot,
        source: EncodingKey,
        packet: &Packet,
        clock_rate: u32,
    ) -> Option<u64> {
        let span = slot.spans.current()?;
        let (old, new) = (self.encodings.get(span.encoding)?, self.encodings.get(source)?);
        if old.publisher != new.publisher {
            return None;
        }
        let shown = slot.continuity.timestamp.wrapping_sub(span.timestamp);
        let captured = |encoding: &Encoding, timestamp: u32| {
            let report = encoding.sender_report?;
            let ticks = timestamp.wrapping_sub(report.rtp_timestamp).cast_signed();
            let ntp = (i64::from(ticks) << 32) / i64::from(clock_rate);
            Some(report.ntp.wrapping_add_signed(ntp))
        };
        let between = captured(new, packet.timestamp)?.wrapping_sub(captured(old, shown)?);
        Some(from_ntp(between.cast_signed().max(0).unsigned_abs()))
    }
}

/// Whether a stream can begin at this packet.
fn can_start(encoding: &Encoding, sequence: u64) -> bool {
    let Some(packet) = encoding.cache.packet(sequence) else { return false };
    match (encoding.kind, packet.codec) {
        (Kind::Audio, _) => true,
        // An IDR picture is of no use without the parameter sets before it.
        (Kind::Video, Codec::H264) => {
            let first = encoding.first.unwrap_or(sequence);
            packet.descriptor.keyframe && encoding.cache.whole_frame_to(sequence, first)
        }
        (Kind::Video, _) => packet.descriptor.keyframe,
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
fn follow(
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
        && packet.timestamp.wrapping_add(span.timestamp) != slot.continuity.timestamp
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
