//! What is to be sent: encrypted datagrams in one buffer, grouped into GSO runs.

use std::net::SocketAddr;

/// Datagrams of equal size to one destination (the last may be shorter), back to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where to.
    pub destination: SocketAddr,
    /// Where in the batch's buffer.
    pub start: usize,
    /// Bytes of all of its datagrams.
    pub len: usize,
    /// Bytes of each datagram but the last.
    pub segment: usize,
}

/// A bounded buffer of outgoing datagrams, reused from flush to flush.
#[derive(Debug, Default)]
pub struct Batch {
    /// The datagrams, back to back.
    pub buffer: Vec<u8>,
    /// The runs, in sending order.
    pub runs: Vec<Run>,
}

impl Batch {
    /// Forget everything, keep the memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.runs.clear();
    }

    /// Each datagram with its destination.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.runs.iter().flat_map(|run| {
            self.buffer[run.start..run.start + run.len]
                .chunks(run.segment)
                .map(move |datagram| (run.destination, datagram))
        })
    }
}
