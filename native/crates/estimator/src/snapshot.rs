//! The estimator's state, for people.

use crate::Usage;

/// What an estimator knows. Rates in bits/s, times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// What may be sent in all.
    pub target: u64,
    /// What the delay tells about the queue on the path.
    pub usage: Usage,
    /// How long packets wait in queues, at least.
    pub queueing: u64,
    /// What arrived lately.
    pub acknowledged: u64,
    /// The share of packets lost lately.
    pub loss: f64,
    /// The share the path loses however little is sent.
    pub inherent_loss: f64,
    /// What loss says the path carries; `None`: it says nothing.
    pub loss_limit: Option<u64>,
    /// The round-trip time.
    pub round_trip: u64,
    /// Whether the media is less than what may be sent.
    pub limited: bool,
    /// Bytes that were sent and not spoken of yet.
    pub in_flight: u64,
    /// What would be sent if the path carried it.
    pub demand: u64,
    /// Probes handed out, and those that found something.
    pub probes: u64,
    /// See `probes`.
    pub probes_useful: u64,
    /// Whether REMB and receiver reports are all there is.
    pub fallback: bool,
}
