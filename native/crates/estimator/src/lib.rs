#![forbid(unsafe_code)]
//! Send-side bandwidth estimation: packets' send times and a receiver's feedback in, a
//! target rate out. No I/O, no clock, no randomness.
//!
//! Three observers look at the same feedback. *Delay* (draft-ietf-rmcat-gcc-02) sees a queue
//! build up before it overflows. *Loss* tells what the path loses anyway from what we cause.
//! *Probes* find out what the path carries beyond what is being sent. [`control`] combines
//! them. Clients without transport-wide feedback fall back to REMB and receiver reports.

mod arrivals;
mod control;
mod delay;
mod estimator;
mod fallback;
mod groups;
mod history;
mod limited;
mod loss;
mod probe;
mod queueing;
mod round_trip;
mod silence;
mod snapshot;
mod trend;

pub use delay::Usage;
pub use estimator::Estimator;
pub use probe::Probe;
pub use snapshot::Snapshot;

/// Nanoseconds of a millisecond.
const MILLIS: u64 = 1_000_000;
/// Nanoseconds of a second.
const SECOND: u64 = 1_000 * MILLIS;

/// Where an estimate starts, and between what it stays. All in bits/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The first guess.
    pub initial: u64,
    /// The target is never below.
    pub minimum: u64,
    /// The target is never above.
    pub maximum: u64,
}

/// A packet that has been sent with a transport-wide number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When, in nanoseconds of the sender's clock.
    pub at: u64,
    /// Its transport-wide number, unwrapped. Numbers rise.
    pub id: u64,
    /// Its size on the wire in bytes, with the overhead of UDP and IP.
    pub bytes: u32,
    /// The [`Probe`] it is part of.
    pub probe: Option<u32>,
}

/// What feedback says about one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The packet's transport-wide number, unwrapped.
    pub id: u64,
    /// When it arrived, in nanoseconds of the receiver's clock; `None`: it has not.
    pub arrived: Option<u64>,
}

/// Bits/s of so many bytes in so many nanoseconds; 0 in no time.
#[allow(clippy::cast_precision_loss)]
fn bits_per_second(bytes: u64, nanos: u64) -> f64 {
    if nanos == 0 { 0.0 } else { bytes as f64 * 8.0 * SECOND as f64 / nanos as f64 }
}

/// Seconds of so many nanoseconds.
#[allow(clippy::cast_precision_loss)]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / SECOND as f64
}

/// Nanoseconds that so many bytes take at a rate in bits/s, at most an hour.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn transmission(bytes: u64, rate: f64) -> u64 {
    (bytes as f64 * 8.0 / rate.max(1.0) * SECOND as f64).min(3_600.0 * SECOND as f64) as u64
}

/// A rate as a whole number of bits/s.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(rate: f64) -> u64 {
    rate as u64
}
