//! The events of all workers, in one bounded queue behind a descriptor to wait on.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::{Mutex, PoisonError};

use trio_sfu_core::event::Event;
use trio_sfu_core::ids::TransportId;

use crate::sys::EventFd;

/// Control datagrams of one transport that may wait.
const CONTROL_WAITING: usize = 64;

/// What a worker tells the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Its engine's event.
    Engine(Event),
    /// It panicked; its engine and sockets are gone.
    WorkerPanicked {
        /// Which worker.
        worker: usize,
        /// The panic's message.
        message: String,
    },
}

#[derive(Debug, Default)]
struct Queue {
    reports: VecDeque<Report>,
    /// How many of `reports` are control datagrams, and whose.
    control: usize,
    control_of: HashMap<TransportId, usize>,
    control_dropped: u64,
    lost: u64,
    /// None once nobody waits any more.
    waiting: Option<EventFd>,
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.reports.is_empty() && self.lost == 0
    }

    fn set_readable(&self, readable: bool) {
        match &self.waiting {
            Some(waiting) if readable => waiting.raise(),
            Some(waiting) => waiting.clear(),
            None => {}
        }
    }

    fn forget_control(&mut self, transport: TransportId) {
        self.control -= 1;
        if let Some(count) = self.control_of.get_mut(&transport) {
            *count -= 1;
            if *count == 0 {
                self.control_of.remove(&transport);
            }
        }
    }
}

/// A queue of at most `capacity` reports. When it is full, new ones are dropped and the
/// loss is reported.
///
/// Control datagrams may fill half of it, and each transport's only a small part of
/// that; more of them are dropped and counted (DTLS repeats what is not answered). So a
/// flood from one peer displaces nobody's handshake and no event that is told only once.
/// Audio levels are dropped when it is half full: the next ones are under way.
#[derive(Debug)]
pub(crate) struct Reports {
    queue: Mutex<Queue>,
    capacity: usize,
}

impl Reports {
    pub(crate) fn new(capacity: usize) -> std::io::Result<Self> {
        let queue = Queue { waiting: Some(EventFd::new()?), ..Queue::default() };
        Ok(Self { queue: Mutex::new(queue), capacity: capacity.max(2) })
    }

