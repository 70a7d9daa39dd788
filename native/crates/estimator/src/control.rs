//! The rate that delay and acknowledgements allow: additive or multiplicative increase,
//! multiplicative decrease (draft-ietf-rmcat-gcc-02, section 5.5).

use crate::{Config, MILLIS, Usage, seconds};

/// What part of the rate that arrives is sent after congestion has been seen, and the least
/// when a long queue has to drain as well.
const BACK_OFF: f64 = 0.92;
const DRAIN: f64 = 0.7;
/// Nanoseconds of queueing from which on more is taken back, and how much more each second.
const LONG: u64 = 50 * MILLIS;
const DRAIN_SLOPE: f64 = 0.4;
/// Where less than this share of the rate is sent, and at least that share of it arrives, it
/// is somebody else who fills the queue.
const LESS: f64 = 0.9;
const FOREIGN: f64 = 0.85;
/// What part of the most that the path has carried lately is not given way to others, as long as
/// at least such a share of what is sent gets through at once, with less than so much queueing. A
/// flow of TCP takes whatever is given, and gives way itself when it loses packets.
const FAIR: f64 = 0.65;
const THROUGH: f64 = 0.75;
const BEARABLE: u64 = 150 * MILLIS;
/// Nanoseconds for which less may get through than that. A flow that begins sends twice what the
/// path carries until it hears of the first loss: over before giving way helps anybody.
const BURST: u64 = 700 * MILLIS;
/// What is left of that memory each time the path carries less than what is sent.
const DOUBT: f64 = 0.9;
/// Seconds within which it is forgotten what the path has carried.
const REMEMBERED: f64 = 300.0;
/// Growth each second while the path's capacity is not known.
const GROWTH: f64 = 0.08;
/// How far beyond what arrived the rate may grow: a factor, and bits/s.
const HEADROOM: f64 = 1.06;
const HEADROOM_BITS: f64 = 10_000.0;
/// The same near capacity, where it may be wrong.
const CAUTION: f64 = 1.02;
const CAUTION_BITS: f64 = 4_000.0;
/// Bits that are added each response time near capacity; at least, and at most a share, each
/// second.
const STEP: f64 = 6_000.0;
const LEAST_STEP: f64 = 4_000.0;
const MOST_STEP: f64 = 0.04;
/// How much of what arrives by the latest feedback is believed.
const SMOOTHING: f64 = 0.25;
/// Nanoseconds of queueing, and the share of lost packets, above which nothing grows.
const STANDING: u64 = 100 * MILLIS;
const LOSSY: f64 = 0.05;

/// Whether the rate may grow, when the delay allows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Growth {
    /// What is sent does not test the rate: it stays.
    None,
    /// As far as what is sent and arrives shows that it may.
    Tested,
    /// Up to so many bits/s without being shown: nothing else is left.
    Blind(f64),
}

/// What the rate is decided on. Rates in bits/s, times in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) now: u64,
    pub(crate) usage: Usage,
    /// What arrived in the latest half second, as it would be without inherent loss.
    pub(crate) acknowledged: Option<f64>,
    /// What arrived in the latest fifth of a second: while a queue fills, what the path
    /// carries.
    pub(crate) carried: Option<f64>,
    pub(crate) queueing: u64,
    /// The share of packets lost lately.
    pub(crate) loss: f64,
    pub(crate) round_trip: u64,
    pub(crate) growth: Growth,
    /// What was sent lately.
    pub(crate) sent: f64,
    /// What was sent in the fifth of a second that the latest feedback speaks of.
    pub(crate) answered: f64,
}

impl View {
    /// Nanoseconds until feedback speaks of what is sent from now on.
    fn response(&self) -> u64 {
        self.round_trip.clamp(20 * MILLIS, 200 * MILLIS) + 100 * MILLIS
    }
}

#[derive(Debug)]
pub(crate) struct Control {
    rate: f64,
    minimum: f64,
    maximum: f64,
    updated: u64,
    decreased: Option<u64>,
    capacity: Capacity,
    /// The most that has arrived or was found by a probe, less as time passes.
    carried: f64,
    /// When that was last doubted.
    doubted: Option<u64>,
    /// Since when less than a share of what is sent gets through.
    stifled: Option<u64>,
    /// What arrives, smoothed: half a second holds more or fewer frames by chance.
    arriving: Option<f64>,
}

