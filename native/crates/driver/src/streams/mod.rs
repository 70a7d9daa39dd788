//! ICE over TCP (RFC 6544), the passive side: where UDP is blocked, clients connect.
//!
//! Everybody may connect, so whoever has not shown by an authenticated check to be a peer has
//! little: some seconds, one of a few places, which the longest waiting loses to a newcomer,
//! and STUN alone. Places are counted in `places`; what a peer may have waiting is bounded in
//! `connection`.

mod connection;
mod places;

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::os::fd::AsFd;
use std::time::Duration;

use trio_sfu_core::engine::Engine;
use trio_sfu_core::remote::Remote;
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Run;
use trio_sfu_wire::demux::{Class, classify};

use crate::counters::Counters;
use crate::sys::{self, Interest, Poller};
use connection::{Connection, Outcome};
use places::{Places, Waiting};

/// How long one may be unproven; after it has been a peer's, longer: browsers check paths
/// they have no use for every 25 s.
const PROVE_WITHIN: Duration = Duration::from_secs(10);
const PROVE_AGAIN_WITHIN: Duration = Duration::from_secs(40);
/// Connections accepted in a turn, of one listener.
const ACCEPTS_PER_TURN: usize = 16;
/// How often what has lasted too long is looked for, and how long there is no accepting after
/// it has failed for want of descriptors.
const SWEEP: Duration = Duration::from_millis(500);
/// Bytes read from a connection in a turn: so much the others wait for.
const READ: usize = 16 * 1024;
/// The same from who is unproven: some checks.
const READ_UNPROVEN: usize = 2 * 1024;

/// Tokens of epoll from here on are the listeners', and from there on the connections'.
const LISTENER: u64 = 1 << 32;
const CONNECTION: u64 = 1 << 33;

/// A worker's listening sockets and their connections.
pub(crate) struct Streams {
    listeners: Vec<TcpListener>,
    connections: HashMap<NonZeroU32, Connection>,
    latest: NonZeroU32,
    places: Places,
    /// Connections to be written to, or whose interest may have changed.
    listed: Vec<NonZeroU32>,
    orphans: Vec<Remote>,
    buffer: Box<[u8]>,
    swept: Instant,
    /// Nobody is accepted before the next sweep.
    resting: bool,
}

impl Streams {
    pub(crate) fn new(listeners: Vec<TcpListener>, poller: &Poller) -> io::Result<Self> {
        for (index, listener) in listeners.iter().enumerate() {
            poller.add(listener.as_fd(), LISTENER + index as u64, Interest::Read)?;
        }
        let buffer = if listeners.is_empty() { 0 } else { READ };
        Ok(Self {
            listeners,
            connections: HashMap::new(),
            latest: NonZeroU32::MIN,
            places: Places::default(),
            listed: Vec::new(),
            orphans: Vec::new(),
            buffer: vec![0; buffer].into_boxed_slice(),
            swept: Instant(0),
            resting: false,
        })
    }

    /// Something of ours is ready; `token` is at least `LISTENER`.
    pub(crate) fn ready(
        &mut self,
        now: Instant,
        token: u64,
        readable: bool,
        engine: &mut Engine,
        counters: &mut Counters,
        poller: &Poller,
    ) -> io::Result<()> {
        if token < CONNECTION {
            let index = usize::try_from(token - LISTENER).unwrap_or(usize::MAX);
            return self.accept(now, index, engine, counters, poller);
        }
        let Some(number) = u32::try_from(token - CONNECTION).ok().and_then(NonZeroU32::new) else {
            return Ok(());
        };
        if readable {
            self.receive(now, number, engine, counters);
        }
        self.list(number);
        Ok(())
    }

    /// Whether `token` is one of ours.
    pub(crate) fn owns(token: u64) -> bool {
        token >= LISTENER
    }

