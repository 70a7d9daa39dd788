//! What leaves when: media at the pacing rate, probes at theirs.

use std::collections::VecDeque;

use trio_sfu_estimator::{Estimator, Probe, Sent};

use super::{
    MILLIS, SECOND,
    link::{Flow, Link, Packet},
    source::PACKET,
};

#[derive(Default)]
pub(crate) struct Pacer {
    queue: VecDeque<u32>,
    queued: u64,
    budget: f64,
    probe: Option<Running>,
    next: u64,
    /// Bytes that have left, padding of probes included, and those of probes alone.
    pub(crate) sent: u64,
    pub(crate) padding: u64,
    /// Whether probes are sent at all.
    pub(crate) deaf: bool,
}

struct Running {
    probe: Probe,
    bytes: u64,
    packets: u32,
    budget: f64,
}

impl Pacer {
    pub(crate) fn push(&mut self, sizes: Vec<u32>, target: f64) {
        // Half a second's worth is kept: what is older nobody wants to see.
        for bytes in sizes {
            if (self.queued as f64) < target / 8.0 * 0.5 + 20_000.0 {
                self.queued += u64::from(bytes);
                self.queue.push_back(bytes);
            }
        }
    }

    pub(crate) fn run(&mut self, now: u64, estimator: &mut Estimator, link: &mut Link) {
        if self.probe.is_none()
            && let Some(probe) = estimator.take_probe(now)
            && !self.deaf
        {
            self.probe = Some(Running { probe, bytes: 0, packets: 0, budget: 0.0 });
        }
        if let Some(mut running) = self.probe.take() {
            running.budget += running.probe.rate as f64 / 8.0 * MILLIS as f64 / SECOND as f64;
            while running.budget > 0.0 && !running.is_over() {
                let bytes = self.pop().unwrap_or_else(|| {
                    self.padding += u64::from(PACKET);
                    PACKET
                });
                running.budget -= f64::from(bytes);
                running.bytes += u64::from(bytes);
                running.packets += 1;
                self.send(now, bytes, Some(running.probe.id), estimator, link);
            }
            self.probe = (!running.is_over()).then_some(running);
            return;
        }
        let rate = estimator.pacing_rate() as f64;
        self.budget += rate / 8.0 * MILLIS as f64 / SECOND as f64;
        self.budget = self.budget.min(rate / 8.0 * 0.005 + f64::from(PACKET));
        while self.budget > 0.0
            && let Some(bytes) = self.pop()
        {
            self.budget -= f64::from(bytes);
            self.send(now, bytes, None, estimator, link);
        }
    }

    fn pop(&mut self) -> Option<u32> {
        let bytes = self.queue.pop_front()?;
        self.queued -= u64::from(bytes);
        Some(bytes)
    }

    fn send(
        &mut self,
        now: u64,
        bytes: u32,
        probe: Option<u32>,
        estimator: &mut Estimator,
        link: &mut Link,
    ) {
        estimator.sent(Sent { at: now, id: self.next, bytes, probe });
        link.push(Packet { flow: Flow::Media, id: self.next, bytes });
        self.next += 1;
        self.sent += u64::from(bytes);
    }
}

impl Running {
    fn is_over(&self) -> bool {
        self.bytes >= self.probe.bytes && self.packets >= self.probe.packets
    }
}
