//! A made-up path, deterministic from a seed, and who uses it.

pub(crate) mod link;
pub(crate) mod pacer;
pub(crate) mod random;
pub(crate) mod receiver;
pub(crate) mod source;
pub(crate) mod tcp;
pub(crate) mod trace;
pub(crate) mod world;

/// Nanoseconds of a millisecond and of a second.
pub(crate) const MILLIS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MILLIS;
