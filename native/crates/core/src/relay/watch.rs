//! The engine that watches a track which another one receives.

use std::time::Duration;

use trio_sfu_wire::rtcp::SenderInfo;
use trio_sfu_wire::rtp::{Mid, Rid};

use crate::command::{CommandError, Kind, RelayConfig};
use crate::engine::Engine;
use crate::engine::commands::MAX_ENCODINGS;
use crate::ids::{EngineId, UpTrackId};
use crate::receive::cache::{Bytes, Cache};
use crate::receive::dependencies::Dependencies;
use crate::receive::encoding::{Encoding, EncodingKey};
use crate::receive::layers::LayerRates;
use crate::receive::publisher::Publisher;
use crate::receive::up_track::UpTrack;
use crate::relay::Relays;
use crate::relay::batch::{Message, Relayed};
use crate::time::Instant;
use crate::transport::negotiated::Format;

/// An encoding goes on being relayed for so long after the last slot has turned away: whoever turns
/// back finds it as if it had been watched, and retransmissions are still served.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has asked for it.
    Idle,
    /// Nothing of it has come yet.
    Asked,
    /// What was there before comes.
    Filling,
    Flowing,
}

/// How it stands with an encoding that is received elsewhere.
pub(crate) struct Watched {
    state: State,
    /// Of the latest packet.
    count: u64,
    /// From the publisher's clock to the engines'.
    pub(crate) offset: Option<i64>,
    /// Since when no slot has watched it.
    idle_since: Option<Instant>,
}

impl Watched {
    fn new(now: Instant) -> Self {
        Self { state: State::Idle, count: 0, offset: None, idle_since: Some(now) }
    }

    /// Whether it is as its engine has it.
    pub(crate) fn flows(&self) -> bool {
        self.state == State::Flowing
    }
}

/// What an engine knows of an encoding, besides its packets.
pub(crate) struct Copied {
    highest: Option<u64>,
    first: Option<u64>,
    keyframe: Option<(u32, u64)>,
    format: Option<Format>,
    dependencies: Dependencies,
    layers: LayerRates,
    sender_report: Option<SenderInfo>,
    offset: Option<i64>,
}

impl Copied {
    pub(crate) fn of(encoding: &Encoding, offset: Option<i64>) -> Self {
        Self {
            highest: encoding.sequence.highest(),
            first: encoding.first,
            keyframe: encoding.keyframe,
            format: encoding.format,
            dependencies: encoding.dependencies.clone(),
            layers: encoding.layers.clone(),
            sender_report: encoding.sender_report,
            offset,
        }
    }
}

impl Relays {
    /// A slot has begun to wait for the encoding; false while it is to be seen what of it is there.
    pub(crate) fn looked_at(&mut self, key: EncodingKey, encoding: &mut Encoding) -> bool {
        let (Some(watched), Some(engine)) = (&mut encoding.relayed, encoding.publisher.there())
        else {
            return true;
        };
        watched.idle_since = None;
        if watched.state == State::Idle {
            let (up_track, rid) = (encoding.up_track, encoding.rid);
            if self.outbox(engine).push(Message::Watch { up_track, rid, to: key }) {
                watched.state = State::Asked;
            }
        }
        watched.flows()
    }

    /// A slot has turned away from the encoding.
    pub(crate) fn looked_away(&mut self, encoding: &Encoding) {
        if encoding.relayed.is_some() && !encoding.watched() {
            self.call(Instant(0));
        }
    }
}

impl Engine {
    pub(crate) fn add_relay(
        &mut self,
        now: Instant,
        id: UpTrackId,
        config: RelayConfig,
    ) -> Result<(), CommandError> {
        let RelayConfig { engine, publisher, kind, rids } = config;
        if let Some(track) = self.up_track_ids.get(&id).and_then(|&key| self.up_tracks.get(key)) {
            let same = track.publisher.there() == Some(engine);
            return if same { Ok(()) } else { Err(CommandError::UnknownTrack) };
        }
        if rids.len() > MAX_ENCODINGS {
            return Err(CommandError::TooMany);
        }
        let publisher = Publisher::There { engine, transport: publisher };
        let encodings = rids
            .into_iter()
            .map(|rid| {
                let mut encoding = Encoding::new(id, publisher, kind, rid);
                encoding.relayed = Some(Box::new(Watched::new(now)));
                (rid, self.encodings.insert(encoding))
            })
            .collect();
        let (mid, measured, layers) = (Mid::EMPTY, 0, Vec::new());
        let key = self.up_tracks.insert(UpTrack {
            id,
            publisher,
            kind,
            mid,
            encodings,
            measured,
            layers,
        });
        self.up_track_ids.insert(id, key);
        self.relay.tracks.push(key);
        self.relay.call(now + GRACE);
        Ok(())
    }

    /// Relay up-tracks, and their encodings.
    pub(crate) fn relayed(&self) -> (usize, usize) {
        let tracks = self.relay.tracks.iter().filter_map(|&key| self.up_tracks.get(key));
        tracks.fold((0, 0), |(tracks, encodings), each| {
            (tracks + 1, encodings + each.encodings.len())
        })
    }

