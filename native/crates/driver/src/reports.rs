//! The events of all workers, in one bounded queue behind a descriptor to wait on.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use trio_sfu_core::event::Event;

use crate::sys::EventFd;

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
    /// How many of `reports` are control datagrams.
    control: usize,
    lost: u64,
}

/// A queue of at most `capacity` reports.
///
/// When it is full, new ones are dropped and counted. Control datagrams may fill only
/// half of it, so that a flood of them (DTLS retransmits) cannot displace the others,
/// whose loss would (nobody repeats them).
#[derive(Debug)]
pub(crate) struct Reports {
    queue: Mutex<Queue>,
    capacity: usize,
    waiting: EventFd,
}

impl Reports {
    pub(crate) fn new(capacity: usize) -> std::io::Result<Self> {
        Ok(Self { queue: Mutex::default(), capacity: capacity.max(2), waiting: EventFd::new()? })
    }

    /// Readable while reports wait.
    pub(crate) fn waiting(&self) -> BorrowedFd<'_> {
        self.waiting.as_fd()
    }

    pub(crate) fn extend(&self, reports: impl IntoIterator<Item = Report>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = queue.reports.is_empty() && queue.lost == 0;
        for report in reports {
            match report {
                Report::Engine(Event::EventsLost { count }) => queue.lost += count,
                report if self.has_room(&queue, &report) => {
                    queue.control += usize::from(is_control(&report));
                    queue.reports.push_back(report);
                }
                _ => queue.lost += 1,
            }
        }
        if was_empty && !(queue.reports.is_empty() && queue.lost == 0) {
            self.waiting.raise();
        }
    }

    fn has_room(&self, queue: &Queue, report: &Report) -> bool {
        queue.reports.len() < self.capacity
            && (!is_control(report) || queue.control < self.capacity / 2)
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
        queue.control -= taken.iter().filter(|report| is_control(report)).count();
        // Under the lock: a report put after this raises the descriptor again.
        if queue.reports.is_empty() && queue.lost == 0 {
            self.waiting.clear();
        }
        taken
    }
}

fn is_control(report: &Report) -> bool {
    matches!(report, Report::Engine(Event::ControlDatagram { .. }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use trio_sfu_core::ids::TransportId;

    use super::*;
    use crate::sys::{Interest, Poller};

    fn silent(number: u64) -> Report {
        Report::Engine(Event::Silent { transport: TransportId(number) })
    }

    fn control() -> Report {
        Report::Engine(Event::ControlDatagram { transport: TransportId(0), data: vec![20] })
    }

    fn readable(reports: &Reports) -> bool {
        let poller = Poller::new().unwrap();
        poller.add(reports.waiting(), 0, Interest::Read).unwrap();
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
    fn an_overflow_is_counted_and_told_first() {
        let reports = Reports::new(2).unwrap();
        reports.extend((0..5).map(silent));
        let lost = Report::Engine(Event::EventsLost { count: 3 });
        assert_eq!(reports.drain(8), [lost, silent(0), silent(1)]);
        assert!(!readable(&reports));
    }

    #[test]
    fn control_datagrams_leave_room_for_what_nobody_repeats() {
        let reports = Reports::new(4).unwrap();
        reports.extend((0..10).map(|_| control()));
        reports.extend([silent(1), silent(2)]);
        let drained = reports.drain(8);
        assert_eq!(drained[0], Report::Engine(Event::EventsLost { count: 8 }));
        assert_eq!(drained[3..], [silent(1), silent(2)]);
    }
}
