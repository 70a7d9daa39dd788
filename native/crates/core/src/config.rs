//! What an engine is told once, at its start.

use std::time::Duration;

/// Limits and timeouts. Every one of them bounds something.
#[derive(Clone, Debug)]
pub struct Config {
    /// Without an authenticated binding request for this long, and anything else authentic for
    /// two thirds of it, consent is gone (RFC 7675).
    pub consent_timeout: Duration,
    /// Without any authenticated datagram for this long, a transport is reported silent.
    pub silence_timeout: Duration,
    /// Without a packet for this long, a video encoding is reported idle.
    pub encoding_timeout: Duration,
    /// An idle encoding without RTCP of its SSRC for this long either is reported stopped,
    /// while other things arrive from the peer. RFC 3550 6.3.5 gives a source five of its
    /// reporting intervals; browsers report each second.
    pub source_timeout: Duration,
    /// More transports than this are refused.
    pub max_transports: usize,
    /// Up-tracks, and slots, a transport may have.
    pub max_tracks_per_transport: usize,
    /// Events waiting to be fetched; older ones than that are dropped and counted.
    pub max_events: usize,
    /// NTP time (32.32 fixed point, RFC 5905) at `Instant(0)`, for sender reports.
    pub ntp_epoch: u64,
    /// Seed of the engine's random numbers (SSRC of its reports and the like).
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            consent_timeout: Duration::from_secs(15),
            silence_timeout: Duration::from_secs(3),
            encoding_timeout: Duration::from_secs(2),
            source_timeout: Duration::from_secs(10),
            max_transports: 10_000,
            max_tracks_per_transport: 64,
            max_events: 16_384,
            ntp_epoch: 0,
            seed: 0,
        }
    }
}
