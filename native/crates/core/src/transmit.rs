//! What is to be sent: encrypted datagrams in one buffer, grouped into GSO runs.

use crate::remote::Remote;

/// Segments Linux accepts in one `UDP_SEGMENT` send.
const MAX_SEGMENTS: usize = 64;
/// Bytes of one such send: a UDP datagram's limit, with room for the headers.
const MAX_RUN: usize = 65_000;

/// Datagrams of equal size to one destination (the last may be shorter), back to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where to.
    pub destination: Remote,
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

    /// Records that the buffer's bytes from `start` on are one datagram to `destination`.
    /// It joins the latest run when that may be sent with it in one GSO call.
    pub fn push(&mut self, destination: impl Into<Remote>, start: usize) {
        let destination = destination.into();
        let len = self.buffer.len() - start;
        if len == 0 {
            return;
        }
        let same = self.runs.last().is_some_and(|run| run.destination == destination);
        if !same || !self.join(start) {
            self.runs.push(Run { destination, start, len, segment: len });
        }
    }

    /// The same for a datagram that is known to go where the latest run goes; false when it
    /// needs a run of its own.
    #[inline]
    pub(crate) fn join(&mut self, start: usize) -> bool {
        let len = self.buffer.len() - start;
        if let Some(run) = self.runs.last_mut()
            && run.start + run.len == start
            && run.len % run.segment == 0
            && len <= run.segment
            && run.len / run.segment < MAX_SEGMENTS
            && run.len + len <= MAX_RUN
        {
            run.len += len;
            return true;
        }
        false
    }

    /// Each datagram with its destination.
    pub fn datagrams(&self) -> impl Iterator<Item = (Remote, &[u8])> {
        self.runs.iter().flat_map(|run| {
            self.buffer[run.start..run.start + run.len]
                .chunks(run.segment)
                .map(move |datagram| (run.destination, datagram))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use std::net::SocketAddr;

    fn fill(lengths: &[(u16, usize)]) -> Batch {
        let mut batch = Batch::default();
        for &(port, len) in lengths {
            let start = batch.buffer.len();
            batch.buffer.resize(start + len, 0);
            batch.push(SocketAddr::from(([127, 0, 0, 1], port)), start);
        }
        batch
    }

    #[test]
    fn only_the_last_datagram_of_a_run_is_shorter() {
        let batch = fill(&[(1, 100), (1, 100), (1, 60), (1, 60), (1, 100), (2, 100)]);
        let shape: Vec<_> = batch.runs.iter().map(|run| (run.len, run.segment)).collect();
        assert_eq!(shape, [(260, 100), (60, 60), (100, 100), (100, 100)]);
        let lengths: Vec<_> = batch.datagrams().map(|(_, datagram)| datagram.len()).collect();
        assert_eq!(lengths, [100, 100, 60, 60, 100, 100]);
    }

    #[test]
    fn a_run_stays_within_what_one_send_takes() {
        let batch = fill(&[(1, 10); 200]);
        assert!(batch.runs.iter().all(|run| run.len / run.segment <= 64));
        let batch = fill(&[(1, 1400); 200]);
        assert!(batch.runs.iter().all(|run| run.len <= 65_000));
    }
}
