//! A worker's thread, from its start to its end.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;

use crate::bind::Sockets;
use crate::links::Links;
use crate::reports::{Report, Reports};
use crate::shared::Shared;
use crate::sys;
use crate::worker::{Worker, now};

/// By so much its nice value is below that of the process's other threads: packets go before
/// the event loop where both want the same core, which gives them three times its share.
const PREFERENCE: i32 = 5;
/// How long its end is waited for.
const END_WITHIN: Duration = Duration::from_secs(2);

/// A running thread, and the channel whose closing tells that it has ended.
#[derive(Debug)]
pub(crate) struct Thread {
    handle: JoinHandle<()>,
    ended: Receiver<()>,
}

impl Thread {
    /// Waits for its end; one that hangs is returned after two seconds.
    pub(crate) fn end(self) -> Result<(), Self> {
        if self.ended.recv_timeout(END_WITHIN) == Err(RecvTimeoutError::Timeout) {
            return Err(self);
        }
        let _ = self.handle.join();
        Ok(())
    }
}

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) sockets: Sockets,
    pub(crate) links: Links,
}

/// Starts a worker; it runs when this returns.
pub(crate) fn spawn(
    index: usize,
    parts: Parts,
    shared: Arc<Shared>,
    reports: Arc<Reports>,
) -> io::Result<Thread> {
    let (started, has_started) = sync_channel(1);
    let (ends, ended) = sync_channel(1);
    let body = move || work(index, parts, &shared, &reports, &started, ends);
    let name = format!("sfu-worker-{index}");
    let handle = sys::with_signals_blocked(|| Builder::new().name(name).spawn(body))?;
    match has_started.recv() {
        Ok(result) => result.map(|()| Thread { handle, ended }),
        Err(_) => Err(io::Error::other("the worker ended before it started")),
    }
}

/// A worker thread's whole life.
fn work(
    index: usize,
    Parts { config, sockets, links }: Parts,
    shared: &Arc<Shared>,
    reports: &Arc<Reports>,
    started: &SyncSender<io::Result<()>>,
    ends: SyncSender<()>,
) {
    sys::lower_nice(PREFERENCE);
    let life = || {
        let engine = Engine::new(config, now());
        let worker = Worker::new(engine, sockets, links, Arc::clone(shared), Arc::clone(reports));
        let (result, worker) = match worker {
            Ok(worker) => (Ok(()), Some(worker)),
            Err(error) => (Err(error), None),
        };
        let _ = started.send(result);
        worker.map_or(Ok(()), |mut worker| worker.run())
    };
    // The engine and its sockets are dropped inside, whatever happens; nothing that is
    // used after this was in the middle of a change.
    let message = match catch_unwind(AssertUnwindSafe(life)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => Some(panic_message(panic.as_ref())),
    };
    if let Some(message) = message {
        reports.extend([Report::WorkerPanicked { worker: index, message }]);
    }
    // Now those who wait for an answer get none.
    shared.mailbox.close();
    drop(ends);
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
