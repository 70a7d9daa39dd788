//! The rate for clients that send no transport-wide feedback: receiver reports' loss
//! (draft-ietf-rmcat-gcc-02, section 6), bounded by REMB (draft-alvestrand-rmcat-remb-03).

use crate::{MILLIS, SECOND, seconds};

/// Nanoseconds a REMB is good for.
const REMB: u64 = 10 * SECOND;
/// Shares of lost packets: up to the first the rate grows, above the second it falls.
const GROWS: f64 = 0.02;
const FALLS: f64 = 0.10;
/// Growth each second.
const GROWTH: f64 = 0.08;
/// A REMB of which less than this is used is no limit: receivers announce little more than
/// they are sent.
const USED: f64 = 0.75;

#[derive(Debug, Default)]
pub(crate) struct Fallback {
    remb: Option<(f64, u64)>,
    /// When the rate last changed by a receiver report, and last fell.
    reported: Option<u64>,
    fell: Option<u64>,
    loss: f64,
}

impl Fallback {
    pub(crate) fn remb(&mut self, now: u64, rate: f64) {
        self.remb = Some((rate, now));
    }

    /// The rate after a receiver report. `demand`: it need not grow further than that.
    pub(crate) fn report(
        &mut self,
        now: u64,
        rate: f64,
        lost: f64,
        demand: f64,
        round_trip: u64,
    ) -> f64 {
        self.loss += 0.3 * (lost - self.loss);
        let elapsed = self.reported.map_or(0, |at| now.saturating_sub(at)).min(2 * SECOND);
        self.reported = Some(now);
        let pause = 300 * MILLIS + round_trip;
        if lost > FALLS {
            if self.fell.is_some_and(|at| now.saturating_sub(at) < pause) {
                return rate;
            }
            self.fell = Some(now);
            rate * (1.0 - 0.5 * lost)
        } else if lost <= GROWS {
            rate.max((rate * (1.0 + GROWTH * seconds(elapsed))).min(demand * 1.2))
        } else {
            rate
        }
    }

    /// What the receiver announces, unless it only tells what it is sent.
    pub(crate) fn limit(&self, now: u64, sent: f64) -> Option<f64> {
        self.remb
            .filter(|&(rate, at)| now.saturating_sub(at) < REMB && sent > rate * USED)
            .map(|(rate, _)| rate)
    }

    pub(crate) fn loss(&self) -> f64 {
        self.loss
    }

    /// Whether anything of this kind has come.
    pub(crate) fn has_news(&self) -> bool {
        self.remb.is_some() || self.reported.is_some()
    }
}
