//! The path's round-trip time, smoothed (RFC 6298, section 2).

use crate::{MILLIS, SECOND};

/// Nanoseconds taken for granted before the first measurement.
const GUESS: u64 = 200 * MILLIS;

#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    smoothed: Option<u64>,
    /// From feedback: too long by what the receiver waited before it sent that.
    bound: Option<u64>,
}

impl RoundTrip {
    pub(crate) fn measured(&mut self, nanos: u64) {
        let nanos = nanos.min(10 * SECOND);
        let old = self.smoothed.unwrap_or(nanos);
        self.smoothed = Some(old - old / 8 + nanos / 8);
    }

    /// So long it took from sending a packet to hearing of it.
    pub(crate) fn bounded(&mut self, nanos: u64) {
        let nanos = nanos.min(10 * SECOND);
        let old = self.bound.unwrap_or(nanos);
        self.bound = Some(old - old / 8 + nanos / 8);
    }

    /// In nanoseconds.
    pub(crate) fn nanos(&self) -> u64 {
        self.smoothed.or(self.bound).unwrap_or(GUESS)
    }
}
