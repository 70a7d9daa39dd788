//! What loss tells: what the path loses anyway, and what we cause.
//!
//! A path that carries `B` bits/s and loses a share `p` of whatever it is given loses
//! `p + (1 - p) * max(0, 1 - B / r)` of a rate `r`. Of all pairs of `B` and `p` on a coarse
//! grid the one is taken that explains the latest seconds best. As long as the rate did not
//! vary, many pairs explain them as well: then what was thought before counts, and whether
//! packets waited in a queue, which overflowing it needs.

use crate::{MILLIS, SECOND, bits_per_second};

/// Nanoseconds and packets of one observation, and how many are kept.
const SPAN: u64 = 250 * MILLIS;
const LONGEST: u64 = SECOND;
const PACKETS: u32 = 16;
const OBSERVATIONS: usize = 16;
/// What an observation counts less than the one after it.
const FADING: f64 = 0.9;
/// Losses come in bursts: so many of them tell as much as one would.
const BURST: f64 = 4.0;
/// The shares that are tried for `p`.
const SHARES: [f64; 11] = [0.002, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.45];
/// The parts of the highest rate that are tried for `B`: this to the powers of 1, 3, 6, 10 …
const STEP: f64 = 0.97;
const STEPS: u32 = 9;
/// What it costs to believe in another `p` than before, for each share, and in a limit:
/// logarithms of odds.
const CHANGE: f64 = 60.0;
const LIMIT_WITHOUT_QUEUE: f64 = 8.0;
/// Nanoseconds in a queue that can overflow.
const QUEUE: u64 = 25 * MILLIS;
/// How much of a new belief about `p` is taken over.
const LEARNING: f64 = 0.3;

#[derive(Clone, Copy, Debug, Default)]
struct Observation {
    /// Bits/s sent.
    rate: f32,
    packets: u32,
    lost: u32,
    queued: bool,
}

impl Observation {
    fn rate(&self) -> f64 {
        f64::from(self.rate)
    }

    fn packets(&self) -> f64 {
        f64::from(self.packets)
    }

    fn lost(&self) -> f64 {
        f64::from(self.lost)
    }
}

/// The observation that is being made.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    first: Option<u64>,
    last: u64,
    bytes: u64,
    packets: u32,
    lost: u32,
    queueing: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Loss {
    tally: Tally,
    observations: [Observation; OBSERVATIONS],
    made: usize,
    /// `p` as believed.
    inherent: f64,
    limit: Option<f64>,
}

impl Loss {
    /// Feedback about a packet sent at a time.
    pub(crate) fn add(&mut self, sent: u64, bytes: u64, lost: bool) {
        let first = *self.tally.first.get_or_insert(sent);
        self.tally.first = Some(first.min(sent));
        self.tally.last = self.tally.last.max(sent);
        self.tally.bytes += bytes;
        self.tally.packets += 1;
        self.tally.lost += u32::from(lost);
    }

    /// A packet that was said to be lost has arrived after all.
    pub(crate) fn recovered(&mut self) {
        self.tally.lost = self.tally.lost.saturating_sub(1);
    }

    /// A feedback message has been read; packets wait so long in queues. Answers whether what
    /// loss tells may have changed.
    pub(crate) fn read(&mut self, queueing: u64) -> bool {
        self.tally.queueing = self.tally.queueing.max(queueing);
        let Some(first) = self.tally.first else {
            return false;
        };
        let span = self.tally.last.saturating_sub(first);
        if span < SPAN || (self.tally.packets < PACKETS && span < LONGEST) {
            return false;
        }
        self.observations[self.made % OBSERVATIONS] = Observation {
            #[allow(clippy::cast_possible_truncation)]
            rate: bits_per_second(self.tally.bytes, span) as f32,
            packets: self.tally.packets,
            lost: self.tally.lost,
            queued: self.tally.queueing > QUEUE,
        };
        self.made += 1;
        self.tally = Tally::default();
        self.judge();
        true
    }

    /// Bits/s that the path carries, as far as loss tells.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// The share of packets the path loses however little is sent.
    pub(crate) fn inherent(&self) -> f64 {
        self.inherent
    }

