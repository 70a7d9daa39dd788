//! The rate that delay and acknowledgements allow: additive or multiplicative increase,
//! multiplicative decrease (draft-ietf-rmcat-gcc-02, section 5.5).

use crate::{Config, MILLIS, Usage, seconds};

/// What part of the rate that arrives is sent after congestion has been seen, and the least
/// when a long queue has to drain as well.
const BACK_OFF: f64 = 0.85;
const DRAIN: f64 = 0.7;
/// Nanoseconds of queueing from which on more is taken back, and how much more each second.
const LONG: u64 = 100 * MILLIS;
const DRAIN_SLOPE: f64 = 0.4;
/// Growth each second while the path's capacity is not known.
const GROWTH: f64 = 0.08;
/// How far beyond what arrived the rate may grow: a factor, and bits/s.
const HEADROOM: f64 = 1.06;
const HEADROOM_BITS: f64 = 10_000.0;
/// Bits that are added each response time near capacity, at least so many each second.
const STEP: f64 = 6_000.0;
const LEAST_STEP: f64 = 4_000.0;
/// Nanoseconds of queueing above which nothing grows.
const STANDING: u64 = 60 * MILLIS;

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
    pub(crate) round_trip: u64,
    pub(crate) growth: Growth,
}

#[derive(Debug)]
pub(crate) struct Control {
    rate: f64,
    minimum: f64,
    maximum: f64,
    updated: u64,
    decreased: Option<u64>,
    capacity: Capacity,
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
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// When congestion last made it lower.
    pub(crate) fn decreased(&self) -> Option<u64> {
        self.decreased
    }

    pub(crate) fn update(&mut self, view: &View) {
        let elapsed = seconds(view.now.saturating_sub(self.updated)).min(1.0);
        self.updated = view.now;
        match view.usage {
            Usage::Over => self.back_off(view),
            Usage::Normal if view.queueing < STANDING => self.grow(view, elapsed),
            Usage::Normal | Usage::Under => {}
        }
    }

    /// A probe has found that the path carries this.
    pub(crate) fn found(&mut self, rate: f64) {
        if rate > self.rate {
            self.set(rate);
            self.capacity.forget_below(rate);
        }
    }

    /// Loss, or the receiver, allows no more than this.
    pub(crate) fn limit(&mut self, now: u64, rate: f64) {
        if rate < self.rate {
            self.set(rate);
            self.capacity.seen(rate);
            self.decreased = Some(now);
        }
    }

    fn back_off(&mut self, view: &View) {
        let Some(carried) = view.carried.or(view.acknowledged) else {
            return;
        };
        let response = view.round_trip.clamp(20 * MILLIS, 200 * MILLIS) + 100 * MILLIS;
        let recently = self.decreased.is_some_and(|at| view.now.saturating_sub(at) < response);
        if recently && carried > self.rate * 0.6 {
            return;
        }
        let excess = seconds(view.queueing.saturating_sub(LONG));
        let part = (BACK_OFF - excess * DRAIN_SLOPE).max(DRAIN);
        self.capacity.seen(carried);
        self.decreased = Some(view.now);
        self.set(self.rate.min(carried * part));
    }

    fn grow(&mut self, view: &View, elapsed: f64) {
        let shown = view.acknowledged.map_or(self.rate, |rate| rate * HEADROOM + HEADROOM_BITS);
        let ceiling = match view.growth {
            Growth::None => return,
            Growth::Tested => shown,
            Growth::Blind(limit) => limit.max(shown),
        };
        if view.acknowledged.is_some_and(|rate| self.capacity.is_exceeded_by(rate)) {
            self.capacity = Capacity::default();
        }
        let grown = if self.capacity.is_near(self.rate) {
            let response = seconds(view.round_trip) + 0.1;
            self.rate + (STEP / response).max(LEAST_STEP) * elapsed
        } else {
            self.rate * (1.0 + GROWTH * elapsed)
        };
        self.set(self.rate.max(grown.min(ceiling)));
    }

    fn set(&mut self, rate: f64) {
        self.rate = rate.clamp(self.minimum, self.maximum);
    }
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
