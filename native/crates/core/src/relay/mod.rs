//! Tracks that are published in one engine and watched from another.
//!
//! The watching engine has a *relay up-track*, under the handle the track has where it is
//! published. As soon as a slot waits for one of its encodings it asks for that encoding, once,
//! however many slots there are; from then on it gets what the publisher's engine keeps of it:
//! each packet after decryption, deduplication and repair, numbered and described, with the time
//! of its arrival. So the encoding it keeps is a copy, and slots there forward the same packets in
//! the same order as slots of the publisher's engine would. Back go requests: for an encoding, for
//! a keyframe, for no more.
//!
//! What is for another engine waits in a [`RelayBatch`]; whoever owns the engines brings it there.

mod batch;
pub(crate) mod publish;
pub(crate) mod watch;

pub use batch::RelayBatch;

use crate::engine::Engine;
use crate::ids::EngineId;
use crate::receive::up_track::UpTrackKey;
use crate::time::Instant;

use batch::{Letter, Message};

/// An engine's side of all relays.
#[derive(Default)]
pub(crate) struct Relays {
    /// What is to be brought to other engines. A handful: no map is quicker.
    outboxes: Vec<(EngineId, RelayBatch)>,
    /// Relay up-tracks.
    pub(crate) tracks: Vec<UpTrackKey>,
    /// When [`Engine::tend_relays`] next has something to do.
    pub(crate) due: Option<Instant>,
}

impl Relays {
    fn outbox(&mut self, engine: EngineId) -> &mut RelayBatch {
        let index = self.outboxes.iter().position(|(other, _)| *other == engine);
        let index = index.unwrap_or_else(|| {
            self.outboxes.push((engine, RelayBatch::default()));
            self.outboxes.len() - 1
        });
        &mut self.outboxes[index].1
    }

    /// Something is due at `at`.
    pub(crate) fn call(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

impl Engine {
    /// What waits for other engines; whoever takes it leaves an empty batch.
    pub fn relay_outboxes(&mut self) -> impl Iterator<Item = (EngineId, &mut RelayBatch)> {
        let outboxes = self.relay.outboxes.iter_mut().map(|(engine, batch)| (*engine, batch));
        outboxes.filter(|(_, batch)| !batch.is_empty())
    }

    /// What engine `from` had for this one has come.
    pub fn handle_relayed(&mut self, now: Instant, from: EngineId, batch: &RelayBatch) {
        for message in batch.messages() {
            match message {
                Message::Watch { up_track, rid, to } => {
                    self.begin_relay(now, from, *up_track, *rid, *to);
                }
                Message::Unwatch { up_track, rid } => self.end_relay(from, *up_track, *rid),
                Message::Keyframe { up_track, rid } => {
                    if let Some(key) = self.published(*up_track, *rid) {
                        self.ask_keyframe(now, key);
                    }
                }
                Message::To(to, letter) => match letter {
                    Letter::Begin(copy) => self.relay_begins(*to, copy),
                    Letter::Past(packet) => self.recall(*to, packet, batch.bytes(packet)),
                    Letter::Present => self.relay_flows(now, *to),
                    Letter::Packet(packet) => {
                        self.take_over(now, *to, packet, batch.bytes(packet));
                    }
                    Letter::Report(info, offset) => self.relay_reported(*to, *info, *offset),
                    Letter::Restart => self.relay_restarted(now, *to),
                },
                Message::Ended { up_track } => self.relay_ended(from, *up_track),
            }
        }
    }

    /// Engine `lost` is no more, or begins anew: its tracks are gone, and its viewers.
    pub fn lose_engine(&mut self, lost: EngineId) {
        self.relay.outboxes.retain(|(engine, _)| *engine != lost);
        let published: Vec<_> = self.up_track_ids.values().copied().collect();
        for key in published {
            let Some(track) = self.up_tracks.get(key) else { continue };
            if track.publisher.there() == Some(lost) {
                self.remove_up_track(track.id);
                continue;
            }
            for (_, key) in &track.encodings {
                if let Some(encoding) = self.encodings.get_mut(*key) {
                    encoding.relays.retain(|relay| relay.engine != lost);
                }
            }
        }
    }
}
