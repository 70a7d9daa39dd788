//! How long a worker lets packets gather before it looks at them.
//!
//! One send to one address costs two to three microseconds, whatever is in it, and packets of one
//! GSO run share it. Where they come one by one to be forwarded to many, a worker that is busy
//! anyway waits for some more of them; one that has little to do never does.

use std::time::Duration;

use trio_sfu_core::time::Instant;

/// The longest window: what it adds to a packet's way at most.
const LONGEST: Duration = Duration::from_millis(2);
/// By so much it grows and shrinks, once a period.
const STEP: Duration = Duration::from_micros(500);
const PERIOD: Duration = Duration::from_millis(100);
/// Shares of the time that a worker works: from `IDLE` on the window grows, at `BUSY` it
/// is as long as it gets. Waiting makes a worker less busy, so it settles in between.
const IDLE: f64 = 0.15;
const BUSY: f64 = 0.2;
/// Above this, packets gather by themselves while others are worked on.
const FULL: f64 = 0.85;
/// Datagrams a run; with more, there is nothing to be gained.
const LONG: u64 = 8;

/// What a turn has taken from the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Intake {
    Nothing,
    /// All that was there.
    All,
    /// As much as one call takes: more may be waiting.
    Part,
}

/// The window, from what the worker did of late.
#[derive(Debug)]
pub(crate) struct Coalescing {
    window: Duration,
    latest: Intake,
    /// When the latest turn began that received something.
    received: Instant,
    period_began: Instant,
    worked: Duration,
    runs: u64,
    datagrams: u64,
}

impl Coalescing {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            window: Duration::ZERO,
            latest: Intake::Nothing,
            received: Instant::default(),
            period_began: now,
            worked: Duration::ZERO,
            runs: 0,
            datagrams: 0,
        }
    }

    /// How long to wait before the sockets are looked at again.
    pub(crate) fn pause(&self, now: Instant) -> Duration {
        if self.latest == Intake::Part {
            return Duration::ZERO;
        }
        (self.received + self.window).since(now).min(self.window)
    }

    /// A turn was done. `runs` and `datagrams` were sent since the worker's start.
    pub(crate) fn turned(
        &mut self,
        (began, ended): (Instant, Instant),
        intake: Intake,
        (runs, datagrams): (u64, u64),
    ) {
        self.latest = intake;
        if intake != Intake::Nothing {
            self.received = began;
        }
        self.worked += ended.since(began);
        let period = ended.since(self.period_began);
        if period < PERIOD {
            return;
        }
        let share = self.worked.as_secs_f64() / period.as_secs_f64();
        let long = datagrams - self.datagrams > (runs - self.runs) * LONG;
        let wanted = if share > FULL || long {
            Duration::ZERO
        } else {
            LONGEST.mul_f64(((share - IDLE) / (BUSY - IDLE)).clamp(0.0, 1.0))
        };
        let least = self.window.saturating_sub(STEP);
        self.window = wanted.clamp(least, self.window + STEP);
        *self = Self {
            window: self.window,
            latest: self.latest,
            received: self.received,
            period_began: ended,
            worked: Duration::ZERO,
            runs,
            datagrams,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Coalescing, Intake, LONGEST, PERIOD};
    use std::time::Duration;
    use trio_sfu_core::time::Instant;

    /// A second in which a turn begins each millisecond, takes `work` and sends `runs` runs of
    /// `each` datagrams.
    fn second(coalescing: &mut Coalescing, start: u64, work: u64, runs: u64, each: u64) {
        let mut sent = (coalescing.runs, coalescing.datagrams);
        for turn in 0..1_000 {
            let began = Instant((start * 1_000 + turn) * 1_000_000);
            let ended = began + Duration::from_micros(work);
            sent = (sent.0 + runs, sent.1 + runs * each);
            coalescing.turned((began, ended), Intake::All, sent);
        }
    }

    #[test]
    fn who_has_little_to_do_waits_for_nothing() {
        let mut coalescing = Coalescing::new(Instant(0));
        second(&mut coalescing, 0, 140, 100, 1);
        assert_eq!(coalescing.window, Duration::ZERO);
        assert_eq!(coalescing.pause(Instant(1_000_000_000)), Duration::ZERO);
    }

    #[test]
    fn who_is_busy_with_short_runs_lets_them_gather_and_stops_when_there_is_less_to_do() {
        let mut coalescing = Coalescing::new(Instant(0));
        second(&mut coalescing, 0, 400, 100, 1);
        assert_eq!(coalescing.window, LONGEST);
        // It is what made it less busy.
        second(&mut coalescing, 1, 200, 100, 2);
        assert_eq!(coalescing.window, LONGEST);
        second(&mut coalescing, 2, 90, 10, 2);
        assert_eq!(coalescing.window, Duration::ZERO);
    }

    #[test]
    fn long_runs_and_full_workers_need_no_window() {
        for (work, each) in [(400, 9), (950, 1)] {
            let mut coalescing = Coalescing::new(Instant(0));
            second(&mut coalescing, 0, work, 100, each);
            assert_eq!(coalescing.window, Duration::ZERO, "{work} {each}");
        }
        let mut coalescing = Coalescing::new(Instant(0));
        second(&mut coalescing, 0, 400, 100, 1);
        second(&mut coalescing, 1, 950, 100, 1);
        assert_eq!(coalescing.window, Duration::ZERO, "it is full by now");
    }

    #[test]
    fn nothing_waits_longer_than_the_window_since_the_last_turn() {
        let mut coalescing = Coalescing::new(Instant(0));
        second(&mut coalescing, 0, 400, 100, 1);
        let last = Instant(999_000_000);
        assert_eq!(
            coalescing.pause(last + Duration::from_micros(400)),
            Duration::from_micros(1_600)
        );
        assert_eq!(coalescing.pause(last + LONGEST), Duration::ZERO);
        assert_eq!(coalescing.pause(last + PERIOD), Duration::ZERO);
        assert!(coalescing.pause(Instant(0)) <= LONGEST, "whatever the clock says");
    }
    #[test]
    fn what_one_call_could_not_take_is_taken_at_once() {
        let mut coalescing = Coalescing::new(Instant(0));
        second(&mut coalescing, 0, 400, 100, 1);
        let (began, ended) = (Instant(1_000_000_000), Instant(1_000_400_000));
        let sent = (coalescing.runs, coalescing.datagrams);
        coalescing.turned((began, ended), Intake::Part, sent);
        assert_eq!(coalescing.window, LONGEST);
        assert_eq!(coalescing.pause(ended), Duration::ZERO);
        coalescing.turned((began, ended), Intake::All, sent);
        assert_eq!(coalescing.pause(ended), Duration::from_micros(1_600));
    }
}
