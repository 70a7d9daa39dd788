//! What delays tell: groups of packets, the trend of their delays, the length of the queue.

use crate::{MILLIS, groups::Groups, queueing::Queueing, trend::Trend};

pub use crate::trend::Usage;

/// Nanoseconds in a queue below which a rising delay is the jitter of a radio, not congestion.
const JITTER: u64 = 15 * MILLIS;

#[derive(Debug, Default)]
pub(crate) struct Delay {
    groups: Groups,
    trend: Trend,
    queueing: Queueing,
    newest_sent: u64,
}

impl Delay {
    /// A packet has arrived. Those of probes fill queues on purpose: they and what is just
    /// behind them say nothing about the media's rate.
    pub(crate) fn add(&mut self, sent: u64, arrived: u64, probe: bool) {
        if self.queueing.add(sent, arrived) {
            self.groups.restart();
            self.trend.restart();
            return;
        }
        if probe {
            self.groups.restart();
        } else if sent >= self.newest_sent {
            self.newest_sent = sent;
            if let Some(delta) = self.groups.add(sent, arrived) {
                self.trend.add(delta);
            }
        }
    }

    /// A feedback message has been read.
    pub(crate) fn read(&mut self, now: u64) {
        self.queueing.read(now);
        self.trend.set_beside(self.queueing.is_shared(now));
    }

    pub(crate) fn usage(&self, now: u64) -> Usage {
        match self.trend.usage() {
            Usage::Over if self.queueing.delay() < JITTER => Usage::Normal,
            Usage::Normal if self.queueing.stands(now) => Usage::Over,
            usage => usage,
        }
    }

    /// Less is sent from now on.
    pub(crate) fn answer(&mut self, now: u64) {
        self.queueing.answer(now);
    }

    /// Nanoseconds packets wait in queues, at least.
    pub(crate) fn queueing(&self) -> u64 {
        self.queueing.delay()
    }
}
