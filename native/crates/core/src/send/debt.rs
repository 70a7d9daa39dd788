//! A budget in bytes that returns at a rate which may change from one moment to the next.

use std::time::Duration;

use crate::time::Instant;

/// A bit that takes a nanosecond at a rate of 1 bit/s: bytes and rates meet in this unit
/// without a division.
const PER_BYTE: u64 = 8 * 1_000_000_000;
/// No longer idleness than this has to be made up for.
const LONGEST: u64 = 1_000_000_000;
/// Larger debts are not kept: 20 MB, which no burst comes near to.
const LARGEST: u64 = 20_000_000 * PER_BYTE;

/// What was sent ahead of its time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Debt {
    owed: u64,
    at: Instant,
}

impl Debt {
    /// Lets the time until `now` pay at `rate` (bits/s, at most 10 Gbit/s).
    #[inline]
    pub(crate) fn pay(&mut self, now: Instant, rate: u64) {
        let elapsed = now.0.saturating_sub(self.at.0).min(LONGEST);
        self.at = self.at.max(now);
        self.owed = self.owed.saturating_sub(elapsed.saturating_mul(rate));
    }

    #[inline]
    pub(crate) fn add(&mut self, bytes: usize) {
        self.owed = (self.owed + bytes as u64 * PER_BYTE).min(LARGEST);
    }

    /// Whether what is owed is no more than what `burst` pays at `rate`.
    #[inline]
    pub(crate) fn within(&self, burst: Duration, rate: u64) -> bool {
        self.owed <= nanos(burst).saturating_mul(rate)
    }

    /// When it will be.
    pub(crate) fn when(&self, burst: Duration, rate: u64) -> Instant {
        let above = self.owed.saturating_sub(nanos(burst).saturating_mul(rate));
        Instant(self.at.0.saturating_add(above.div_ceil(rate.max(1))))
    }
}

#[allow(clippy::cast_possible_truncation)] // Bursts are less than a second.
fn nanos(burst: Duration) -> u64 {
    burst.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::Debt;
    use crate::time::Instant;
    use std::time::Duration;

    const BURST: Duration = Duration::from_millis(20);

    #[test]
    fn a_burst_and_then_the_rate_whatever_the_steps() {
        for step in [1_000u64, 333_333, 5_000_000] {
            let mut debt = Debt::default();
            let (mut sent, mut now) = (0usize, 10_000_000_000);
            while now < 11_000_000_000 {
                debt.pay(Instant(now), 1_000_000);
                while debt.within(BURST, 1_000_000) {
                    debt.add(500);
                    sent += 500;
                }
                now += step;
            }
            // 125,000 bytes a second, a burst of 2,500, and one packet across its end.
            assert!((126_000..=128_100).contains(&sent), "{sent} in steps of {step} ns");
        }
    }

    #[test]
    fn the_time_it_tells_is_the_time() {
        let mut debt = Debt::default();
        debt.pay(Instant(5_000_000_000), 800_000);
        debt.add(10_000);
        let when = debt.when(BURST, 800_000);
        assert_eq!(when, Instant(5_080_000_000));
        debt.pay(Instant(when.0 - 1), 800_000);
        assert!(!debt.within(BURST, 800_000));
        debt.pay(when, 800_000);
        assert!(debt.within(BURST, 800_000));
    }
}
