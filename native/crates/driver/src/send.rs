//! From a batch of runs to the kernel: GSO first, one by one when it is refused.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsFd;

use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::{Batch, Run};

use crate::counters::Counters;
use crate::routes::Routes;
use crate::streams::Streams;
use crate::sys::{Outgoing, SendRing};

/// One run, or one datagram, on its way to a socket.
#[derive(Clone, Copy, Debug)]
struct Planned {
    run: Run,
    local: Option<IpAddr>,
}

impl Planned {
    fn datagrams(&self) -> u64 {
        self.run.len.div_ceil(self.run.segment.max(1)) as u64
    }

    fn is_segmented(&self) -> bool {
        self.run.len > self.run.segment
    }

    fn outgoing<'a>(&self, buffer: &'a [u8]) -> Outgoing<'a> {
        Outgoing {
            destination: self.run.destination.address,
            local: self.local,
            segment: u16::try_from(self.run.segment).ok().filter(|_| self.is_segmented()),
            data: &buffer[self.run.start..self.run.start + self.run.len],
        }
    }

    /// The same datagrams, each on its own.
    fn split(self) -> impl Iterator<Item = Planned> {
        let Run { destination, start, len, segment } = self.run;
        (0..len).step_by(segment.max(1)).map(move |offset| {
            let len = segment.min(len - offset);
            let run = Run { destination, start: start + offset, len, segment: len };
            Planned { run, local: self.local }
        })
    }
}

/// What a socket still has to send of the current batch.
#[derive(Debug, Default)]
struct Lane {
    planned: Vec<Planned>,
    next: usize,
}

impl Lane {
    fn rest(&self) -> &[Planned] {
        &self.planned[self.next..]
    }
}

/// The batch being sent. There is at most one: while a socket is full the engine is not
/// flushed, and its own queues, which know what to drop, are the ones that fill.
pub(crate) struct Sender {
    /// What the engine fills while `is_empty`.
    pub(crate) batch: Batch,
    lanes: Vec<Lane>,
    ring: Box<SendRing>,
    gso: bool,
}

impl Sender {
    pub(crate) fn new(sockets: usize, gso: bool) -> Self {
        Self {
            batch: Batch::default(),
            lanes: (0..sockets).map(|_| Lane::default()).collect(),
            ring: SendRing::new(),
            gso,
        }
    }

    /// Whether runs of several datagrams are given to the kernel as they are.
    pub(crate) fn gso(&self) -> bool {
        self.gso
    }

    /// Whether nothing is left of the last batch.
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.rest().is_empty())
    }

    /// Whether socket number `index` still has something to send.
    pub(crate) fn waits_for(&self, index: usize) -> bool {
        !self.lanes[index].rest().is_empty()
    }

    /// Sorts `batch` by socket; what goes into connections is put there at once.
    pub(crate) fn plan(
        &mut self,
        now: Instant,
        routes: &mut Routes,
        streams: &mut Streams,
        counters: &mut Counters,
    ) {
        for lane in &mut self.lanes {
            lane.planned.clear();
            lane.next = 0;
        }
        for &run in self.batch.runs.iter().filter(|run| run.len > 0) {
            if run.destination.is_stream() {
                let data = &self.batch.buffer[run.start..run.start + run.len];
                streams.send(now, &run, data, counters);
                continue;
            }
            let Some(way) = routes.answer(run.destination.address) else {
                counters.socket_send_errors += Planned { run, local: None }.datagrams();
                continue;
            };
            let planned = Planned { run, local: way.local };
            let lane = &mut self.lanes[way.socket].planned;
            if self.gso || !planned.is_segmented() {
                lane.push(planned);
            } else {
                lane.extend(planned.split());
            }
        }
    }

    /// Sends until all is sent or each socket with something left is full.
    pub(crate) fn send(&mut self, sockets: &[UdpSocket], counters: &mut Counters) {
        for (index, socket) in sockets.iter().enumerate() {
            while self.waits_for(index) {
                let lane = &mut self.lanes[index];
                let buffer = &self.batch.buffer;
                let messages = lane.rest().iter().map(|planned| planned.outgoing(buffer));
                match self.ring.send(socket.as_fd(), messages) {
                    Ok(count) => {
                        counters.socket_send_calls += 1;
                        for planned in &lane.rest()[..count] {
                            counters.socket_send_runs += 1;
                            counters.socket_send_datagrams += planned.datagrams();
                            counters.socket_send_bytes += planned.run.len as u64;
                        }
                        lane.next += count;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        counters.socket_send_blocked += 1;
                        break;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => self.failed(index, &error, counters),
                }
            }
        }
    }

    /// The first run of lane `index` was refused.
    fn failed(&mut self, index: usize, error: &io::Error, counters: &mut Counters) {
        let lane = &mut self.lanes[index];
        let first = lane.planned[lane.next];
        let code = error.raw_os_error();
        if first.is_segmented() && matches!(code, Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)) {
            counters.socket_gso_fallbacks += 1;
            // EIO: the device cannot checksum what it would have to segment. That stays
            // so; the others are about this run only (a path with a smaller MTU).
            let refused = if code == Some(libc::EIO) { lane.planned.len() } else { lane.next + 1 };
            self.gso &= code != Some(libc::EIO);
            let singles: Vec<Planned> = lane.planned[lane.next..refused]
                .iter()
                .flat_map(|planned| planned.split())
                .collect();
            lane.planned.splice(lane.next..refused, singles);
        } else {
            counters.socket_send_errors += first.datagrams();
            lane.next += 1;
        }
    }

    /// Gives up on what is left.
    pub(crate) fn drop_rest(&mut self, counters: &mut Counters) {
        for lane in &mut self.lanes {
            counters.socket_send_drops += lane.rest().iter().map(Planned::datagrams).sum::<u64>();
            lane.next = lane.planned.len();
        }
    }
}
