//! Handles: a serial number, never reused, and the worker it lives on.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a handle that name the worker.
const WORKER_BITS: u32 = 8;
/// More workers than this cannot be named.
pub(crate) const MAX_WORKERS: u16 = 1 << WORKER_BITS;

/// The handles of one engine.
#[derive(Debug, Default)]
pub(crate) struct Handles(AtomicU64);

impl Handles {
    /// A new one, on `worker`.
    pub(crate) fn allocate(&self, worker: usize) -> u64 {
        let serial = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        (serial << WORKER_BITS) | worker as u64
    }
}

/// Where `handle` lives, if it is one.
pub(crate) fn worker_of(handle: u64) -> usize {
    (handle & (u64::from(MAX_WORKERS) - 1)) as usize
}
