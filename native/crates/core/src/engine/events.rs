//! The queue of events for the control plane.

use std::collections::VecDeque;

use crate::event::Event;

/// Bounded by `limit`: the oldest event makes room for a new one and is counted, because
/// what is true now matters more than how it came to be.
pub(crate) struct EventQueue {
    queue: VecDeque<Event>,
    limit: usize,
    lost: u64,
}

impl EventQueue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { queue: VecDeque::new(), limit: limit.max(1), lost: 0 }
    }

    /// Returns the event that had to go, if any.
    pub(crate) fn push(&mut self, event: Event) -> Option<Event> {
        let evicted = if self.queue.len() >= self.limit { self.queue.pop_front() } else { None };
        self.lost += u64::from(evicted.is_some());
        self.queue.push_back(event);
        evicted
    }

    /// Moves everything, oldest first, behind one [`Event::EventsLost`] if some were lost.
    pub(crate) fn drain(&mut self, into: &mut Vec<Event>) {
        if self.lost > 0 {
            into.push(Event::EventsLost { count: std::mem::take(&mut self.lost) });
        }
        into.extend(self.queue.drain(..));
    }
}
