//! A worker: its loop, from epoll to epoll.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trio_sfu_core::engine::Engine;
use trio_sfu_core::event::Event;
use trio_sfu_core::time::Instant;

use crate::bind::Sockets;
use crate::coalescing::{Coalescing, Intake};
use crate::counters::Counters;
use crate::links::{Links, engine_id};
use crate::reports::{Report, Reports};
use crate::routes::{Routes, Way};
use crate::send::Sender;
use crate::shared::{Job, Served, Shared};
use crate::streams::Streams;
use crate::sys::{self, EventFd, Interest, Poller, Ready, ReceiveRing, Received};

/// The loop turns at least this often, for the watchdog.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// How long a batch waits for a full socket before the rest of it is dropped.
const LONGEST_BLOCK: Duration = Duration::from_millis(20);
/// How long it is until another worker that takes nothing is tried again.
const RELAY_RETRY: Duration = Duration::from_millis(1);
/// Jobs done, and batches sent, per turn, so that neither starves receiving.
const JOBS_PER_TURN: usize = 64;
const BATCHES_PER_TURN: usize = 64;

/// The engine's clock.
pub(crate) fn now() -> Instant {
    Instant(sys::monotonic_nanos())
}

fn before(now: Instant, age: Duration) -> Instant {
    Instant(now.0.saturating_sub(u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)))
}

/// The engine and everything its datagrams pass on their way.
struct Path {
    engine: Engine,
    sockets: Arc<[UdpSocket]>,
    routes: Routes,
    streams: Streams,
    sender: Sender,
    links: Links,
    counters: Counters,
    /// Per socket, the kernel's count of refused datagrams when last told.
    overflows: Vec<u32>,
    /// Since when the sender has been waiting for a full socket.
    blocked_since: Option<Instant>,
    /// The engine had more to send than a turn allows.
    more: bool,
    /// It has something for another worker that does not take it yet.
    relay_waits: bool,
}

impl Path {
    /// Hands one received message to the engine, datagram by datagram.
    fn receive(&mut self, now: Instant, socket: usize, received: Received<'_>) {
        let Received { source, local, segment, overflow, age, data } = received;
        let arrived = before(now, age);
        self.counters.socket_receive_bytes += data.len() as u64;
        if let Some(total) = overflow {
            let new = total.wrapping_sub(std::mem::replace(&mut self.overflows[socket], total));
            self.counters.socket_receive_overflows += u64::from(new);
        }
        let way = Way { socket, local };
        if self.routes.would_change(source, way) {
            self.transmit(now);
        }
        self.routes.heard(source, way);
        for datagram in data.chunks_mut(segment.max(1)) {
            self.counters.socket_receive_datagrams += 1;
            self.engine.handle_received(now, arrived, source, datagram);
        }
    }

    /// Sends what is due, unless a socket is full.
    fn transmit(&mut self, now: Instant) {
        self.more = true;
        for _ in 0..BATCHES_PER_TURN {
            if !self.sender.is_empty() {
                self.sender.send(&self.sockets, &mut self.counters);
                if !self.sender.is_empty() {
                    self.wait_for_room(now);
                    return;
                }
            }
            self.blocked_since = None;
            self.sender.batch.clear();
            self.more = self.engine.flush(now, &mut self.sender.batch);
            self.sender.plan(now, &mut self.routes, &mut self.streams, &mut self.counters);
            self.more |= self.streams.flush(now, &mut self.engine, &mut self.counters);
            if self.sender.is_empty() && !self.more {
                self.routes.forget_newcomers();
                return;
            }
        }
        self.sender.send(&self.sockets, &mut self.counters);
        if !self.sender.is_empty() {
            self.wait_for_room(now);
        }
    }

    fn wait_for_room(&mut self, now: Instant) {
        let since = *self.blocked_since.get_or_insert(now);
        if now.since(since) >= LONGEST_BLOCK {
            self.sender.drop_rest(&mut self.counters);
            self.blocked_since = None;
        }
    }

    /// How long nothing needs to be done, sockets and jobs aside.
    fn idle(&self, now: Instant) -> Duration {
        let room = match self.blocked_since {
            Some(since) => LONGEST_BLOCK.saturating_sub(now.since(since)),
            None if self.more => Duration::ZERO,
            None if self.relay_waits => RELAY_RETRY,
            None => LONGEST_WAIT,
        };
        let deadline = self.engine.next_deadline().map_or(LONGEST_WAIT, |due| due.since(now));
        // At least a millisecond: a deadline that stays due must not spin.
        room.min(deadline.max(Duration::from_millis(1)))
    }
}