    fn accept(
        &mut self,
        now: Instant,
        index: usize,
        engine: &mut Engine,
        counters: &mut Counters,
        poller: &Poller,
    ) -> io::Result<()> {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = self.listeners.get(index) else { return Ok(()) };
            let (socket, address) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => return self.cannot_accept(&error, counters, poller),
            };
            if !self.places.admits(address.ip()) {
                counters.stream_refused += 1;
                continue;
            }
            if let Some(oldest) = self.places.too_long() {
                counters.stream_unproven += 1;
                self.end(oldest, engine, counters);
            }
            let number = self.next_number();
            let token = CONNECTION + u64::from(number.get());
            if sys::tune_stream(&socket).is_err()
                || poller.add(socket.as_fd(), token, Interest::Read).is_err()
            {
                // It is gone already, or the kernel has no memory for one more.
                counters.stream_refused += 1;
                continue;
            }
            let remote = Remote::stream(address, number);
            self.connections.insert(number, Connection::new(socket, remote, now));
            self.places.take(address.ip(), Waiting { since: now, number });
            counters.stream_accepted += 1;
        }
        Ok(())
    }

    /// Without descriptors for more the listener would be ready all the time.
    fn cannot_accept(
        &mut self,
        error: &io::Error,
        counters: &mut Counters,
        poller: &Poller,
    ) -> io::Result<()> {
        use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
        if matches!(error.kind(), WouldBlock | ConnectionAborted | Interrupted) {
            return Ok(());
        }
        counters.stream_refused += 1;
        self.rest(true, poller)
    }

    fn rest(&mut self, resting: bool, poller: &Poller) -> io::Result<()> {
        let interest = if resting { Interest::Nothing } else { Interest::Read };
        for (index, listener) in self.listeners.iter().enumerate() {
            poller.modify(listener.as_fd(), LISTENER + index as u64, interest)?;
        }
        self.resting = resting;
        Ok(())
    }

    fn next_number(&mut self) -> NonZeroU32 {
        loop {
            self.latest = self.latest.checked_add(1).unwrap_or(NonZeroU32::MIN);
            if !self.connections.contains_key(&self.latest) {
                return self.latest;
            }
        }
    }

    fn receive(
        &mut self,
        now: Instant,
        number: NonZeroU32,
        engine: &mut Engine,
        counters: &mut Counters,
    ) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let remote = connection.remote;
        let (mut proven, mut rude, mut datagrams) = (connection.proven, false, 0);
        let buffer = if proven { &mut self.buffer[..] } else { &mut self.buffer[..READ_UNPROVEN] };
        let mut outcome = connection.receive(buffer, counters, |datagram| {
            rude |= !proven && classify(datagram) != Some(Class::Stun);
            if rude {
                return;
            }
            datagrams += 1;
            engine.handle_datagram(now, remote, datagram);
            proven = proven || engine.knows(remote);
        });
        counters.stream_receive_datagrams += datagrams;
        if rude {
            outcome = Outcome::Malformed;
        }
        self.note(now, number, proven);
        if outcome == Outcome::Malformed {
            counters.stream_malformed += 1;
        }
        if outcome != Outcome::Open {
            self.end(number, engine, counters);
        }
    }

    /// Whether a transport has the connection now.
    fn note(&mut self, now: Instant, number: NonZeroU32, proven: bool) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if connection.proven == proven {
            return;
        }
        let source = connection.remote.address.ip();
        let before = Waiting { since: connection.since, number };
        connection.proven = proven;
        connection.since = now;
        connection.unproven = 0;
        if proven {
            self.places.prove(source, before);
        } else {
            // It may prove itself once more, by the next of its checks.
            connection.since = now + (PROVE_AGAIN_WITHIN.saturating_sub(PROVE_WITHIN));
            self.places.doubt(source, Waiting { since: connection.since, number });
        }
    }

    fn list(&mut self, number: NonZeroU32) {
        if let Some(connection) = self.connections.get_mut(&number)
            && !std::mem::replace(&mut connection.listed, true)
        {
            self.listed.push(number);
        }
    }

    /// Queues a run's datagrams.
    pub(crate) fn send(&mut self, now: Instant, run: &Run, data: &[u8], counters: &mut Counters) {
        let Some(number) = run.destination.stream else { return };
        let Some(connection) = self.connections.get_mut(&number) else {
            counters.stream_send_drops += data.chunks(run.segment.max(1)).count() as u64;
            counters.stream_send_dropped_bytes += data.len() as u64;
            return;
        };
        for datagram in data.chunks(run.segment.max(1)) {
            connection.put(now, datagram, counters);
        }
        self.list(number);
    }

    /// Writes what waits, and tells the engine how much more may come: true when it has more.
    pub(crate) fn flush(
        &mut self,
        now: Instant,
        engine: &mut Engine,
        counters: &mut Counters,
    ) -> bool {
        let mut more = false;
        for index in 0..self.listed.len() {
            let number = self.listed[index];
            let Some(connection) = self.connections.get_mut(&number) else { continue };
            match connection.write(now, counters) {
                Ok(()) => more |= engine.set_stream_room(connection.remote, connection.room()),
                Err(_) => self.end(number, engine, counters),
            }
        }
        more
    }

    /// Waits for room where something is left, ends what nobody needs any more or what has
    /// lasted too long.
    pub(crate) fn tidy(
        &mut self,
        now: Instant,
        engine: &mut Engine,
        counters: &mut Counters,
        poller: &Poller,
    ) -> io::Result<()> {
        while let Some(number) = self.listed.pop() {
            let Some(connection) = self.connections.get_mut(&number) else { continue };
            connection.listed = false;
            let full = connection.waiting() > 0;
            let wanted = if full { Interest::ReadWrite } else { Interest::Read };
            if connection.interest != wanted {
                let token = CONNECTION + u64::from(number.get());
                poller.modify(connection.fd(), token, wanted)?;
                connection.interest = wanted;
            }
        }
        engine.drain_orphans(&mut self.orphans);
        while let Some(orphan) = self.orphans.pop() {
            if let Some(number) = orphan.stream {
                self.end(number, engine, counters);
            }
        }
        if now.since(self.swept) >= SWEEP {
            self.sweep(now, engine, counters, poller)?;
        }
        Ok(())
    }

    fn sweep(
        &mut self,
        now: Instant,
        engine: &mut Engine,
        counters: &mut Counters,
        poller: &Poller,
    ) -> io::Result<()> {
        self.swept = now;
        if self.resting {
            self.rest(false, poller)?;
        }
        let numbers: Vec<NonZeroU32> = self.connections.keys().copied().collect();
        for number in numbers {
            let Some(connection) = self.connections.get(&number) else { continue };
            let proven = engine.knows(connection.remote);
            self.note(now, number, proven);
            let Some(connection) = self.connections.get(&number) else { continue };
            if !proven && now.since(connection.since) >= PROVE_WITHIN {
                counters.stream_unproven += 1;
            } else if connection.is_stalled(now) {
                counters.stream_stalled += 1;
            } else {
                continue;
            }
            self.end(number, engine, counters);
        }
        Ok(())
    }

    fn end(&mut self, number: NonZeroU32, engine: &mut Engine, counters: &mut Counters) {
        let Some(connection) = self.connections.remove(&number) else { return };
        let waiting = Waiting { since: connection.since, number };
        self.places.leave(connection.remote.address.ip(), waiting);
        counters.stream_ended += 1;
        engine.stream_ended(connection.remote);
    }
}

/// The listening sockets' addresses.
pub(crate) fn addresses(listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    listeners.iter().map(TcpListener::local_addr).collect()
}
