//! What carries out commands: worker threads, or a simulated engine.

use std::sync::{Arc, Mutex, PoisonError};

use trio_sfu_driver::{CallError, Driver, Report, Served};

/// Work to be done where the engine lives.
pub(crate) type Job = Box<dyn FnOnce(Served<'_>) + Send>;

/// One or several engines, by number.
pub(crate) trait Backend: Send + Sync {
    /// How many there are.
    fn workers(&self) -> usize;
    /// Runs `job` on engine number `worker`, returns when it is done.
    fn run(&self, worker: usize, job: Job) -> Result<(), CallError>;
    /// Has `job` run there after all that came before it; need not wait until it is done.
    fn post(&self, worker: usize, job: Job) -> Result<(), CallError> {
        self.run(worker, job)
    }
    /// Takes the oldest reports, at most `limit`.
    fn drain(&self, limit: usize) -> Vec<Report>;
    /// How many control datagrams were dropped on the way from the engines to `drain`.
    fn control_dropped(&self) -> u64 {
        0
    }
}

impl Backend for Driver {
    fn workers(&self) -> usize {
        Driver::workers(self)
    }

    fn run(&self, worker: usize, job: Job) -> Result<(), CallError> {
        self.call(worker, job)
    }

    fn post(&self, worker: usize, job: Job) -> Result<(), CallError> {
        Driver::post(self, worker, job)
    }

    fn drain(&self, limit: usize) -> Vec<Report> {
        self.drain_reports(limit)
    }

    fn control_dropped(&self) -> u64 {
        Driver::control_dropped(self)
    }
}

/// Runs `question` on engine number `worker`, returns its answer.
pub(crate) fn ask<R: Send + 'static>(
    backend: &dyn Backend,
    worker: usize,
    question: impl FnOnce(Served<'_>) -> R + Send + 'static,
) -> Result<R, CallError> {
    let answer = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&answer);
    let job = move |served: Served<'_>| {
        let answer = question(served);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    };
    backend.run(worker, Box::new(job))?;
    let answered = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    answered.ok_or(CallError::Lost)
}
