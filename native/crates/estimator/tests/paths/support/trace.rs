//! What was seen, in steps of a tenth of a second, and questions about it.

use std::ops::Range;

use super::{MILLIS, SECOND};

pub(crate) const STEP: u64 = 100 * MILLIS;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) at: u64,
    /// Bits/s.
    pub(crate) target: f64,
    /// Bits given to the link, and those of media, and of TCP, that arrived.
    pub(crate) offered: f64,
    pub(crate) delivered: f64,
    pub(crate) tcp: f64,
    /// The longest wait in the queue, in milliseconds.
    pub(crate) waiting: f64,
}

#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) samples: Vec<Sample>,
    pub(crate) switches: Vec<(u64, usize)>,
    pub(crate) padding: u64,
}

impl Trace {
    /// Samples between two points in time, in seconds.
    pub(crate) fn between(&self, range: Range<f64>) -> &[Sample] {
        let place = |seconds: f64| ((seconds * SECOND as f64) as u64 / STEP) as usize;
        &self.samples[place(range.start)..place(range.end).min(self.samples.len())]
    }

    /// The lowest and the highest target.
    pub(crate) fn targets(&self, range: Range<f64>) -> (f64, f64) {
        self.between(range).iter().fold((f64::MAX, 0.0), |(low, high), sample| {
            (low.min(sample.target), high.max(sample.target))
        })
    }

    /// When the target first was at least this, in seconds.
    pub(crate) fn reached(&self, from: f64, rate: f64) -> Option<f64> {
        let end = self.samples.len() as f64 / 10.0;
        let found = self.between(from..end).iter().position(|sample| sample.target >= rate);
        found.map(|steps| steps as f64 / 10.0)
    }

    /// When the target first was at most this, in seconds.
    pub(crate) fn fell(&self, from: f64, rate: f64) -> Option<f64> {
        let end = self.samples.len() as f64 / 10.0;
        let found = self.between(from..end).iter().position(|sample| sample.target <= rate);
        found.map(|steps| steps as f64 / 10.0)
    }

    /// The most that was offered in any whole second, in bits/s.
    pub(crate) fn most_offered(&self, range: Range<f64>) -> f64 {
        self.between(range)
            .windows(10)
            .map(|second| second.iter().map(|sample| sample.offered).sum())
            .fold(0.0, f64::max)
    }

    /// Bits/s of media that arrived.
    pub(crate) fn delivered(&self, range: Range<f64>) -> f64 {
        let samples = self.between(range);
        samples.iter().map(|sample| sample.delivered).sum::<f64>() * 10.0 / samples.len() as f64
    }

    /// Bits/s of TCP that arrived.
    pub(crate) fn tcp(&self, range: Range<f64>) -> f64 {
        let samples = self.between(range);
        samples.iter().map(|sample| sample.tcp).sum::<f64>() * 10.0 / samples.len() as f64
    }

    /// The longest wait in the queue, in milliseconds.
    pub(crate) fn longest_wait(&self, range: Range<f64>) -> f64 {
        self.between(range).iter().map(|sample| sample.waiting).fold(0.0, f64::max)
    }

    /// Seconds in which packets waited longer than so many milliseconds.
    pub(crate) fn waited(&self, range: Range<f64>, millis: f64) -> f64 {
        self.between(range).iter().filter(|sample| sample.waiting > millis).count() as f64 / 10.0
    }

    /// How often the target left the place it was at by more than a share.
    pub(crate) fn changes(&self, range: Range<f64>, share: f64) -> usize {
        let mut at = None;
        let mut count = 0;
        for sample in self.between(range) {
            let base: f64 = *at.get_or_insert(sample.target);
            if (sample.target - base).abs() > base * share {
                count += 1;
                at = Some(sample.target);
            }
        }
        count
    }

    /// The samples as a table, for people: `cargo test -- --nocapture`.
    pub(crate) fn print(&self) {
        if std::env::var_os("TRACE").is_none() {
            return;
        }
        for second in self.samples.chunks(5) {
            let sum = |of: fn(&Sample) -> f64| second.iter().map(of).sum::<f64>() * 2.0 / 1e3;
            let last = second.last().expect("chunks are not empty");
            println!(
                "{:6.1} s  target {:7.0} k  offered {:7.0} k  delivered {:7.0} k  tcp {:7.0} k  wait {:4.0} ms",
                last.at as f64 / SECOND as f64,
                last.target / 1e3,
                sum(|sample| sample.offered),
                sum(|sample| sample.delivered),
                sum(|sample| sample.tcp),
                second.iter().map(|sample| sample.waiting).fold(0.0, f64::max),
            );
        }
        println!("switches {:?}, padding {} bytes", self.switches, self.padding);
    }
}
