//! Work for a worker from other threads.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::sys::EventFd;

/// Jobs waiting in a mailbox; each belongs to a thread that waits for it, so more than
/// a few means a worker that does not answer. One more is refused.
const CAPACITY: usize = 1024;

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

/// A bounded queue of jobs with a descriptor that is readable while jobs wait.
#[derive(Debug)]
pub(crate) struct Mailbox<Job> {
    jobs: Mutex<Option<VecDeque<Job>>>,
    waiting: EventFd,
}

impl<Job> Mailbox<Job> {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { jobs: Mutex::new(Some(VecDeque::new())), waiting: EventFd::new()? })
    }

    /// Readable while jobs wait, or after `close`.
    pub(crate) fn waiting(&self) -> &EventFd {
        &self.waiting
    }

    pub(crate) fn put(&self, job: Job) -> Result<(), Refused> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = jobs.as_mut().ok_or(Refused::Closed)?;
        if queue.len() >= CAPACITY {
            return Err(Refused::Full);
        }
        queue.push_back(job);
        self.waiting.raise();
        Ok(())
    }

    /// Moves at most `limit` jobs into `taken`; `false` once the mailbox is closed.
    pub(crate) fn take(&self, limit: usize, taken: &mut Vec<Job>) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = jobs.as_mut() else { return false };
        taken.extend(queue.drain(..limit.min(queue.len())));
        if queue.is_empty() {
            self.waiting.clear();
        }
        true
    }

    /// Drops the jobs and refuses new ones; the worker sees it at its next look.
    pub(crate) fn close(&self) {
        let dropped = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.waiting.raise();
        drop(dropped);
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
        mailbox.close();
        assert_eq!(mailbox.put(2), Err(Refused::Closed));
        assert!(!mailbox.take(8, &mut Vec::new()));
    }
}
