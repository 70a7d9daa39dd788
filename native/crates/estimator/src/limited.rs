//! Whether the media, not the path, bounds what is sent.

use crate::{MILLIS, arrivals::Arrivals};

/// Nanoseconds over which what is sent is compared with what may be.
const WINDOW: u64 = 500 * MILLIS;
/// Shares of the target below which sending is limited by the application, and above which
/// it no longer is.
const ENTER: f64 = 0.7;
const LEAVE: f64 = 0.8;

#[derive(Debug, Default)]
pub(crate) struct Limited {
    sent: Arrivals,
    limited: bool,
    /// When it was last limited: feedback speaks of the past.
    seen: Option<u64>,
}

impl Limited {
    pub(crate) fn sent(&mut self, at: u64, bytes: u64) {
        self.sent.add(at, bytes);
    }

    pub(crate) fn update(&mut self, now: u64, target: f64) {
        let rate = self.rate(now);
        self.limited = rate < target * if self.limited { LEAVE } else { ENTER };
        if self.limited {
            self.seen = Some(now);
        }
    }

    /// Bits/s of media that were sent lately.
    pub(crate) fn rate(&self, now: u64) -> f64 {
        self.sent.rate_at(now, WINDOW).unwrap_or(0.0)
    }

    /// The same over so many nanoseconds before a time in the past; `None`: it is too long ago.
    pub(crate) fn rate_before(&self, time: u64, window: u64) -> Option<f64> {
        self.sent.rate_then(time, window)
    }

    /// Whether the packets that feedback now speaks of were fewer than the target allowed.
    pub(crate) fn limited(&self, now: u64, round_trip: u64) -> bool {
        self.limited || self.seen.is_some_and(|seen| now.saturating_sub(seen) < round_trip)
    }
}
