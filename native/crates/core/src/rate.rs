//! Token buckets that take eight bytes each.

use crate::time::Instant;

/// How much a bucket lets through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Nanoseconds that pay for one.
    interval: u64,
    /// Nanoseconds that a full bucket is ahead.
    tolerance: u64,
}

impl Rate {
    /// So many a second in the long run, and `burst` at once.
    pub(crate) const fn per_second(rate: u64, burst: u64) -> Self {
        let interval = 1_000_000_000 / rate;
        Self { interval, tolerance: interval * burst }
    }
}

/// A bucket, full at first. It keeps the time at which it will be full again (the generic
/// cell rate algorithm, ITU-T I.371).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    full: Instant,
}

impl Bucket {
    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let full = self.full.0.max(now.0).saturating_add(rate.interval);
        let there = full - now.0 <= rate.tolerance;
        if there {
            self.full = Instant(full);
        }
        there
    }

    /// Whether there is one.
    pub(crate) fn has(&self, now: Instant, rate: Rate) -> bool {
        let mut copy = *self;
        copy.take(now, rate)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Rate};
    use crate::time::Instant;

    #[test]
    fn a_burst_and_then_the_rate() {
        let rate = Rate::per_second(100, 20);
        let mut bucket = Bucket::default();
        let start = 5_000_000_000;
        let taken = (0..50).filter(|_| bucket.take(Instant(start), rate)).count();
        assert_eq!(taken, 20);
        assert!(!bucket.has(Instant(start), rate));
        // 10,000 attempts in the next second.
        let attempts = (0..10_000).map(|number| Instant(start + number * 100_000));
        let taken = attempts.filter(|&now| bucket.take(now, rate)).count();
        assert!((99..=100).contains(&taken), "{taken}");
        // Idleness fills it to the burst and no further.
        let later = Instant(start + 3_600_000_000_000);
        let taken = (0..50).filter(|_| bucket.take(later, rate)).count();
        assert_eq!(taken, 20);
    }
}
