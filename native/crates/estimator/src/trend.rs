//! Whether one-way delay rises: a line through the latest delays, and a threshold that adapts
//! to the path (draft-ietf-rmcat-gcc-02, sections 5.4 and 5.5; the line in place of the
//! Kalman filter as libwebrtc has it).

use crate::{
    MILLIS, SECOND,
    groups::{Delta, signed},
};

/// Delays the line goes through.
const WINDOW: usize = 20;
/// How much of the smoothed delay stays with each new one.
const SMOOTHING: f64 = 0.9;
/// What a slope is multiplied by, to be compared with a threshold in milliseconds.
const GAIN: f64 = 4.0;
const MOST_DELTAS: f64 = 60.0;
/// The threshold at first, and its bounds, in milliseconds.
const THRESHOLD: f64 = 12.5;
const THRESHOLDS: (f64, f64) = (6.0, 600.0);
/// The lowest threshold beside somebody who fills the queue whatever we do.
const BESIDE: f64 = 15.0;
/// How fast the threshold rises and falls, each millisecond.
const RISE: f64 = 0.0087;
const FALL: f64 = 0.039;
/// Nanoseconds after which the origin of times moves on.
const FAR: i64 = 100 * SECOND.cast_signed();
/// Milliseconds that delay must rise before it counts.
const SUSTAINED: f64 = 10.0;

/// What the delay tells about the queue at the narrowest link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// It empties.
    Under,
    /// It stays as it is.
    #[default]
    Normal,
    /// It fills.
    Over,
}

#[derive(Debug)]
pub(crate) struct Trend {
    /// (milliseconds since the origin, smoothed delay in milliseconds).
    points: [(f32, f32); WINDOW],
    deltas: u32,
    origin: u64,
    accumulated: f64,
    smoothed: f64,
    slope: f64,
    threshold: f64,
    threshold_at: u64,
    over_for: f64,
    over_count: u32,
    usage: Usage,
    beside: bool,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            points: [(0.0, 0.0); WINDOW],
            deltas: 0,
            origin: 0,
            accumulated: 0.0,
            smoothed: 0.0,
            slope: 0.0,
            threshold: THRESHOLD,
            threshold_at: 0,
            over_for: 0.0,
            over_count: 0,
            usage: Usage::Normal,
            beside: false,
        }
    }
}

impl Trend {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    pub(crate) fn add(&mut self, delta: Delta) {
        let sent = delta.sent as f64 / MILLIS as f64;
        let arrival = delta.arrival as f64 / MILLIS as f64;
        if self.deltas == 0 {
            self.origin = delta.at;
        }
        self.accumulated += arrival - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if signed(delta.at, self.origin) > FAR {
            self.move_origin(delta.at);
        }
        let time = signed(delta.at, self.origin) as f64 / MILLIS as f64;
        self.points[self.deltas as usize % WINDOW] = (time as f32, self.smoothed as f32);
        self.deltas = self.deltas.saturating_add(1);
        if self.deltas == u32::MAX {
            *self = Self { threshold: self.threshold, ..Self::default() };
            return;
        }
        let slope =
            if self.deltas as usize >= WINDOW { fit(&self.points) } else { Some(self.slope) };
        self.detect(slope.unwrap_or(self.slope), sent, delta.at);
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// Forgets the delays; what was learnt about the path stays.
    pub(crate) fn restart(&mut self) {
        *self = Self { threshold: self.threshold, beside: self.beside, ..Self::default() };
    }

    /// Whether somebody else fills the queue whatever we do.
    pub(crate) fn set_beside(&mut self, beside: bool) {
        self.beside = beside;
    }

    /// Single precision is enough as long as times are small.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    fn move_origin(&mut self, to: u64) {
        let moved = (signed(to, self.origin) as f64 / MILLIS as f64) as f32;
        self.points.iter_mut().for_each(|point| point.0 -= moved);
        self.origin = to;
    }

    fn detect(&mut self, slope: f64, sent: f64, at: u64) {
        let trend = f64::from(self.deltas).min(MOST_DELTAS) * slope * GAIN;
        if trend > self.threshold {
            self.over_for += if self.over_count == 0 { sent / 2.0 } else { sent };
            self.over_count += 1;
            if self.over_for > SUSTAINED && self.over_count > 1 && slope >= self.slope {
                self.over_for = 0.0;
                self.over_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.over_count = 0;
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.slope = slope;
        self.adapt(trend.abs(), at);
    }

    /// The threshold follows the trend, so that a flow of TCP beside us does not starve us; it
    /// does not follow a leap, such as a change of route.
    #[allow(clippy::cast_precision_loss)]
    fn adapt(&mut self, trend: f64, at: u64) {
        let elapsed = (at.saturating_sub(self.threshold_at) / MILLIS).min(100) as f64;
        self.threshold_at = at;
        if trend > self.threshold + 15.0 {
            return;
        }
        let speed = if trend < self.threshold { FALL } else { RISE };
        let threshold = self.threshold + speed * (trend - self.threshold) * elapsed;
        let lowest = if self.beside { BESIDE } else { THRESHOLDS.0 };
        self.threshold = threshold.clamp(lowest, THRESHOLDS.1);
    }
}

/// The slope of the line through the points by least squares; `None` when they are all at one
/// time.
#[allow(clippy::cast_precision_loss)]
fn fit(points: &[(f32, f32); WINDOW]) -> Option<f64> {
    let count = WINDOW as f64;
    // Close to zero, so that single sums are exact enough.
    let origin = points[0].0;
    let mut sums = (0.0, 0.0, 0.0, 0.0);
    for &(x, y) in points {
        let (x, y) = (f64::from(x - origin), f64::from(y));
        sums = (sums.0 + x, sums.1 + y, sums.2 + x * y, sums.3 + x * x);
    }
    let below = sums.3 - sums.0 * sums.0 / count;
    (below > 1e-6).then(|| (sums.2 - sums.0 * sums.1 / count) / below)
}