impl Control {
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn new(config: &Config, now: u64) -> Self {
        let minimum = config.minimum.max(1_000) as f64;
        let maximum = (config.maximum as f64).max(minimum);
        Self {
            rate: (config.initial as f64).clamp(minimum, maximum),
            minimum,
            maximum,
            updated: now,
            decreased: None,
            capacity: Capacity::default(),
            carried: 0.0,
            doubted: None,
            stifled: None,
            arriving: None,
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// When congestion last made it lower.
    pub(crate) fn decreased(&self) -> Option<u64> {
        self.decreased
    }

    /// Answers whether it was lowered because of what we send.
    pub(crate) fn update(&mut self, view: &View) -> bool {
        let elapsed = seconds(view.now.saturating_sub(self.updated)).min(1.0);
        self.updated = view.now;
        self.carried *= (-elapsed / REMEMBERED).exp();
        self.carried = self.carried.max(view.acknowledged.unwrap_or(0.0));
        self.arriving = view.acknowledged.map(|rate| {
            let old = self.arriving.unwrap_or(rate);
            old + SMOOTHING * (rate - old)
        });
        let through = view.carried.is_some_and(|carried| carried > view.answered * THROUGH);
        self.stifled = if through { None } else { self.stifled.or(Some(view.now)) };
        match view.usage {
            Usage::Over => return self.back_off(view),
            Usage::Normal if view.queueing < STANDING && view.loss < LOSSY => {
                self.grow(view, elapsed)
            }
            Usage::Normal | Usage::Under => {}
        }
        false
    }

    /// A probe has found that the path carries this.
    pub(crate) fn found(&mut self, rate: f64) {
        if rate > self.rate {
            self.set(rate);
            self.carried = self.carried.max(rate);
            self.capacity.forget_below(rate);
        }
    }

    /// Loss says that the path carries no more than this. Answers whether it was lowered
    /// because of what we send.
    pub(crate) fn lost(&mut self, view: &View, carried: f64) -> bool {
        if carried >= self.rate {
            return false;
        }
        if self.is_foreign(view, carried) {
            self.yield_to_others(view, carried);
            return false;
        }
        self.capacity.seen(carried);
        let drain = view.queueing > LONG;
        let fair = self.fair(view);
        let rate = if drain { carried * draining(view.queueing) } else { carried };
        self.limit(view.now, rate.max(fair));
        true
    }

    /// The rate is this, as others than we found.
    pub(crate) fn assume(&mut self, now: u64, rate: f64) {
        if rate < self.rate {
            self.decreased = Some(now);
        }
        self.set(rate);
    }

    /// No more than this.
    pub(crate) fn limit(&mut self, now: u64, rate: f64) {
        self.decreased = Some(now);
        self.set(self.rate.min(rate));
    }

    /// What is sent arrives, though it is less than the rate: it is not ours that fills the
    /// queue.
    fn is_foreign(&self, view: &View, carried: f64) -> bool {
        view.sent < self.rate * LESS && carried > view.answered * FOREIGN
    }

    fn yield_to_others(&mut self, view: &View, carried: f64) {
        let fair = self.fair(view);
        self.limit(view.now, carried.max(self.rate * BACK_OFF).max(fair));
    }

    /// The rate that is not given way to others. Where the path itself carries less, there is
    /// none, and what it carried before is doubted.
    fn fair(&mut self, view: &View) -> f64 {
        let burst = self.stifled.is_none_or(|since| view.now.saturating_sub(since) < BURST);
        if burst && view.queueing < BEARABLE {
            return self.carried * FAIR;
        }
        let response = view.response();
        if self.doubted.is_none_or(|at| view.now.saturating_sub(at) >= response) {
            self.doubted = Some(view.now);
            self.carried *= DOUBT;
        }
        0.0
    }

    fn back_off(&mut self, view: &View) -> bool {
        let Some(carried) = view.carried.or(view.acknowledged) else {
            return false;
        };
        let response = view.response();
        let recently = self.decreased.is_some_and(|at| view.now.saturating_sub(at) < response);
        if recently && carried > self.rate * 0.6 {
            return false;
        }
        if self.is_foreign(view, carried) {
            self.yield_to_others(view, carried);
            return false;
        }
        let fair = self.fair(view);
        self.limit(view.now, (carried * draining(view.queueing)).max(fair));
        self.capacity.seen(carried);
        true
    }

    fn grow(&mut self, view: &View, elapsed: f64) {
        if view.acknowledged.is_some_and(|rate| self.capacity.is_exceeded_by(rate)) {
            self.capacity = Capacity::default();
        }
        let near = self.capacity.is_near(self.rate);
        let (factor, bits) = if near { (CAUTION, CAUTION_BITS) } else { (HEADROOM, HEADROOM_BITS) };
        let shown = self.arriving.map_or(self.rate, |rate| rate * factor + bits);
        let ceiling = match view.growth {
            Growth::None => return,
            Growth::Tested => shown,
            Growth::Blind(limit) => limit.max(shown),
        };
        let grown = if near {
            let response = seconds(view.round_trip) + 0.1;
            let step = (STEP / response).min(self.rate * MOST_STEP).max(LEAST_STEP);
            self.rate + step * elapsed
        } else {
            self.rate * (1.0 + GROWTH * elapsed)
        };
        self.set(self.rate.max(grown.min(ceiling)));
    }

    fn set(&mut self, rate: f64) {
        self.rate = rate.clamp(self.minimum, self.maximum);
    }
}

/// The part of what the path carries that is sent while a queue is to drain.
fn draining(queueing: u64) -> f64 {
    (BACK_OFF - seconds(queueing.saturating_sub(LONG)) * DRAIN_SLOPE).max(DRAIN)
}

/// What arrived when congestion was seen: a mean and its deviation.
#[derive(Debug, Default)]
struct Capacity {
    mean: Option<f64>,
    /// Squared deviation, as a share of the mean.
    variance: f64,
}

impl Capacity {
    fn seen(&mut self, rate: f64) {
        let Some(mean) = self.mean.filter(|mean| rate > mean * 0.5 && rate < mean * 2.0) else {
            *self = Self { mean: Some(rate), variance: 0.01 };
            return;
        };
        let mean = mean + 0.2 * (rate - mean);
        let error = (rate - mean) / mean.max(1.0);
        self.variance = (self.variance * 0.8 + error * error * 0.2).clamp(0.0025, 0.04);
        self.mean = Some(mean);
    }

    fn deviation(&self) -> f64 {
        self.variance.sqrt()
    }

    fn is_near(&self, rate: f64) -> bool {
        self.mean.is_some_and(|mean| rate > mean * (0.9 - self.deviation()))
    }

    fn is_exceeded_by(&self, rate: f64) -> bool {
        self.mean.is_some_and(|mean| rate > mean * (1.0 + 3.0 * self.deviation()))
    }

    fn forget_below(&mut self, rate: f64) {
        if self.mean.is_some_and(|mean| rate > mean) {
            *self = Self::default();
        }
    }
}