    /// Readable while reports wait; none after `close`.
    pub(crate) fn waiting(&self) -> Option<RawFd> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.as_ref().map(|waiting| waiting.as_fd().as_raw_fd())
    }

    /// Closes the descriptor. What waits may still be drained.
    pub(crate) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).waiting = None;
    }

    pub(crate) fn extend(&self, reports: impl IntoIterator<Item = Report>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let was_idle = queue.is_idle();
        for report in reports {
            match report {
                Report::Engine(Event::EventsLost { count }) => queue.lost += count,
                Report::Engine(Event::ControlDatagram { transport, .. }) => {
                    self.put_control(&mut queue, transport, report);
                }
                // The next one tells more.
                Report::Engine(Event::AudioLevel { .. })
                    if queue.reports.len() >= self.capacity / 2 => {}
                _ if queue.reports.len() < self.capacity => queue.reports.push_back(report),
                _ => queue.lost += 1,
            }
        }
        if was_idle && !queue.is_idle() {
            queue.set_readable(true);
        }
    }

    fn put_control(&self, queue: &mut Queue, transport: TransportId, report: Report) {
        let own = queue.control_of.get(&transport).copied().unwrap_or(0);
        let full = queue.reports.len() >= self.capacity || queue.control >= self.capacity / 2;
        if full || own >= CONTROL_WAITING {
            queue.control_dropped += 1;
        } else {
            queue.control += 1;
            queue.control_of.insert(transport, own + 1);
            queue.reports.push_back(report);
        }
    }

    /// How many control datagrams were dropped.
    pub(crate) fn control_dropped(&self) -> u64 {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).control_dropped
    }

    /// Takes the oldest, at most `limit`; a loss is told first.
    pub(crate) fn drain(&self, limit: usize) -> Vec<Report> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::with_capacity(limit.min(queue.reports.len() + 1));
        if limit > 0 && queue.lost > 0 {
            let count = std::mem::take(&mut queue.lost);
            taken.push(Report::Engine(Event::EventsLost { count }));
        }
        let count = (limit - taken.len()).min(queue.reports.len());
        taken.extend(queue.reports.drain(..count));
        for report in &taken {
            if let Report::Engine(Event::ControlDatagram { transport, .. }) = report {
                queue.forget_control(*transport);
            }
        }
        // Under the lock: a report put after this raises the descriptor again.
        if queue.is_idle() {
            queue.set_readable(false);
        }
        taken
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::{Interest, Poller};

    fn silent(number: u64) -> Report {
        Report::Engine(Event::Silent { transport: TransportId(number) })
    }

    fn control(number: u64) -> Report {
        let transport = TransportId(number);
        Report::Engine(Event::ControlDatagram { transport, data: vec![20] })
    }

    fn readable(reports: &Reports) -> bool {
        let poller = Poller::new().unwrap();
        let queue = reports.queue.lock().unwrap();
        poller.add(queue.waiting.as_ref().unwrap().as_fd(), 0, Interest::Read).unwrap();
        let mut ready = Vec::new();
        poller.wait(Duration::ZERO, &mut ready).unwrap();
        !ready.is_empty()
    }

    #[test]
    fn the_descriptor_is_readable_exactly_while_reports_wait() {
        let reports = Reports::new(8).unwrap();
        assert!(!readable(&reports));
        reports.extend([silent(1), silent(2)]);
        assert!(readable(&reports));
        assert_eq!(reports.drain(1), [silent(1)]);
        assert!(readable(&reports));
        assert_eq!(reports.drain(8), [silent(2)]);
        assert!(!readable(&reports));
        reports.extend([silent(3)]);
        assert!(readable(&reports));
    }

    #[test]
    fn what_waits_at_the_close_can_be_drained_without_a_descriptor() {
        let reports = Reports::new(8).unwrap();
        reports.extend([silent(1)]);
        reports.close();
        assert_eq!(reports.waiting(), None);
        reports.extend([silent(2)]);
        assert_eq!(reports.drain(8), [silent(1), silent(2)]);
    }

    #[test]
    fn an_overflow_is_counted_and_told_first() {
        let reports = Reports::new(2).unwrap();
        reports.extend((0..5).map(silent));
        let lost = Report::Engine(Event::EventsLost { count: 3 });
        assert_eq!(reports.drain(8), [lost, silent(0), silent(1)]);
        assert!(!readable(&reports));
    }

    #[test]
    fn control_datagrams_leave_room_for_what_is_told_once() {
        let reports = Reports::new(4).unwrap();
        reports.extend((0..10).map(control));
        reports.extend([silent(1), silent(2)]);
        assert_eq!(reports.drain(8), [control(0), control(1), silent(1), silent(2)]);
        assert_eq!(reports.control_dropped(), 8);
    }

    #[test]
    fn audio_levels_leave_room_for_what_is_told_once() {
        let level = || {
            let up_track = trio_sfu_core::ids::UpTrackId(1);
            Report::Engine(Event::AudioLevel { up_track, level: 30, voice: true, levels: vec![30] })
        };
        let reports = Reports::new(4).unwrap();
        reports.extend((0..10).map(|_| level()));
        reports.extend([silent(1), silent(2)]);
        assert_eq!(reports.drain(8), [level(), level(), silent(1), silent(2)]);
    }

    #[test]
    fn a_flood_of_control_datagrams_leaves_room_for_other_transports() {
        let reports = Reports::new(1024).unwrap();
        reports.extend((0..500).map(|_| control(1)));
        reports.extend([control(2)]);
        let drained = reports.drain(1024);
        assert_eq!(drained.len(), CONTROL_WAITING + 1);
        assert_eq!(drained.last(), Some(&control(2)));
        reports.extend([control(1)]);
        assert_eq!(reports.drain(1), [control(1)], "what was drained makes room");
    }
}