    /// The share of packets lost in the latest seconds.
    pub(crate) fn share(&self) -> f64 {
        let (packets, lost) = self.weigh(|seen| (seen.packets(), seen.lost()));
        if packets > 0.0 { lost / packets } else { 0.0 }
    }

    /// The observations with their weights, the latest first.
    fn latest(&self) -> impl Iterator<Item = (f64, &Observation)> {
        let kept = self.made.min(OBSERVATIONS);
        let mut weight = 1.0 / FADING;
        (1..=kept).map(move |back| {
            weight *= FADING;
            (weight, &self.observations[(self.made - back) % OBSERVATIONS])
        })
    }

    fn judge(&mut self) {
        if self.latest().all(|(_, seen)| seen.lost == 0) {
            self.limit = None;
            self.inherent *= 1.0 - LEARNING / 4.0;
            return;
        }
        let highest = self.latest().fold(0.0_f64, |highest, (_, seen)| highest.max(seen.rate()));
        let queued = self.queued();
        let cost = LIMIT_WITHOUT_QUEUE * (1.0 - queued);
        let mut best = (f64::NEG_INFINITY, 0.0, None);
        let (kept, lost) = self.weigh(|seen| (seen.packets() - seen.lost(), seen.lost()));
        for share in SHARES {
            let odds = (lost * share.ln() + kept * (1.0 - share).ln()) / BURST
                - CHANGE * (share - self.inherent).abs();
            if odds > best.0 {
                best = (odds, share, None);
            }
        }
        for step in 1..=STEPS {
            let limit = highest * STEP.powi((step * (step + 1) / 2).cast_signed());
            for share in [SHARES[0], self.inherent] {
                let odds =
                    self.likelihood(share, limit) - CHANGE * (share - self.inherent).abs() - cost;
                if odds > best.0 {
                    best = (odds, share, Some(limit));
                }
            }
        }
        let (_, share, limit) = best;
        let more = share > self.inherent;
        // Where a limit or a queue explains it, nothing is learnt about worse paths.
        let doubt = if more && limit.is_some() {
            1.0
        } else if more {
            queued
        } else {
            0.0
        };
        self.inherent += LEARNING * (1.0 - doubt) * (share - self.inherent);
        self.limit = limit.map(|limit| self.refine(limit, share));
    }

    /// The share of losses that came with a queue: one that overflows is seen as delay before
    /// it is seen as loss.
    fn queued(&self) -> f64 {
        let (queued, lost) =
            self.weigh(|seen| (if seen.queued { seen.lost() } else { 0.0 }, seen.lost()));
        queued / f64::max(lost, f64::MIN_POSITIVE)
    }

    fn likelihood(&self, share: f64, limit: f64) -> f64 {
        let (kept, lost) = self.weigh(|seen| {
            let expected = expected(share, limit, seen.rate());
            let kept = seen.packets() - seen.lost();
            (kept * (1.0 - expected).ln(), seen.lost() * expected.ln())
        });
        (kept + lost) / BURST
    }

    /// Two sums over the observations by their weights.
    fn weigh(&self, of: impl Fn(&Observation) -> (f64, f64)) -> (f64, f64) {
        self.latest().fold((0.0, 0.0), |sum, (weight, seen)| {
            let (first, second) = of(seen);
            (sum.0 + weight * first, sum.1 + weight * second)
        })
    }

    /// The grid is coarse: what arrived while more than the limit was sent is the limit.
    fn refine(&self, limit: f64, share: f64) -> f64 {
        let (carried, weights) = self.weigh(|seen| {
            if seen.rate() <= limit || seen.packets == 0 {
                return (0.0, 0.0);
            }
            (seen.rate() * (1.0 - seen.lost() / seen.packets()) / (1.0 - share), 1.0)
        });
        if weights > 0.0 { (carried / weights).max(limit) } else { limit }
    }
}

/// The share a path loses of a rate.
fn expected(share: f64, limit: f64, rate: f64) -> f64 {
    let over = (1.0 - limit / rate.max(1.0)).max(0.0);
    (share + (1.0 - share) * over).clamp(0.001, 0.999)
}
