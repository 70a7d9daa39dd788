//! What workers bring each other: the tracks that are watched from another worker than the one
//! that receives them.
//!
//! Each two workers have a ring of batches in either direction, and one back for those that were
//! emptied, so that nothing is allocated once it runs. A worker fills at most one batch a turn of
//! its loop for each other one, and wakes it at most once until it has looked.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use trio_sfu_core::engine::Engine;
use trio_sfu_core::ids::EngineId;
use trio_sfu_core::relay::RelayBatch;
use trio_sfu_core::time::Instant;

use crate::sys::EventFd;

/// Batches under way from one worker to another. When so many are, what comes next waits in the
/// engine, which drops new packets once that is too much.
const BATCHES: usize = 8;

/// A worker's name among engines.
#[must_use]
pub fn engine_id(worker: usize) -> EngineId {
    EngineId(worker as u64)
}

/// Wakes a worker that has something to take.
#[derive(Debug)]
pub(crate) struct Wake {
    waiting: EventFd,
    /// It was woken and has not looked since.
    called: AtomicBool,
}

impl Wake {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { waiting: EventFd::new()?, called: AtomicBool::new(false) })
    }

    fn call(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            self.waiting.raise();
        }
    }

    /// Before looking: whoever has something afterwards calls again.
    fn answer(&self) {
        self.waiting.clear();
        self.called.swap(false, Ordering::AcqRel);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waiting.as_fd()
    }
}

/// One worker's end of what is between it and another one.
pub(crate) struct Link {
    out: SyncSender<RelayBatch>,
    emptied: Receiver<RelayBatch>,
    inward: Receiver<RelayBatch>,
    returned: SyncSender<RelayBatch>,
    other: Arc<Wake>,
}

/// Both ends; each wakes the worker at the other one.
pub(crate) fn link(first: &Arc<Wake>, second: &Arc<Wake>) -> (Link, Link) {
    let (there, from_first) = sync_channel(BATCHES);
    let (back, from_second) = sync_channel(BATCHES);
    let (empty_there, emptied_second) = sync_channel(BATCHES);
    let (empty_back, emptied_first) = sync_channel(BATCHES);
    let of_first = Link {
        out: there,
        emptied: emptied_first,
        inward: from_second,
        returned: empty_there,
        other: Arc::clone(second),
    };
    let of_second = Link {
        out: back,
        emptied: emptied_second,
        inward: from_first,
        returned: empty_back,
        other: Arc::clone(first),
    };
    (of_first, of_second)
}

/// A worker's links to all others, by their numbers.
pub(crate) struct Links {
    own: Arc<Wake>,
    links: Vec<Option<Link>>,
}

impl Links {
    pub(crate) fn new(own: Arc<Wake>, workers: usize) -> Self {
        Self { own, links: (0..workers).map(|_| None).collect() }
    }

    /// Readable when others have something for this worker.
    pub(crate) fn own(&self) -> &Wake {
        &self.own
    }

    /// From now on this one leads to `worker`.
    pub(crate) fn set(&mut self, worker: usize, link: Link) {
        self.links[worker] = Some(link);
    }

    /// Sends what the engine has for others; whether some of it has to wait.
    pub(crate) fn send(&mut self, engine: &mut Engine) -> bool {
        let mut waits = false;
        for (to, batch) in engine.relay_outboxes() {
            let link =
                usize::try_from(to.0).ok().and_then(|worker| self.links.get(worker)?.as_ref());
            let Some(link) = link else {
                batch.clear();
                continue;
            };
            let spare = link.emptied.try_recv().unwrap_or_default();
            match link.out.try_send(mem::replace(batch, spare)) {
                Ok(()) => link.other.call(),
                Err(TrySendError::Full(full)) => {
                    *batch = full;
                    waits = true;
                }
                // The worker is lost; another one gets another link.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
        waits
    }

    /// Brings the engine what others have sent.
    pub(crate) fn receive(&mut self, now: Instant, engine: &mut Engine) {
        self.own.answer();
        for (worker, link) in self.links.iter().enumerate() {
            let Some(link) = link else { continue };
            let mut taken = 0;
            while taken < BATCHES
                && let Ok(mut batch) = link.inward.try_recv()
            {
                engine.handle_relayed(now, engine_id(worker), &batch);
                batch.clear();
                // When they are many enough this one is not needed.
                let _ = link.returned.try_send(batch);
                taken += 1;
            }
            if taken == BATCHES {
                // There may be more: in the next turn, for sockets wait too.
                self.own.call();
            }
        }
    }
}
