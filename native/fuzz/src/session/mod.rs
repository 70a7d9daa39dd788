//! Bytes as a session: peers that connect, publish and watch, commands in any order,
//! time in any steps, and datagrams from nobody in particular.
//!
//! The harness keeps the keys, so what the bytes say reaches the engine authenticated:
//! otherwise no fuzzer would ever get past the first tag.

mod accounting;
mod commands;
mod control_lies;
mod liar;
mod neighbour;
mod output;
mod payload_lies;
mod peer;
mod rights;
mod rtcp_lies;
mod rtp_lies;
mod stamp;
mod stun_lies;

use std::net::SocketAddr;
use std::time::Duration;

use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{TransportId, UpTrackId};
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;

use crate::input::Input;
use commands::rid;
use neighbour::Neighbour;
use output::Output;
use peer::{PEERS, Peer, address};
use rights::Rights;

/// A run of the engine under the fuzzer's control.
pub struct Session {
    engine: Engine,
    neighbour: Neighbour,
    now: Instant,
    peers: Vec<Peer>,
    batch: Batch,
    events: Vec<Event>,
    output: Output,
    rights: Rights,
    /// RTP is the liar's only, who keeps to one rollover period and signs its media.
    exact: bool,
    /// How far publishers may still jump ahead in their sequence numbers, and how many
    /// datagrams may still come in bursts.
    jumps: u64,
    bursts: u64,
    /// Never gives the same number twice: SSRCs and keys are used once, as the control
    /// plane promises.
    fresh: u32,
}

impl Session {
    /// An engine, with peers in a call already if the bytes say so.
    #[must_use]
    pub fn new(input: &mut Input<'_>) -> Self {
        let config = Config { max_transports: 4, max_events: 64, seed: 1, ..Config::default() };
        let now = Instant(1_000_000_000);
        let mut session = Self {
            engine: Engine::new(config, now),
            neighbour: Neighbour::new(now),
            now,
            peers: (0..PEERS).map(|_| Peer::default()).collect(),
            batch: Batch::default(),
            events: Vec::new(),
            output: Output::default(),
            rights: Rights::default(),
            exact: false,
            jumps: 30_000,
            bursts: 8_000,
            fresh: 1,
        };
        if input.byte() & 1 == 0 {
            for number in 0..PEERS {
                session.join(number, input);
            }
            for number in 0..PEERS {
                session.watch(number, input);
            }
            session.pump();
        }
        session
    }

    /// Read one thing from the bytes, do it, and see that the engine is sound.
    pub fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 14 {
            0 => self.pass(Duration::from_micros(u64::from(input.short()))),
            1 => self.pass(Duration::from_millis(u64::from(input.short()))),
            2 => {
                let source = address(input.byte());
                self.receive(source, &mut input.slice().to_vec());
            }
            3..=5 => self.receive_rtp(input),
            6 => self.receive_rtcp(input),
            7 => self.receive_check(input),
            8 | 9 => self.command(input),
            10 => {
                // The same packets again, as a network may.
                let source = address(input.byte());
                let peer = &self.peers[usize::from(input.byte()) % PEERS];
                let mut datagram = peer.latest.clone();
                self.receive(source, &mut datagram);
            }
            11 => self.receive_request(input),
            12 => self.watch_elsewhere(input),
            _ => self.events(),
        }
        self.pump();
    }

    /// A viewer of the other engine looks at a track, or turns away.
    fn watch_elsewhere(&mut self, input: &mut Input<'_>) {
        let (slot, track) = (input.byte(), input.byte());
        let Self { engine, neighbour, now, .. } = self;
        match track {
            255 => neighbour.part(engine),
            254 => neighbour.watch(*now, engine, slot, None),
            _ => {
                let source = (UpTrackId(u64::from(track % 6)), rid(input.byte()));
                neighbour.watch(*now, engine, slot, Some(source));
            }
        }
    }

    /// Remove everything: nothing may be left.
    pub fn end(mut self) {
        self.pump();
        self.events();
        for id in 0..16 {
            self.remove_transport(TransportId(id));
        }
        self.pump();
        let Self { mut engine, neighbour, now, .. } = self;
        neighbour.end(now, &mut engine);
        for (name, count) in engine.census().entries() {
            assert_eq!(count, 0, "{name} left");
        }
        engine.handle_deadline(now + Duration::from_secs(60));
        assert_eq!(engine.next_deadline(), None, "an empty engine waits for nothing");
    }

    /// The engine's counters that are not zero: what an input reached.
    #[must_use]
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let checked = ("checked_at_the_receiver", self.output.recognized);
        let counters = self.engine.counters().entries().chain([checked]);
        counters.filter(|(_, count)| *count > 0).collect()
    }

    /// Time goes on, with each deadline met when it comes.
    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..100_000 {
            let next = [self.engine.next_deadline(), self.neighbour.next_deadline()];
            match next.into_iter().flatten().min() {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.pump();
        }
        self.now = end;
        self.pump();
    }

    /// What the driver does after each wake-up.
    fn pump(&mut self) {
        self.neighbour.exchange(self.now, &mut self.engine);
        self.engine.handle_deadline(self.now);
        self.neighbour.exchange(self.now, &mut self.engine);
        self.engine.handle_deadline(self.now);
        let next = self.engine.next_deadline();
        assert!(next.is_none_or(|at| at > self.now), "the driver would spin");
        self.output.begin();
        let waited = self.rights.dequeued(&self.engine);
        for flushes in 0.. {
            assert!(flushes < 10_000, "flush never ends");
            self.batch.clear();
            let more = self.engine.flush(self.now, &mut self.batch);
            let Self { output, batch, peers, rights, engine, exact, .. } = self;
            output.check(batch, peers, rights, engine, *exact);
            if !more {
                break;
            }
        }
        let counters = self.engine.counters();
        assert_eq!(counters.datagrams_sent, self.output.datagrams, "datagrams sent");
        assert_eq!(counters.bytes_sent, self.output.bytes, "bytes sent");
        self.rights.check_queues(&self.engine, waited);
        self.rights.check(&self.engine);
        let census = self.engine.census();
        assert!(census.transports <= PEERS as u64 && census.addresses <= PEERS as u64 * 8);
        assert_eq!((census.up_tracks, census.slots), self.rights.counts());
        assert!(census.encodings <= census.up_tracks * 8);
    }

    /// A datagram arrives; its fate is counted.
    fn receive(&mut self, source: SocketAddr, datagram: &mut [u8]) {
        let before = *self.engine.counters();
        let accepted = self.accepted();
        self.engine.handle_datagram(self.now, source, datagram);
        let accepted = self.accepted() - accepted;
        accounting::check(&before, self.engine.counters(), accepted);
    }

    /// Media packets that live encodings have accepted.
    fn accepted(&self) -> u64 {
        (0..6)
            .filter_map(|id| self.engine.up_track_stats(UpTrackId(id)).ok())
            .flatten()
            .flat_map(|encoding| encoding.counters)
            .filter_map(|(name, count)| (name == "packets").then_some(count))
            .sum()
    }

    fn events(&mut self) {
        self.events.clear();
        self.engine.drain_events(&mut self.events);
        assert!(self.events.len() <= 65, "the event queue is bounded");
    }

    /// A number not given before.
    fn fresh(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }
}