    pub(super) fn relay_begins(&mut self, key: EncodingKey, copied: &Copied) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let Some(watched) = encoding.relayed.as_mut().filter(|w| w.state == State::Asked) else {
            return;
        };
        (watched.state, watched.count, watched.offset) = (State::Filling, 0, copied.offset);
        encoding.restart();
        encoding.cache = Cache::new(encoding.kind);
        if let Some(highest) = copied.highest {
            encoding.sequence.follow(highest);
        }
        (encoding.first, encoding.keyframe) = (copied.first, copied.keyframe);
        (encoding.format, encoding.sender_report) = (copied.format, copied.sender_report);
        encoding.dependencies = copied.dependencies.clone();
        encoding.layers = copied.layers.clone();
    }

    pub(super) fn recall(&mut self, key: EncodingKey, relayed: &Relayed, bytes: Bytes<'_>) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        if encoding.relayed.as_ref().is_some_and(|watched| watched.state == State::Filling) {
            encoding.cache.insert(relayed.packet, bytes);
            self.counters.relay_received += 1;
        }
    }

    /// The encoding is as its engine has it: the slots that wait begin as they would there.
    pub(super) fn relay_flows(&mut self, now: Instant, key: EncodingKey) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let Some(watched) = encoding.relayed.as_mut().filter(|w| w.state == State::Filling) else {
            return;
        };
        watched.state = State::Flowing;
        let waiting = std::mem::take(&mut encoding.waiting);
        for slot in waiting {
            if !self.begin_at_recent_picture(now, slot, key) {
                self.wait(now, slot, key);
            }
        }
    }

    /// A packet has just come, there and here.
    pub(super) fn take_over(
        &mut self,
        now: Instant,
        key: EncodingKey,
        relayed: &Relayed,
        bytes: Bytes<'_>,
    ) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let Some(watched) = encoding.relayed.as_mut().filter(|watched| watched.flows()) else {
            return;
        };
        let missed = std::mem::replace(&mut watched.count, relayed.count) + 1 != relayed.count;
        let packet = relayed.packet;
        let (sequence, mut descriptor) = (packet.sequence, packet.descriptor);
        let newest = encoding.sequence.highest().is_none_or(|highest| sequence > highest);
        encoding.sequence.follow(sequence);
        encoding.first.get_or_insert(sequence);
        encoding.format = Some(relayed.format);
        encoding.cache.insert(packet, bytes);
        if encoding.kind == Kind::Video {
            let descriptor_bytes = bytes.dependency_descriptor;
            if !descriptor_bytes.is_empty() {
                encoding.dependencies.read(descriptor_bytes, sequence, newest, &mut descriptor);
            }
            if packet.descriptor.keyframe {
                if encoding.keyframe.is_none_or(|(timestamp, _)| timestamp != packet.timestamp) {
                    encoding.keyframe = Some((packet.timestamp, sequence));
                }
                encoding.keyframes.arrived();
            }
            encoding.layers.count(packet.arrived, &packet.descriptor, bytes.payload.len());
        }
        self.counters.relay_received += 1;
        if missed {
            self.counters.relay_gaps += 1;
            self.ask_keyframe(now, key);
        }
        self.forward(now, key, sequence);
    }

    pub(super) fn relay_reported(
        &mut self,
        key: EncodingKey,
        info: SenderInfo,
        offset: Option<i64>,
    ) {
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        let Some(watched) = encoding.relayed.as_mut().filter(|watched| watched.flows()) else {
            return;
        };
        watched.offset = offset;
        encoding.sender_report = Some(info);
    }

    pub(super) fn relay_restarted(&mut self, now: Instant, key: EncodingKey) {
        let encoding = self.encodings.get(key);
        let watched = encoding.and_then(|encoding| encoding.relayed.as_ref());
        if watched.is_some_and(|watched| watched.flows()) {
            self.restart(now, key);
        }
    }

    pub(super) fn relay_ended(&mut self, from: EngineId, id: UpTrackId) {
        let track = self.up_track_ids.get(&id).and_then(|&key| self.up_tracks.get(key));
        if track.is_some_and(|track| track.publisher.there() == Some(from)) {
            self.remove_up_track(id);
        }
    }

    /// Asks for keyframes that are due, and gives up what has not been watched for a while.
    pub(crate) fn tend_relays(&mut self, now: Instant) {
        self.relay.due = None;
        for track in self.relay.tracks.clone() {
            let Some(track) = self.up_tracks.get(track) else { continue };
            let (id, encodings) = (track.id, track.encodings.clone());
            let mut given_up = true;
            for (rid, key) in encodings {
                self.ask_there(now, id, rid, key);
                given_up &= self.gives_up(now, id, rid, key);
            }
            if given_up {
                self.remove_up_track(id);
            }
        }
    }

    fn ask_there(&mut self, now: Instant, up_track: UpTrackId, rid: Rid, key: EncodingKey) {
        let Some(at) = self.next_keyframe_request(key) else { return };
        if at > now {
            return self.relay.call(at);
        }
        let Some(encoding) = self.encodings.get_mut(key) else { return };
        encoding.keyframes.sent(now);
        if let Some(engine) = encoding.publisher.there() {
            self.tell_engine(engine, Message::Keyframe { up_track, rid });
        }
        if let Some(at) = self.next_keyframe_request(key) {
            self.relay.call(at);
        }
    }

    /// Whether nobody has watched the encoding for a while.
    fn gives_up(&mut self, now: Instant, up_track: UpTrackId, rid: Rid, key: EncodingKey) -> bool {
        let Some(encoding) = self.encodings.get_mut(key) else { return true };
        let unwatched = !encoding.watched();
        let (Some(watched), Some(engine)) = (&mut encoding.relayed, encoding.publisher.there())
        else {
            return true;
        };
        if !unwatched {
            return false;
        }
        let since = *watched.idle_since.get_or_insert(now);
        if since + GRACE > now {
            self.relay.call(since + GRACE);
            return false;
        }
        if watched.state != State::Idle {
            watched.state = State::Idle;
            encoding.cache = Cache::new(encoding.kind);
            self.tell_engine(engine, Message::Unwatch { up_track, rid });
        }
        true
    }
}
