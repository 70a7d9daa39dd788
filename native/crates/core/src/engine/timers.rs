//! When which transport has something to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Instant;
use crate::transport::TransportKey;

/// A heap with about two entries a transport: the next one, and a later one that it
/// overtook. Others, and those of transports that are gone, stay until their time (at most
/// the longest timeout) and are then ignored.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, TransportKey)>>,
}

/// The times of a transport's entries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Armed {
    next: Option<Instant>,
    overtaken: Option<Instant>,
}

impl Timers {
    /// Makes sure that `transport` wakes no later than `at`.
    pub(crate) fn arm(&mut self, armed: &mut Armed, transport: TransportKey, at: Instant) {
        if armed.next.is_none_or(|current| at < current) {
            armed.overtaken = armed.next.replace(at);
            self.heap.push(Reverse((at, transport)));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, TransportKey)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

impl Armed {
    /// Whether the entry popped at `at` is the next one; the overtaken one is afterwards.
    pub(crate) fn fire(&mut self, at: Instant) -> bool {
        let live = self.next == Some(at);
        if live {
            self.next = self.overtaken.take();
        }
        live
    }
}
