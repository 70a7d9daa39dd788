//! The engine that receives a track has it watched from others.

use std::time::Duration;

use trio_sfu_wire::rtp::Rid;

use crate::command::{CommandError, RelayConfig};
use crate::engine::Engine;
use crate::ids::{EngineId, UpTrackId};
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::relay::batch::{Letter, Message};
use crate::relay::watch::Copied;
use crate::time::Instant;

/// A packet that is missing may still come this long after those behind it: NACKs are repeated
/// for a second.
const PAST: Duration = Duration::from_millis(1500);

/// Another engine that has slots for an encoding.
pub(crate) struct Relay {
    pub(crate) engine: EngineId,
    /// The encoding's place there.
    to: EncodingKey,
    /// Packets it was to have so far.
    count: u64,
}

impl Engine {
    /// What another engine has to know to watch the track; it calls this one `engine`.
    ///
    /// # Errors
    /// `UnknownTrack`.
    pub fn describe_relay(
        &self,
        up_track: UpTrackId,
        engine: EngineId,
    ) -> Result<RelayConfig, CommandError> {
        let key = self.up_track_key(up_track)?;
        let track = self.up_tracks.get(key).ok_or(CommandError::UnknownTrack)?;
        let publisher = track.publisher.here().and_then(|key| self.transports.get(key));
        let publisher = publisher.ok_or(CommandError::UnknownTrack)?.id;
        let rids = track.encodings.iter().map(|(rid, _)| *rid).collect();
        Ok(RelayConfig { engine, publisher, kind: track.kind, rids })
    }

    /// An encoding that is received here.
    pub(crate) fn published(&self, up_track: UpTrackId, rid: Rid) -> Option<EncodingKey> {
        let track = self.up_tracks.get(*self.up_track_ids.get(&up_track)?)?;
        track.publisher.here()?;
        track.encoding(rid)
    }

    pub(super) fn begin_relay(
        &mut self,
        now: Instant,
        from: EngineId,
        up_track: UpTrackId,
        rid: Rid,
        to: EncodingKey,
    ) {
        let Some(key) = self.published(up_track, rid) else {
            return self.tell_engine(from, Message::Ended { up_track });
        };
        let Some(offset) = self.encodings.get(key).map(|encoding| self.clock_offset(encoding))
        else {
            return;
        };
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        encoding.relays.retain(|relay| relay.engine != from);
        encoding.relays.push(Relay { engine: from, to, count: 0 });
        let outbox = self.relay.outbox(from);
        let begin = Letter::Begin(Box::new(Copied::of(encoding, offset)));
        let mut all = outbox.push(Message::To(to, begin));
        if let (Some(numbers), Some(format)) = (past(now, encoding), encoding.format) {
            for source in numbers.filter_map(|number| encoding.cache.get(number)) {
                all &= outbox.push_packet(to, (0, format), source, Letter::Past);
            }
        }
        all &= outbox.push(Message::To(to, Letter::Present));
        self.counters.relay_dropped += u64::from(!all);
    }

    pub(super) fn end_relay(&mut self, from: EngineId, up_track: UpTrackId, rid: Rid) {
        let key = self.published(up_track, rid);
        if let Some(encoding) = key.and_then(|key| self.encodings.get_mut(key)) {
            encoding.relays.retain(|relay| relay.engine != from);
        }
    }

    /// A packet of the encoding was cached: each engine that watches it gets it once.
    pub(crate) fn relay_packet(&mut self, key: EncodingKey, sequence: u64) {
        let Self { encodings, relay: engines, counters, .. } = self;
        let Some(Encoding { relays, cache, format, .. }) = encodings.get_mut(key) else { return };
        let (Some(source), Some(format)) = (cache.get(sequence), *format) else { return };
        for relay in relays {
            relay.count += 1;
            let outbox = engines.outbox(relay.engine);
            if outbox.push_packet(relay.to, (relay.count, format), source, Letter::Packet) {
                counters.relay_sent += 1;
            } else {
                counters.relay_dropped += 1;
            }
        }
    }

    /// A sender report of the encoding came, or the publisher's clock is known better.
    pub(crate) fn relay_report(&mut self, key: EncodingKey) {
        let Some(encoding) = self.encodings.get(key) else { return };
        let Some(info) = encoding.sender_report else { return };
        let offset = self.clock_offset(encoding);
        self.tell_relays(key, || Letter::Report(info, offset));
    }

    /// The encoding goes on under another SSRC.
    pub(crate) fn relay_restart(&mut self, key: EncodingKey) {
        self.tell_relays(key, || Letter::Restart);
    }

    fn tell_relays(&mut self, key: EncodingKey, letter: impl Fn() -> Letter) {
        let Self { encodings, relay: engines, counters, .. } = self;
        let Some(encoding) = encodings.get(key) else { return };
        for relay in &encoding.relays {
            let told = engines.outbox(relay.engine).push(Message::To(relay.to, letter()));
            counters.relay_dropped += u64::from(!told);
        }
    }

    /// The track is no more.
    pub(crate) fn end_relays(&mut self, up_track: UpTrackId, relays: &[Relay]) {
        for relay in relays {
            self.tell_engine(relay.engine, Message::Ended { up_track });
        }
    }

    pub(super) fn tell_engine(&mut self, engine: EngineId, message: Message) {
        let told = self.relay.outbox(engine).push(message);
        self.counters.relay_dropped += u64::from(!told);
    }
}

/// The packets that whoever begins to watch now may need: of a stream that has just begun all; of
/// another those of the frame under way, of the one from which something may still come, and those
/// from a keyframe on that slots can begin with now. A frame is known to be whole by the packet
/// before it.
fn past(now: Instant, encoding: &Encoding) -> Option<std::ops::RangeInclusive<u64>> {
    let highest = encoding.sequence.highest()?;
    let cache = &encoding.cache;
    let lowest = (highest + 1).saturating_sub(cache.reach());
    let (mut earliest, mut before_gap, mut gap, mut old) = (highest, None, false, false);
    for number in (lowest..=highest).rev() {
        let Some(packet) = cache.packet(number) else {
            gap = true;
            continue;
        };
        if std::mem::take(&mut gap) {
            before_gap = Some(number);
        }
        old = now.since(packet.arrived) > PAST;
        if old {
            break;
        }
        earliest = number;
    }
    // Without an old one that is followed by all others, something may come before the earliest.
    if !old && (gap || lowest == 0) {
        return Some(earliest..=highest);
    }
    let within = before_gap.unwrap_or(highest);
    let recent = encoding.recent_picture(now).map_or(highest, |numbers| *numbers.start());
    let within = within.min(recent);
    let timestamp = cache.packet(within)?.timestamp;
    let of_frame = |number: &u64| cache.packet(*number).is_some_and(|p| p.timestamp == timestamp);
    let first = (lowest..=within).rev().take_while(of_frame).last()?;
    Some(first.saturating_sub(1)..=highest)
}
