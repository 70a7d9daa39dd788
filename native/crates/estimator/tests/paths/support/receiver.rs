//! A receiver that answers transport-wide feedback.

use std::collections::{BTreeMap, VecDeque};

use trio_sfu_estimator::Outcome;

use super::{MILLIS, random::Random};

pub(crate) struct Receiver {
    /// Nanoseconds between messages, of their way back, and the share that is lost.
    pub(crate) interval: u64,
    pub(crate) delay: u64,
    pub(crate) loss: f64,
    /// Nanoseconds its clock is ahead, and by how much it runs fast, in millionths.
    pub(crate) ahead: u64,
    pub(crate) drift: u64,
    pub(crate) random: Random,
    arrived: BTreeMap<u64, u64>,
    /// The first number that has not been reported.
    next: u64,
    due: u64,
    under_way: VecDeque<(u64, Vec<Outcome>)>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            interval: 75 * MILLIS,
            delay: 40 * MILLIS,
            loss: 0.0,
            ahead: 1_000_000 * MILLIS,
            drift: 0,
            random: Random(7),
            arrived: BTreeMap::new(),
            next: 0,
            due: 0,
            under_way: VecDeque::new(),
        }
    }

    pub(crate) fn receive(&mut self, at: u64, id: u64) {
        let clock = at + at / 1_000_000 * self.drift + self.ahead;
        // In steps of a quarter of a millisecond, as the message has them.
        self.arrived.insert(id, clock / 250_000 * 250_000);
    }

    /// The messages that have come back by now.
    pub(crate) fn feedback(&mut self, now: u64) -> Option<Vec<Outcome>> {
        if now >= self.due {
            self.due = now + self.interval;
            self.report(now);
        }
        let ready = self.under_way.front().is_some_and(|(at, _)| *at <= now);
        ready.then(|| self.under_way.pop_front()).flatten().map(|(_, outcomes)| outcomes)
    }

    fn report(&mut self, now: u64) {
        let Some((&highest, _)) = self.arrived.last_key_value() else {
            return;
        };
        let outcomes = (self.next..=highest)
            .map(|id| Outcome { id, arrived: self.arrived.get(&id).copied() })
            .collect();
        self.next = highest + 1;
        self.arrived.clear();
        if !self.random.chance(self.loss) {
            self.under_way.push_back((now + self.delay, outcomes));
        }
    }
}