/// One worker, on its own thread.
pub(crate) struct Worker {
    sockets: Arc<[UdpSocket]>,
    path: Path,
    poller: Poller,
    ring: Box<ReceiveRing>,
    /// Per socket, what epoll was last told to wait for.
    interests: Vec<Interest>,
    shared: Arc<Shared>,
    /// The mailbox's descriptor, open as long as the poller looks at it.
    waiting: Arc<EventFd>,
    jobs: Vec<Job>,
    reports: Arc<Reports>,
    events: Vec<Event>,
    coalescing: Coalescing,
}

impl Worker {
    pub(crate) fn new(
        engine: Engine,
        (sockets, listeners): Sockets,
        links: Links,
        shared: Arc<Shared>,
        reports: Arc<Reports>,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        let bound = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<Vec<_>>>()?;
        for (token, socket) in sockets.iter().enumerate() {
            poller.add(socket.as_fd(), token as u64, Interest::Read)?;
        }
        let waiting = shared.mailbox.waiting().ok_or(io::ErrorKind::BrokenPipe)?;
        let count = sockets.len();
        poller.add(waiting.as_fd(), count as u64, Interest::Read)?;
        poller.add(links.own().as_fd(), count as u64 + 1, Interest::Read)?;
        let sockets: Arc<[UdpSocket]> = sockets.into();
        let gso = sockets.iter().all(sys::probe_segmentation);
        shared.gso.store(gso, Ordering::Relaxed);
        let path = Path {
            engine,
            sockets: Arc::clone(&sockets),
            routes: Routes::new(&bound),
            streams: Streams::new(listeners, &poller)?,
            sender: Sender::new(count, gso),
            links,
            counters: Counters::default(),
            overflows: vec![0; count],
            blocked_since: None,
            more: false,
            relay_waits: false,
        };
        Ok(Self {
            sockets,
            path,
            poller,
            ring: ReceiveRing::new(),
            interests: vec![Interest::Read; count],
            shared,
            waiting,
            jobs: Vec::new(),
            reports,
            events: Vec::new(),
            coalescing: Coalescing::new(now()),
        })
    }

