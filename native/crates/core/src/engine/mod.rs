//! The engine: its state, and what the driver calls.

pub(crate) mod commands;
pub(crate) mod events;
mod ice;
mod rebinding;
mod removal;
pub(crate) mod tick;
pub(crate) mod timers;

use std::collections::{HashMap, VecDeque};

use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtp::Ssrc;

use crate::arena::Arena;
use crate::census::Census;
use crate::config::Config;
use crate::counters::Counters;
use crate::event::Event;
use crate::ids::{SlotId, TransportId, UpTrackId};
use crate::random::Random;
use crate::rate::Rate;
use crate::receive::encoding::Encoding;
use crate::receive::up_track::{UpTrack, UpTrackKey};
use crate::relay::Relays;
use crate::remote::Remote;
use crate::send::scratch::Scratch;
use crate::send::slot::{Slot, SlotKey};
use crate::strangers::Strangers;
use crate::time::Instant;
use crate::transport::path::Timeouts;
use crate::transport::{Transport, TransportKey};

use events::EventQueue;
use timers::Timers;

/// The largest DTLS datagram that is passed on; handshakes fragment below the path's MTU.
const MAX_CONTROL: usize = 2048;
/// DTLS datagrams of one transport that may wait for the control plane. Further ones are
/// dropped; DTLS repeats a flight that is not answered.
const MAX_CONTROL_WAITING: usize = 64;
/// DTLS datagrams of one transport that are passed on. Each costs the control plane far more
/// than it costs here; a handshake has about ten.
const CONTROL: Rate = Rate::per_second(500, 256);

/// See the crate's documentation.
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    pub(crate) random: Random,
    pub(crate) strangers: Strangers,
    pub(crate) events: EventQueue,
    pub(crate) timers: Timers,
    pub(crate) transports: Arena<Transport>,
    pub(crate) up_tracks: Arena<UpTrack>,
    pub(crate) encodings: Arena<Encoding>,
    pub(crate) slots: Arena<Slot>,
    pub(crate) relay: Relays,
    pub(crate) transport_ids: HashMap<TransportId, TransportKey>,
    pub(crate) up_track_ids: HashMap<UpTrackId, UpTrackKey>,
    pub(crate) slot_ids: HashMap<SlotId, SlotKey>,
    /// Only addresses that authenticated: nobody else can fill it.
    pub(crate) by_address: HashMap<Remote, TransportKey>,
    pub(crate) by_ufrag: HashMap<String, TransportKey>,
    /// Who has sent something authentic under an SSRC, the last one if several have.
    pub(crate) by_ssrc: HashMap<Ssrc, TransportKey>,
    /// Connections of transports that are gone.
    pub(crate) orphans: Vec<Remote>,
    /// Transports with something to send, each at most once (`Transport::pending`).
    pub(crate) pending: VecDeque<TransportKey>,
    pub(crate) scratch: Scratch,
    /// When the datagram that is looked at arrived.
    pub(crate) arrived: Instant,
}

impl Engine {
    /// An engine without transports: nothing is due before something is added.
    #[must_use]
    pub fn new(config: Config, _now: Instant) -> Self {
        let mut random = Random::new(config.seed);
        Self {
            counters: Counters::default(),
            strangers: Strangers::new(&mut random),
            random,
            events: EventQueue::new(config.max_events),
            timers: Timers::default(),
            transports: Arena::new(),
            up_tracks: Arena::new(),
            encodings: Arena::new(),
            slots: Arena::new(),
            relay: Relays::default(),
            transport_ids: HashMap::new(),
            up_track_ids: HashMap::new(),
            slot_ids: HashMap::new(),
            by_address: HashMap::new(),
            by_ufrag: HashMap::new(),
            by_ssrc: HashMap::new(),
            orphans: Vec::new(),
            pending: VecDeque::new(),
            scratch: Scratch::default(),
            arrived: Instant::default(),
            config,
        }
    }

