//! When which transport has something to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Instant;
use crate::transport::TransportKey;

/// A heap with one live entry a transport. An entry that was overtaken by an earlier one,
/// or whose transport is gone, stays until its time (at most the longest timeout) and is
/// then ignored.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, TransportKey)>>,
}

/// The time of a transport's live entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Armed(Option<Instant>);

impl Timers {
    /// Makes sure that `transport` wakes no later than `at`.
    pub(crate) fn arm(&mut self, armed: &mut Armed, transport: TransportKey, at: Instant) {
        if armed.0.is_none_or(|current| at < current) {
            armed.0 = Some(at);
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
    /// Whether the entry popped at `at` is the live one; it no longer is afterwards.
    pub(crate) fn fire(&mut self, at: Instant) -> bool {
        if self.0 == Some(at) {
            self.0 = None;
            return true;
        }
        false
    }
}
