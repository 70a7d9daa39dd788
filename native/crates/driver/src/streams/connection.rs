//! One TCP connection: datagrams with their lengths before them, both ways.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use trio_sfu_core::remote::Remote;
use trio_sfu_core::time::Instant;
use trio_sfu_wire::framing::{Deframer, write_frame};

use crate::counters::Counters;
use crate::sys::Interest;

/// Bytes of media that may wait here. The engine keeps the rest: there sound overtakes video,
/// and what would come too late is left out by whole frames.
const ROOM: usize = 16 * 1024;
/// Bytes that may wait in all, with what does not ask for room: STUN, DTLS, RTCP. A datagram
/// that does not fit is dropped, whole: each of these protocols repeats itself.
const MAX_QUEUE: usize = 64 * 1024;
/// Bytes from who has not shown to be a peer: ten seconds of a browser's checks without an answer.
const MAX_UNPROVEN: usize = 32 * 1024;
/// A connection that takes nothing for so long, while something waits, is closed.
const LONGEST_STALL: Duration = Duration::from_secs(10);

/// What came of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on.
    Open,
    /// The other end has closed it, or it is broken.
    Ended,
    /// It carries something else than datagrams with their lengths, or too much before it is
    /// anybody's.
    Malformed,
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    pub(crate) remote: Remote,
    /// What epoll was last told to wait for.
    pub(crate) interest: Interest,
    /// Whether a transport has authenticated it, and since when that is or is not so.
    pub(crate) proven: bool,
    pub(crate) since: Instant,
    /// Bytes that have come since then, while it is unproven.
    pub(crate) unproven: usize,
    /// Whether it is in the list of those to be written to.
    pub(crate) listed: bool,
    deframer: Deframer,
    queue: Vec<u8>,
    /// How much of `queue` has been written.
    written: usize,
    /// The latest time when the other end took something, or nothing waited.
    moved: Instant,
}

impl Connection {
    pub(crate) fn new(socket: TcpStream, remote: Remote, now: Instant) -> Self {
        Self {
            socket,
            remote,
            interest: Interest::Read,
            proven: false,
            since: now,
            unproven: 0,
            listed: false,
            deframer: Deframer::default(),
            queue: Vec::new(),
            written: 0,
            moved: now,
        }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Reads once, and hands each datagram to `each`. `buffer` is only borrowed.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        counters: &mut Counters,
        each: impl FnMut(&mut [u8]),
    ) -> Outcome {
        let length = match self.socket.read(buffer) {
            Ok(0) => return Outcome::Ended,
            Ok(length) => length,
            Err(error) if is_passing(&error) => return Outcome::Open,
            Err(_) => return Outcome::Ended,
        };
        counters.stream_receive_bytes += length as u64;
        if !self.proven {
            self.unproven += length;
            if self.unproven > MAX_UNPROVEN {
                return Outcome::Malformed;
            }
        }
        match self.deframer.push(&mut buffer[..length], each) {
            Ok(()) => Outcome::Open,
            Err(_) => Outcome::Malformed,
        }
    }

    /// Queues a datagram, or drops it.
    pub(crate) fn put(&mut self, now: Instant, datagram: &[u8], counters: &mut Counters) {
        if self.waiting() == 0 {
            self.moved = now;
        }
        if self.waiting() + datagram.len() < MAX_QUEUE && write_frame(&mut self.queue, datagram) {
            counters.stream_send_datagrams += 1;
        } else {
            counters.stream_send_drops += 1;
            counters.stream_send_dropped_bytes += datagram.len() as u64;
        }
    }

    /// Writes what the kernel takes.
    ///
    /// # Errors
    /// The connection is broken.
    pub(crate) fn write(&mut self, now: Instant, counters: &mut Counters) -> io::Result<()> {
        while self.waiting() > 0 {
            match self.socket.write(&self.queue[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => {
                    counters.stream_send_bytes += length as u64;
                    self.written += length;
                    self.moved = now;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        // What was written makes room; most of the time that is all of it.
        self.queue.drain(..self.written);
        self.written = 0;
        if self.queue.is_empty() && self.queue.capacity() > ROOM {
            // A burst's memory is not kept for the rest of the call.
            self.queue = Vec::new();
        }
        Ok(())
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() - self.written
    }

    /// Bytes of media that may come.
    pub(crate) fn room(&self) -> usize {
        ROOM.saturating_sub(self.waiting())
    }

    /// Whether the other end has taken nothing for too long.
    pub(crate) fn is_stalled(&self, now: Instant) -> bool {
        self.waiting() > 0 && now.since(self.moved) >= LONGEST_STALL
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
