//! A link's rate over time.

/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// Piecewise constant; before its zero the first rate holds, after the last step the last one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schedule {
    /// (ns since zero, bits/s), in order of time.
    steps: Vec<(u64, f64)>,
    /// When its time began, ns.
    zero: Option<u64>,
}

impl Schedule {
    /// `steps`: (seconds, bits/s), in order of time; none: as fast as one likes.
    pub(crate) fn new(steps: &[(f64, f64)]) -> Result<Self, String> {
        if steps.windows(2).any(|pair| pair[0].0 >= pair[1].0)
            || steps.iter().any(|&(at, rate)| at < 0.0 || rate <= 0.0 || !rate.is_finite())
        {
            return Err("rates are above 0, at times that grow".into());
        }
        let steps = steps.iter().map(|&(at, rate)| ((at * SECOND as f64) as u64, rate)).collect();
        Ok(Self { steps, zero: None })
    }

    /// The time of the steps begins.
    pub(crate) fn begin(&mut self, now: u64) {
        self.zero = Some(now);
    }

    /// When `bytes` are through that start at `start`, ns.
    pub(crate) fn finish(&self, start: u64, bytes: usize) -> u64 {
        let Some(&(_, first)) = self.steps.first() else { return start };
        let mut left = bytes as f64 * 8.0;
        let Some(zero) = self.zero else { return start + nanos(left, first) };
        let (mut at, mut rate) = (start, first);
        for &(step, next) in &self.steps {
            let step = zero + step;
            if step > at {
                let carried = (step - at) as f64 * rate / SECOND as f64;
                if carried >= left {
                    break;
                }
                left -= carried;
                at = step;
            }
            rate = next;
        }
        at + nanos(left, rate)
    }
}

fn nanos(bits: f64, rate: f64) -> u64 {
    (bits * SECOND as f64 / rate).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = SECOND / 1000;

    #[test]
    fn a_packet_takes_its_bits_by_the_rate() {
        let schedule = Schedule::new(&[(0.0, 1e6)]).unwrap();
        assert_eq!(schedule.finish(7 * MS, 1250), 17 * MS);
    }

    #[test]
    fn a_packet_that_a_step_meets_goes_on_at_the_new_rate() {
        let mut schedule = Schedule::new(&[(0.0, 1e6), (1.0, 1e5)]).unwrap();
        schedule.begin(SECOND);
        // 5 ms at 1 Mbit/s are half of it, the rest takes ten times as long.
        assert_eq!(schedule.finish(2 * SECOND - 5 * MS, 1250), 2 * SECOND + 50 * MS);
        assert_eq!(schedule.finish(3 * SECOND, 1250), 3 * SECOND + 100 * MS);
    }

    #[test]
    fn the_steps_wait_for_the_beginning() {
        let schedule = Schedule::new(&[(0.0, 1e6), (1.0, 1e5)]).unwrap();
        assert_eq!(schedule.finish(500 * SECOND, 1250), 500 * SECOND + 10 * MS);
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert_eq!(Schedule::new(&[]).unwrap().finish(5, 1500), 5);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Schedule::new(&[(0.0, 0.0)]).is_err());
        assert!(Schedule::new(&[(1.0, 1e6), (1.0, 1e5)]).is_err());
    }
}
