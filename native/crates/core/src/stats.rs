//! Numbers about single objects, for people and for tests.

use std::time::Duration;

use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{Rid, Ssrc};

use crate::command::CommandError;
use crate::engine::Engine;
use crate::ids::{SlotId, TransportId, UpTrackId};
use crate::time::Instant;

/// One encoding of an up-track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodingStats {
    /// Its RID; empty when the track has a single encoding without one.
    pub rid: Rid,
    /// Its SSRC, once it is known.
    pub ssrc: Option<Ssrc>,
    /// Its codec, once a packet arrived.
    pub codec: Option<Codec>,
    /// Counters by name.
    pub counters: Vec<(&'static str, u64)>,
}

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotStats {
    /// What it shows, if anything.
    pub showing: Option<(UpTrackId, Rid)>,
    /// What it waits for, if anything.
    pub waiting: Option<(UpTrackId, Rid)>,
    /// Counters by name.
    pub counters: Vec<(&'static str, u64)>,
}

#[allow(clippy::cast_possible_truncation)]
fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}

impl Engine {
    /// A transport's counters, `idle_ns` being the time since it was last heard.
    ///
    /// # Errors
    /// `UnknownTransport`.
    pub fn transport_stats(
        &self,
        now: Instant,
        id: TransportId,
    ) -> Result<Vec<(&'static str, u64)>, CommandError> {
        let transport =
            self.transports.get(self.transport_key(id)?).ok_or(CommandError::UnknownTransport)?;
        let idle = u64::try_from(transport.path.idle(now).as_nanos()).unwrap_or(u64::MAX);
        let counts = transport.counts;
        let selected = transport.path.selected();
        Ok([
            ("idle_ns", idle),
            ("connected", u64::from(transport.path.destination().is_some())),
            ("tcp", u64::from(selected.is_some_and(|remote| remote.is_stream()))),
            ("keyed", u64::from(transport.outbound.is_some())),
            ("addresses", transport.path.addresses().count() as u64),
            ("binding_requests", counts.binding_requests),
            ("packets_received", counts.packets_received),
            ("bytes_received", counts.bytes_received),
            ("packets_sent", counts.packets_sent),
            ("bytes_sent", counts.bytes_sent),
            ("rtt_us", transport.round_trip.map_or(0, |nanos| nanos / 1000)),
            ("estimate", transport.bandwidth.estimate().unwrap_or(0)),
            ("demand", transport.bandwidth.demand()),
        ]
        .into_iter()
        .chain(transport.bandwidth.numbers())
        .chain([("pacer_delay_us", micros(transport.media.delay()))])
        .collect())
    }

    /// An up-track's encodings.
    ///
    /// # Errors
    /// `UnknownTrack`.
    pub fn up_track_stats(&self, id: UpTrackId) -> Result<Vec<EncodingStats>, CommandError> {
        let track = self.up_tracks.get(self.up_track_key(id)?).ok_or(CommandError::UnknownTrack)?;
        let encodings = track.encodings.iter().filter_map(|(_, key)| self.encodings.get(*key));
        Ok(encodings
            .map(|encoding| {
                let counts = encoding.counts;
                EncodingStats {
                    rid: encoding.rid,
                    ssrc: encoding.ssrc,
                    codec: encoding.format.map(|format| format.codec),
                    counters: vec![
                        ("live", u64::from(encoding.flow.live())),
                        ("idle", u64::from(encoding.flow.idle())),
                        ("packets", counts.packets),
                        ("bytes", counts.bytes),
                        ("lost", encoding.reception.lost()),
                        ("jitter", encoding.reception.jitter()),
                        ("repaired", counts.repaired),
                        ("nacked", counts.nacked),
                        ("keyframes", counts.keyframes),
                        ("plis", counts.plis),
                        ("viewers", encoding.showing.len() as u64),
                        ("waiting", encoding.waiting.len() as u64),
                    ],
                }
            })
            .collect())
    }

    /// A slot's counters.
    ///
    /// # Errors
    /// `UnknownSlot`.
    pub fn slot_stats(&self, id: SlotId) -> Result<SlotStats, CommandError> {
        let slot = self.slots.get(self.slot_key(id)?).ok_or(CommandError::UnknownSlot)?;
        let counts = slot.counts;
        let name = |key| self.encodings.get(key).map(|encoding| (encoding.up_track, encoding.rid));
        let round_trip = self.transports.get(slot.transport).and_then(|t| t.round_trip);
        Ok(SlotStats {
            showing: slot.showing.and_then(name),
            waiting: slot.target.and_then(name),
            counters: vec![
                ("packets", counts.packets),
                ("bytes", counts.bytes),
                ("nacked", counts.nacked),
                ("retransmitted", counts.retransmitted),
                ("dropped", counts.dropped),
                ("plis", counts.plis),
                ("switches", counts.switches),
                ("lost", counts.lost),
                ("fraction_lost", counts.fraction_lost),
                ("jitter", counts.jitter),
                ("rtt_us", round_trip.map_or(0, |nanos| nanos / 1000)),
            ],
        })
    }
}
