//! Where a slot's stream changes to another encoding: at a keyframe that comes, or that has just come.

use trio_sfu_wire::codec::{Codec, dependency_descriptor::Mandatory};

use crate::command::Kind;
use crate::engine::Engine;
use crate::event::Event;
use crate::receive::cache::Packet;
use crate::receive::clock::from_ntp;
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::send::forward::follow;
use crate::send::reports::{report_soon, ticks};
use crate::send::slot::{Slot, SlotKey};
use crate::send::timestamps::Timestamps;
use crate::time::Instant;

/// How far a splice aligned by sender reports may be from the time that really passed.
const MAX_MISALIGNMENT: u64 = 1_000_000_000;

impl Engine {
    /// The slot begins with the latest picture that a stream can begin with, and gets what has come
    /// since at once; false when that is too long ago, or more than its path takes soon.
    pub(crate) fn begin_at_recent_picture(
        &mut self,
        now: Instant,
        key: SlotKey,
        source: EncodingKey,
    ) -> bool {
        let (Some(slot), Some(encoding)) = (self.slots.get(key), self.encodings.get(source)) else {
            return false;
        };
        if encoding.kind != Kind::Video {
            return false;
        }
        let Some(numbers) = encoding.recent_picture(now) else { return false };
        let sequence = *numbers.start();
        let (Some(&packet), Some(&newest)) =
            (encoding.cache.packet(sequence), encoding.cache.packet(*numbers.end()))
        else {
            return false;
        };
        let transport = self.transports.get(slot.transport);
        let bytes = encoding.cache.bytes(numbers.clone());
        if !can_start(encoding, sequence)
            || !transport.is_some_and(|transport| transport.media.takes_soon(bytes))
            || !self.splice(now, key, source, &packet, &newest)
        {
            return false;
        }
        let Self { encodings, slots, transports, counters, pending, .. } = self;
        let (Some(encoding), Some(slot)) = (encodings.get(source), slots.get_mut(key)) else {
            return false;
        };
        let Some(transport) = transports.get_mut(slot.transport) else { return false };
        counters.slots_joined += 1;
        if !follow(now, key, slot, transport, encoding, numbers, counters, pending) {
            counters.drop_path_too_slow += 1;
            self.interrupt(now, key);
        }
        true
    }

    /// Splices the slots that waited for this packet; they are left in `scratch.spliced`.
    pub(super) fn splice_waiting(&mut self, now: Instant, key: EncodingKey, sequence: u64) -> bool {
        let Some(encoding) = self.encodings.get_mut(key) else { return false };
        if encoding.waiting.is_empty() || !can_start(encoding, sequence) {
            return false;
        }
        let Some(&packet) = encoding.cache.packet(sequence) else { return false };
        let mut waiting = std::mem::take(&mut self.scratch.waiting);
        self.scratch.spliced.clear();
        std::mem::swap(&mut waiting, &mut encoding.waiting);
        for slot in waiting.drain(..) {
            if self.splice(now, slot, key, &packet, &packet) {
                self.scratch.spliced.push(slot);
            } else if let Some(encoding) = self.encodings.get_mut(key) {
                encoding.waiting.push(slot);
            }
        }
        self.scratch.waiting = waiting;
        !self.scratch.spliced.is_empty()
    }

    /// The slot shows the encoding from `packet` on; false when it cannot yet. `newest` is the latest
    /// packet of it that is here.
    fn splice(
        &mut self,
        now: Instant,
        key: SlotKey,
        source: EncodingKey,
        packet: &Packet,
        newest: &Packet,
    ) -> bool {
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
        let clock_rate = outgoing.clock_rate;
        let elapsed = self.elapsed(slot, source, newest, clock_rate);
        self.hide(key);
        let Self { encodings, slots, transports, timers, .. } = self;
        let (Some(slot), Some(encoding)) = (slots.get_mut(key), encodings.get_mut(source)) else {
            return false;
        };
        let descriptor =
            encoding.cache.get(packet.sequence).map_or(&[][..], |(_, b)| b.dependency_descriptor);
        let frame_number = Mandatory::parse(descriptor).ok().map(|m| m.frame_number);
        let id = slot.spans.next_id();
        let timestamps =
            Timestamps::new(slot.continuity.timestamp, elapsed, packet, newest, clock_rate);
        let span = slot.continuity.splice(id, source, packet, frame_number, timestamps);
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
    fn elapsed(&self, slot: &Slot, source: EncodingKey, packet: &Packet, clock_rate: u32) -> u32 {
        if !slot.continuity.begun {
            return 0;
        }
        let passed = packet.arrived.0.saturating_sub(slot.continuity.at.0);
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
        let shown = span.timestamps.back(slot.continuity.timestamp);
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
