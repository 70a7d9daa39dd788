//! A publisher's wall clock, seen from ours.

use std::time::Duration;

use crate::time::Instant;

/// A minimum older than two of these is forgotten, so that clocks may drift.
const WINDOW: Duration = Duration::from_secs(30);
/// The publisher set its clock: 5 s in NTP units.
const JUMP: u64 = 5 << 32;

/// NTP time (32.32 fixed point) of `now` on the engine's clock.
pub(crate) fn ntp(epoch: u64, now: Instant) -> u64 {
    epoch.wrapping_add(to_ntp(now.0))
}

/// Nanoseconds as a 32.32 fixed-point number of seconds.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn to_ntp(nanos: u64) -> u64 {
    ((u128::from(nanos) << 32) / 1_000_000_000) as u64
}

/// A 32.32 fixed-point number of seconds in nanoseconds.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn from_ntp(ntp: u64) -> u64 {
    ((u128::from(ntp) * 1_000_000_000) >> 32) as u64
}

/// The offset from a publisher's NTP clock to ours: the least delayed of its recent
/// sender reports. One for all of its tracks, so that they stay in step with each other.
#[derive(Default)]
pub(crate) struct PeerClock {
    current: Option<i64>,
    previous: Option<i64>,
    rotated: Instant,
}

impl PeerClock {
    /// A report that said `sent` (publisher's clock) arrived at `arrived` (ours).
    pub(crate) fn sample(&mut self, now: Instant, sent: u64, arrived: u64) {
        let sample = arrived.wrapping_sub(sent).cast_signed();
        if self.offset().is_some_and(|offset| sample.wrapping_sub(offset).unsigned_abs() > JUMP) {
            self.current = None;
            self.previous = None;
        }
        if now.since(self.rotated) >= WINDOW {
            self.previous = self.current.take();
            self.rotated = now;
        }
        self.current = Some(self.current.map_or(sample, |current| current.min(sample)));
    }

    pub(crate) fn offset(&self) -> Option<i64> {
        [self.current, self.previous].into_iter().flatten().min()
    }

    /// Our time of a publisher's time.
    #[cfg(test)]
    pub(crate) fn local(&self, remote: u64) -> Option<u64> {
        Some(remote.wrapping_add_signed(self.offset()?))
    }
}

#[cfg(test)]
mod tests {
    use super::{PeerClock, from_ntp, to_ntp};
    use crate::time::Instant;

    #[test]
    fn the_least_delayed_report_counts() {
        let mut clock = PeerClock::default();
        let second = 1u64 << 32;
        for (delay, at) in [(300, 1u64), (20, 2), (700, 3)] {
            let sent = at * second;
            let arrived = sent + 100 * second + to_ntp(delay * 1_000_000);
            clock.sample(Instant(at * 1_000_000_000), sent, arrived);
        }
        let offset = clock.local(0).expect("sampled");
        assert_eq!(from_ntp(offset).div_ceil(1_000_000), 100_020);
    }

    #[test]
    fn a_drifting_clock_is_followed_within_two_windows() {
        let mut clock = PeerClock::default();
        let second = 1u64 << 32;
        // The publisher's clock loses 10 ms each 10 s; every report takes 20 ms.
        for step in 0..30u64 {
            let (now, sent) = (step * 10, step * 10 * second - to_ntp(step * 10_000_000));
            let arrived = now * second + to_ntp(20_000_000);
            clock.sample(Instant(now * 1_000_000_000), sent, arrived);
            let error = from_ntp(arrived - clock.local(sent).expect("sampled")) / 1_000_000;
            assert!(error <= 60, "{error} ms at {now} s");
        }
        // And within them, the least delayed report still counts.
        let (sent, late) = (300 * second - to_ntp(300_000_000), to_ntp(500_000_000));
        clock.sample(Instant(300_000_000_000), sent, 300 * second + late);
        let error = from_ntp(300 * second + late - clock.local(sent).expect("sampled"));
        assert!(error / 1_000_000 >= 450, "{error}");
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once() {
        let mut clock = PeerClock::default();
        let second = 1u64 << 32;
        clock.sample(Instant(1), 5 * second, 50 * second);
        clock.sample(Instant(2), 6 * second, 151 * second);
        assert_eq!(clock.local(6 * second), Some(151 * second));
    }
}