    /// Runs until the mailbox is closed.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut ready: Vec<Ready> = Vec::new();
        while self.wait(&mut ready)? {
            let began = now();
            let mut intake = Intake::Nothing;
            self.shared.progress.fetch_add(1, Ordering::Relaxed);
            self.path.counters.socket_wakeups += 1;
            for event in ready.iter().filter(|event| event.readable || event.writable) {
                let token = event.token as usize;
                if Streams::owns(event.token) {
                    self.serve(event)?;
                } else if token < self.sockets.len() {
                    if event.readable {
                        intake = intake.max(self.receive(token));
                    }
                } else if token > self.sockets.len() {
                    let Path { links, engine, .. } = &mut self.path;
                    links.receive(now(), engine);
                } else if !self.work() {
                    return Ok(());
                }
            }
            let now = now();
            if self.path.engine.next_deadline().is_some_and(|deadline| deadline <= now) {
                self.path.engine.handle_deadline(now);
            }
            // Before what is sent from here, so that both go on at once.
            let Path { links, engine, .. } = &mut self.path;
            self.path.relay_waits = links.send(engine);
            self.path.transmit(now);
            self.shared.gso.store(self.path.sender.gso(), Ordering::Relaxed);
            let forwarded = self.path.engine.counters().rtp_forwarded;
            self.shared.forwarded.store(forwarded, Ordering::Relaxed);
            self.watch_full_sockets()?;
            let Path { streams, engine, counters, .. } = &mut self.path;
            streams.tidy(now, engine, counters, &self.poller)?;
            self.path.engine.drain_events(&mut self.events);
            if !self.events.is_empty() {
                self.reports.extend(self.events.drain(..).map(Report::Engine));
            }
            let counters = &self.path.counters;
            let sent = (counters.socket_send_runs, counters.socket_send_datagrams);
            self.coalescing.turned((began, crate::worker::now()), intake, sent);
        }
        Ok(())
    }

    /// Waits until there is something to do, and a little longer where that pays; `false` when the
    /// driver has closed the mailbox.
    fn wait(&mut self, ready: &mut Vec<Ready>) -> io::Result<bool> {
        let before = now();
        let pause = self.coalescing.pause(before).min(self.path.idle(before));
        if !pause.is_zero() {
            self.path.counters.socket_pauses += 1;
            if !self.work_until(before + pause)? {
                return Ok(false);
            }
        }
        self.poller.wait(self.path.idle(now()), ready)?;
        Ok(true)
    }

    /// Lets packets gather until `end`, but no jobs: an event loop stands still for each.
    fn work_until(&mut self, end: Instant) -> io::Result<bool> {
        loop {
            let left = end.since(now());
            if left.is_zero() {
                return Ok(true);
            }
            if sys::readable_within(self.waiting.as_fd(), left)? && !self.work() {
                return Ok(false);
            }
        }
    }

    fn receive(&mut self, socket: usize) -> Intake {
        let now = now();
        let fd = self.sockets[socket].as_fd();
        let path = &mut self.path;
        match self.ring.receive(fd, |received| path.receive(now, socket, received)) {
            Ok(full) => {
                self.path.counters.socket_receive_calls += 1;
                if full { Intake::Part } else { Intake::All }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Intake::Nothing,
            Err(_) => {
                self.path.counters.socket_receive_errors += 1;
                Intake::Nothing
            }
        }
    }

    /// A listener or a connection is ready.
    fn serve(&mut self, event: &Ready) -> io::Result<()> {
        let Path { streams, engine, counters, .. } = &mut self.path;
        streams.ready(now(), event.token, event.readable, engine, counters, &self.poller)
    }

    /// Does the jobs that wait; `false` when the driver has closed the mailbox.
    fn work(&mut self) -> bool {
        let open = self.shared.mailbox.take(JOBS_PER_TURN, &mut self.jobs);
        for job in self.jobs.drain(..) {
            let Path { engine, links, counters, .. } = &mut self.path;
            match job {
                Job::Serve(job) => job(Served { engine, now: now(), counters }),
                Job::Relink(worker, link) => {
                    engine.lose_engine(engine_id(worker));
                    links.set(worker, link);
                }
            }
        }
        open
    }

    /// Waits for room on exactly the sockets that are full.
    fn watch_full_sockets(&mut self) -> io::Result<()> {
        for (index, interest) in self.interests.iter_mut().enumerate() {
            let full = self.path.sender.waits_for(index);
            let wanted = if full { Interest::ReadWrite } else { Interest::Read };
            if *interest != wanted {
                self.poller.modify(self.sockets[index].as_fd(), index as u64, wanted)?;
                *interest = wanted;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::bind::{Listen, bind_worker};
    use crate::links::Wake;
    use std::sync::atomic::AtomicU64;
    use trio_sfu_core::config::Config;

    fn worker() -> (Worker, Arc<Shared>) {
        let sockets = bind_worker(&["127.0.0.1:0".parse().unwrap()], 0, &Listen::default());
        let links = Links::new(Arc::new(Wake::new().unwrap()), 1);
        let shared = Arc::new(Shared::new().unwrap());
        let reports = Arc::new(Reports::new(16).unwrap());
        let engine = Engine::new(Config::default(), now());
        let worker =
            Worker::new(engine, sockets.unwrap(), links, Arc::clone(&shared), reports).unwrap();
        (worker, shared)
    }

    #[test]
    fn jobs_are_done_while_packets_gather_and_packets_gather_on() {
        let (mut worker, shared) = worker();
        let done = Arc::new(AtomicU64::new(0));
        let first = Arc::clone(&done);
        let job = move |served: Served<'_>| first.store(served.now.0, Ordering::Relaxed);
        assert_eq!(shared.mailbox.put(Job::Serve(Box::new(job))), Ok(()));
        let end = now() + Duration::from_millis(200);
        assert!(worker.work_until(end).unwrap());
        assert!((1..end.0).contains(&done.load(Ordering::Relaxed)));
        assert!(now() >= end);
    }

    #[test]
    fn a_worker_that_lets_packets_gather_can_be_ended() {
        let (mut worker, shared) = worker();
        shared.mailbox.close();
        let end = now() + Duration::from_secs(60);
        assert!(!worker.work_until(end).unwrap());
        assert!(now() < end);
    }
}
