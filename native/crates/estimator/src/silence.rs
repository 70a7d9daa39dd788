//! What is sent while the receiver says nothing: less and less.

use crate::MILLIS;

/// Nanoseconds without feedback, beside two round trips, after which the rate is halved for
/// the first time, and again.
const PATIENCE: u64 = 500 * MILLIS;
/// Halvings at most.
const HALVINGS: u32 = 4;

#[derive(Debug, Default)]
pub(crate) struct Silence {
    /// When something that waits for feedback was first sent since the last feedback.
    since: Option<u64>,
    halvings: u32,
}

impl Silence {
    pub(crate) fn sent(&mut self, at: u64) {
        self.since.get_or_insert(at);
    }

    /// Feedback has come: it tells about everything, so nothing of this remains.
    pub(crate) fn ended(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn update(&mut self, now: u64, round_trip: u64) {
        while self.halvings < HALVINGS && self.deadline(round_trip).is_some_and(|at| now >= at) {
            self.halvings += 1;
        }
    }

    /// When the rate is halved next.
    pub(crate) fn deadline(&self, round_trip: u64) -> Option<u64> {
        let step = PATIENCE + 2 * round_trip;
        let steps = u64::from(self.halvings) + 1;
        self.since
            .filter(|_| self.halvings < HALVINGS)
            .map(|since| since.saturating_add(step.saturating_mul(steps)))
    }

    /// What the rate is multiplied by.
    pub(crate) fn factor(&self) -> f64 {
        0.5_f64.powi(self.halvings.cast_signed())
    }
}
