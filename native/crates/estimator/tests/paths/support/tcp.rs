//! One flow of TCP that always has something to send: Reno (RFC 5681) or CUBIC (RFC 9438), as
//! far as their windows go.

use std::collections::{BTreeMap, VecDeque};

use super::{
    SECOND,
    link::{Flow, Link, Packet},
};

const BYTES: u32 = 1_500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    Reno,
    Cubic,
}

pub(crate) struct Tcp {
    growth: Growth,
    from: u64,
    window: f64,
    threshold: f64,
    next: u64,
    /// When what is in flight was sent.
    in_flight: BTreeMap<u64, u64>,
    acks: VecDeque<(u64, u64)>,
    /// Losses below this number have been answered.
    recovered: u64,
    largest: f64,
    lost_at: u64,
}

impl Tcp {
    pub(crate) fn new(growth: Growth, from: u64) -> Self {
        Self {
            growth,
            from,
            window: 10.0,
            threshold: f64::MAX,
            next: 0,
            in_flight: BTreeMap::new(),
            acks: VecDeque::new(),
            recovered: 0,
            largest: 0.0,
            lost_at: 0,
        }
    }

    pub(crate) fn receive(&mut self, at: u64, id: u64, delay: u64) {
        self.acks.push_back((at + delay, id));
    }

    pub(crate) fn run(&mut self, now: u64, link: &mut Link) {
        if now < self.from {
            return;
        }
        while self.acks.front().is_some_and(|(at, _)| *at <= now) {
            let (_, id) = self.acks.pop_front().expect("there is one");
            self.acknowledged(now, id);
        }
        let oldest = self.in_flight.first_key_value().map(|(_, at)| *at);
        if oldest.is_some_and(|at| now - at > SECOND) {
            self.in_flight.clear();
            self.threshold = (self.window / 2.0).max(2.0);
            self.window = 1.0;
        }
        while (self.in_flight.len() as f64) < self.window.floor() {
            link.push(Packet { flow: Flow::Tcp, id: self.next, bytes: BYTES });
            self.in_flight.insert(self.next, now);
            self.next += 1;
        }
    }

    fn acknowledged(&mut self, now: u64, id: u64) {
        let Some(sent) = self.in_flight.remove(&id) else {
            return;
        };
        let lost: Vec<u64> =
            self.in_flight.range(..id.saturating_sub(2)).map(|(lost, _)| *lost).collect();
        for id in lost {
            self.in_flight.remove(&id);
            if id >= self.recovered {
                self.recovered = self.next;
                self.largest = self.window;
                self.lost_at = now;
                let keep = if self.growth == Growth::Reno { 0.5 } else { 0.7 };
                self.window = (self.window * keep).max(2.0);
                self.threshold = self.window;
            }
        }
        if self.window < self.threshold {
            self.window += 1.0;
            return;
        }
        let reno = self.window + 1.0 / self.window;
        self.window = match self.growth {
            Growth::Reno => reno,
            Growth::Cubic => {
                let origin = (self.largest * 0.3 / 0.4).cbrt();
                let since = (now - self.lost_at + (now - sent)) as f64 / SECOND as f64;
                let wanted = 0.4 * (since - origin).powi(3) + self.largest;
                let step = ((wanted - self.window) / self.window).clamp(0.01, 0.5);
                self.window + step.max(0.3 / self.window)
            }
        };
    }
}
