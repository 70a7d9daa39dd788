//! A probe under way: a short burst at a rate above the estimate, of media as far as there is
//! some, else of padding.

use std::time::Duration;

use trio_sfu_estimator::Probe;

use crate::send::debt::Debt;
use crate::time::Instant;

/// Padding goes packet by packet, at the probe's rate.
const BURST: Duration = Duration::from_millis(1);
/// Packets of padding of one probe, however small they are.
const MOST: u64 = 500;
/// A probe that is not over by then will not show anything.
const LONGEST: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(crate) struct Probing {
    probe: Probe,
    began: Instant,
    bytes: u64,
    packets: u32,
    debt: Debt,
    /// Packets taken for padding so far.
    padded: u64,
}

impl Probing {
    pub(crate) fn new(now: Instant, probe: Probe) -> Self {
        Self { probe, began: now, bytes: 0, packets: 0, debt: Debt::default(), padded: 0 }
    }

    pub(crate) fn id(&self) -> u32 {
        self.probe.id
    }

    /// In bits/s.
    pub(crate) fn rate(&self) -> u64 {
        self.probe.rate
    }

    /// A packet of so many bytes on the wire was sent, whatever it was.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.packets += 1;
        self.debt.add(bytes);
    }

    /// Whether padding is to be sent now.
    pub(crate) fn wants_padding(&mut self, now: Instant) -> bool {
        self.debt.pay(now, self.probe.rate);
        !self.is_over(now) && self.debt.within(BURST, self.probe.rate)
    }

    /// Counts the packets that were taken for padding.
    pub(crate) fn next_padding(&mut self) -> u64 {
        self.padded += 1;
        self.padded
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        let enough = self.bytes >= self.probe.bytes && self.packets >= self.probe.packets;
        enough || self.padded > MOST || now.since(self.began) > LONGEST
    }

    /// When it goes on.
    pub(crate) fn next(&self) -> Instant {
        self.debt.when(BURST, self.probe.rate).min(self.began + LONGEST)
    }
}
