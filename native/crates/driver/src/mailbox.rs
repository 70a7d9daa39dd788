//! Work for a worker from other threads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::sys::EventFd;

/// Jobs waiting in a mailbox; most belong to a thread that waits for them, so more than
/// a few means a worker that does not answer. One more is refused.
const CAPACITY: usize = 1024;

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

#[derive(Debug)]
struct Open<Job> {
    jobs: VecDeque<Job>,
    waiting: Arc<EventFd>,
}

/// A bounded queue of jobs with a descriptor that is readable while jobs wait.
#[derive(Debug)]
pub(crate) struct Mailbox<Job> {
    open: Mutex<Option<Open<Job>>>,
}

impl<Job> Mailbox<Job> {
    pub(crate) fn new() -> std::io::Result<Self> {
        let open = Open { jobs: VecDeque::new(), waiting: Arc::new(EventFd::new()?) };
        Ok(Self { open: Mutex::new(Some(open)) })
    }

    /// Readable while jobs wait, or after `close`; none once it is closed, so that the
    /// descriptor goes with the worker that holds it.
    pub(crate) fn waiting(&self) -> Option<Arc<EventFd>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| Arc::clone(&open.waiting))
    }

    pub(crate) fn put(&self, job: Job) -> Result<(), Refused> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Open { jobs, waiting } = open.as_mut().ok_or(Refused::Closed)?;
        if jobs.len() >= CAPACITY {
            return Err(Refused::Full);
        }
        jobs.push_back(job);
        waiting.raise();
        Ok(())
    }

    /// Moves at most `limit` jobs into `taken`; `false` once the mailbox is closed.
    pub(crate) fn take(&self, limit: usize, taken: &mut Vec<Job>) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Open { jobs, waiting }) = open.as_mut() else { return false };
        taken.extend(jobs.drain(..limit.min(jobs.len())));
        if jobs.is_empty() {
            waiting.clear();
        }
        true
    }

    /// Drops the jobs and refuses new ones; the worker sees it at its next look.
    pub(crate) fn close(&self) {
        let closed = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Open { jobs, waiting }) = closed {
            waiting.raise();
            drop(jobs);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_out_in_order_and_in_bounded_bites() {
        let mailbox = Mailbox::new().unwrap();
        (0..5).for_each(|job| mailbox.put(job).unwrap());
        let mut taken = Vec::new();
        assert!(mailbox.take(3, &mut taken));
        assert_eq!(taken, [0, 1, 2]);
        assert!(mailbox.take(3, &mut taken));
        assert_eq!(taken, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn more_than_the_capacity_is_refused() {
        let mailbox = Mailbox::new().unwrap();
        (0..CAPACITY).for_each(|job| mailbox.put(job).unwrap());
        assert_eq!(mailbox.put(0), Err(Refused::Full));
    }

    #[test]
    fn a_closed_mailbox_takes_and_gives_nothing() {
        let mailbox = Mailbox::new().unwrap();
        mailbox.put(1).unwrap();
        let waiting = mailbox.waiting().unwrap();
        mailbox.close();
        assert_eq!(mailbox.put(2), Err(Refused::Closed));
        assert!(!mailbox.take(8, &mut Vec::new()));
        assert!(mailbox.waiting().is_none());
        assert_eq!(Arc::strong_count(&waiting), 1, "the descriptor is the worker's alone");
    }
}