    /// A datagram arrives from `source`; it is decrypted in place. Never fails: what
    /// cannot be used is counted and forgotten.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        source: impl Into<Remote>,
        datagram: &mut [u8],
    ) {
        self.handle_received(now, now, source, datagram);
    }

    /// The same of one that `arrived` before it could be looked at. What publishers are told of
    /// arrivals is true then: a browser that measures its network sends a few packets within
    /// milliseconds, and gives up on it if all seem to have come at once.
    pub fn handle_received(
        &mut self,
        now: Instant,
        arrived: Instant,
        source: impl Into<Remote>,
        datagram: &mut [u8],
    ) {
        let source = source.into();
        self.arrived = arrived;
        self.counters.datagrams_received += 1;
        self.counters.bytes_received += datagram.len() as u64;
        match classify(datagram) {
            Some(Class::Stun) => return self.handle_stun(now, source, datagram),
            None => {
                self.counters.drop_unknown_class += 1;
                return;
            }
            Some(_) => {}
        }
        let Some(&key) = self.by_address.get(&source) else {
            return self.handle_stranger(now, source, datagram);
        };
        match classify(datagram) {
            Some(Class::Dtls) => self.handle_control(now, key, datagram),
            Some(Class::Rtp) => self.handle_rtp(now, key, datagram),
            _ => self.handle_rtcp(now, key, datagram),
        }
    }

    fn handle_control(&mut self, now: Instant, key: TransportKey, datagram: &[u8]) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if datagram.len() > MAX_CONTROL {
            self.counters.drop_control_oversize += 1;
        } else if transport.control_waiting >= MAX_CONTROL_WAITING {
            self.counters.drop_control_budget += 1;
        } else if !transport.control.take(now, CONTROL) {
            self.counters.drop_control_rate += 1;
        } else {
            transport.control_waiting += 1;
            self.counters.control_received += 1;
            let transport = transport.id;
            self.emit(Event::ControlDatagram { transport, data: datagram.to_vec() });
        }
    }

    /// Does what is due by `now`.
    pub fn handle_deadline(&mut self, now: Instant) {
        while let Some((at, key)) = self.timers.pop(now) {
            let live = self.transports.get_mut(key).is_some_and(|t| t.armed.fire(at));
            if live {
                self.tick(now, key);
            }
        }
        if self.relay.due.is_some_and(|at| at <= now) {
            self.tend_relays(now);
        }
    }

    /// When [`Engine::handle_deadline`] wants to be called next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.timers.next(), self.relay.due].into_iter().flatten().min()
    }

    /// Appends all waiting events to `into`, oldest first.
    pub fn drain_events(&mut self, into: &mut Vec<Event>) {
        let first = into.len();
        self.events.drain(into);
        for event in &into[first..] {
            if let Event::ControlDatagram { transport, .. } = event {
                let key = self.transport_ids.get(transport);
                if let Some(transport) = key.and_then(|&key| self.transports.get_mut(key)) {
                    transport.control_waiting = transport.control_waiting.saturating_sub(1);
                }
            }
        }
    }

    /// Appends the connections whose transports have been removed since the last call: nobody
    /// needs them any more.
    pub fn drain_orphans(&mut self, into: &mut Vec<Remote>) {
        into.append(&mut self.orphans);
    }

    /// What exists.
    #[must_use]
    pub fn census(&self) -> Census {
        let (relays, relayed) = self.relayed();
        Census {
            transports: self.transports.len() as u64,
            addresses: self.by_address.len() as u64,
            up_tracks: (self.up_tracks.len() - relays) as u64,
            encodings: (self.encodings.len() - relayed) as u64,
            slots: self.slots.len() as u64,
            relays: relays as u64,
        }
    }

    /// How many SSRCs are known of those who are there; of several who share one, the last.
    #[must_use]
    pub fn senders(&self) -> usize {
        self.by_ssrc.len()
    }

    /// What was done since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn emit(&mut self, event: Event) {
        let Some(evicted) = self.events.push(event) else { return };
        self.counters.events_lost += 1;
        if let Event::ControlDatagram { transport, .. } = evicted {
            let key = self.transport_ids.get(&transport);
            if let Some(transport) = key.and_then(|&key| self.transports.get_mut(key)) {
                transport.control_waiting = transport.control_waiting.saturating_sub(1);
            }
        }
    }

    /// Has `tick` called for the transport no later than `at`.
    #[inline]
    pub(crate) fn wake(&mut self, key: TransportKey, at: Instant) {
        if let Some(transport) = self.transports.get_mut(key) {
            self.timers.arm(&mut transport.armed, key, at);
        }
    }

    /// Puts the transport on the list of the next flush.
    #[inline]
    pub(crate) fn has_output(&mut self, key: TransportKey) {
        if let Some(transport) = self.transports.get_mut(key)
            && !std::mem::replace(&mut transport.pending, true)
        {
            self.pending.push_back(key);
        }
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts { consent: self.config.consent_timeout, silence: self.config.silence_timeout }
    }
}
