//! How fast bytes come: a rate over the latest part of a second.

use crate::{MILLIS, bits_per_second};

/// Nanoseconds of one bucket, and how many are kept.
const BUCKET: u64 = 20 * MILLIS;
const BUCKETS: u64 = 32;
/// Nanoseconds that a clock may jump before everything is forgotten.
const JUMP: u64 = 5_000 * MILLIS;

/// Bytes by the time they came, in buckets. The bucket that is being filled does not count
/// yet, so that a rate does not depend on where in a frame it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    buckets: [u32; BUCKETS as usize],
    /// The number of the bucket that is being filled; `None`: nothing has come.
    newest: Option<u64>,
    /// The number of the first bucket there is.
    first: u64,
}

impl Arrivals {
    /// Counts bytes that came at a time. Times need not rise.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn add(&mut self, time: u64, bytes: u64) {
        let bucket = time / BUCKET;
        let newest = match self.newest {
            Some(newest) if bucket.abs_diff(newest) < JUMP / BUCKET => newest,
            _ => {
                *self = Self { newest: Some(bucket), first: bucket, ..Self::default() };
                bucket
            }
        };
        if bucket > newest {
            for empty in newest + 1..=bucket.min(newest + BUCKETS) {
                self.buckets[(empty % BUCKETS) as usize] = 0;
            }
            self.newest = Some(bucket);
        } else if newest - bucket >= BUCKETS {
            return;
        }
        let filled = &mut self.buckets[(bucket % BUCKETS) as usize];
        *filled = filled.saturating_add(bytes.min(u64::from(u32::MAX)) as u32);
    }

    /// Bits/s over the last so many nanoseconds before the newest arrival; `None` when less
    /// than half of that has been seen.
    pub(crate) fn rate(&self, window: u64) -> Option<f64> {
        self.rate_before(self.newest?, window)
    }

    /// The same, as seen at a later time at which nothing need have come.
    pub(crate) fn rate_at(&self, time: u64, window: u64) -> Option<f64> {
        self.rate_before(self.newest?.max(time / BUCKET), window)
    }

    /// The same, as it was at a time in the past; `None`: that is forgotten.
    pub(crate) fn rate_then(&self, time: u64, window: u64) -> Option<f64> {
        let (newest, end) = (self.newest?, time / BUCKET);
        let kept = end >= self.first && end + BUCKETS > newest + window / BUCKET;
        if kept { self.rate_before(end, window) } else { None }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn rate_before(&self, end: u64, window: u64) -> Option<f64> {
        let newest = self.newest?;
        let wanted = (window / BUCKET).clamp(1, BUCKETS - 1);
        let there = wanted.min(end - self.first);
        if there * 2 < wanted || there == 0 {
            return None;
        }
        // The newest bucket counts once time has gone beyond it.
        let filled = end - there..end.min(newest + 1);
        let bytes = filled.map(|bucket| u64::from(self.buckets[(bucket % BUCKETS) as usize])).sum();
        Some(bits_per_second(bytes, there * BUCKET))
    }
}

#[cfg(test)]
mod tests {
    use super::Arrivals;
    use crate::{MILLIS, SECOND};

    #[test]
    fn frames_have_the_rate_of_their_stream() {
        let mut arrivals = Arrivals::default();
        for frame in 0..90_u64 {
            for packet in 0..5 {
                arrivals.add(frame * 33 * MILLIS + packet, 1_000);
            }
            if frame > 30 {
                let rate = arrivals.rate(500 * MILLIS).expect("seen for a second");
                assert!((1_100_000.0..1_300_000.0).contains(&rate), "{rate}");
            }
        }
        let later = 89 * 33 * MILLIS + SECOND;
        assert_eq!(arrivals.rate_at(later, 500 * MILLIS), Some(0.0));
    }

    #[test]
    fn a_clock_that_jumps_begins_anew() {
        let mut arrivals = Arrivals::default();
        for packet in 0..100 {
            arrivals.add(50 * SECOND + packet * 10 * MILLIS, 1_000);
        }
        arrivals.add(SECOND, 1_000);
        assert_eq!(arrivals.rate(500 * MILLIS), None);
    }
}
