//! What a worker and the driver have in common.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use trio_sfu_core::engine::Engine;
use trio_sfu_core::time::Instant;

use crate::counters::Counters;
use crate::driver::CallError;
use crate::links::Link;
use crate::mailbox::Mailbox;

/// How long a call waits for its worker.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The same for one that has kept a call waiting in vain, and has not come round since.
const STUCK_ANSWER_WITHIN: Duration = Duration::from_millis(20);

/// What a job sees of the worker it runs on.
pub struct Served<'a> {
    /// The worker's engine.
    pub engine: &'a mut Engine,
    /// The time, on the engine's clock.
    pub now: Instant,
    /// What the worker has counted.
    pub counters: &'a Counters,
}

/// A job, from another thread.
pub(crate) enum Job {
    /// To be done with the engine.
    Serve(Box<dyn FnOnce(Served<'_>) + Send>),
    /// Another worker begins anew; this leads to it from now on.
    Relink(usize, Link),
}

/// What a worker shares with the driver.
pub(crate) struct Shared {
    pub(crate) mailbox: Mailbox<Job>,
    /// Turns of the loop.
    pub(crate) progress: AtomicU64,
    /// The turn that has let a call wait in vain.
    pub(crate) stuck_at: AtomicU64,
    /// Packets sent to subscribers.
    pub(crate) forwarded: AtomicU64,
    /// Whether UDP_SEGMENT is in use.
    pub(crate) gso: AtomicBool,
}

impl Shared {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            mailbox: Mailbox::new()?,
            progress: AtomicU64::new(0),
            stuck_at: AtomicU64::new(u64::MAX),
            forwarded: AtomicU64::new(0),
            gso: AtomicBool::new(false),
        })
    }

    /// Waits for an answer, two seconds; hardly at all when the loop is still in the turn
    /// that has let another call wait in vain.
    pub(crate) fn wait_for<R>(&self, answer: &Receiver<R>) -> Result<R, CallError> {
        let why = |error| match error {
            RecvTimeoutError::Disconnected => CallError::Lost,
            RecvTimeoutError::Timeout => CallError::Silent,
        };
        let turn = || self.progress.load(Ordering::Relaxed);
        if turn() == self.stuck_at.load(Ordering::Relaxed) {
            return answer.recv_timeout(STUCK_ANSWER_WITHIN).map_err(why);
        }
        match answer.recv_timeout(ANSWER_WITHIN / 2).map_err(why) {
            Err(CallError::Silent) => {}
            answered => return answered,
        }
        // From here on it is not the turn any more that the call itself has caused.
        let waited_for = turn();
        let answer = answer.recv_timeout(ANSWER_WITHIN / 2).map_err(why);
        if answer.is_err() && turn() == waited_for {
            self.stuck_at.store(waited_for, Ordering::Relaxed);
        }
        answer
    }
}
