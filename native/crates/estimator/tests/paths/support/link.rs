//! The narrowest link: a rate that changes over time, a drop-tail queue, loss, delay, jitter.

use std::collections::VecDeque;

use super::{MILLIS, SECOND, random::Random};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Media,
    Tcp,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) flow: Flow,
    pub(crate) id: u64,
    pub(crate) bytes: u32,
}

/// What is lost before the queue, whatever its length.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    None,
    Random(f64),
    /// Gilbert-Elliott: from good to bad and back, for each packet; in the bad state all but
    /// a fifth are lost.
    Bursts(f64, f64),
}

/// How packets are let go at the far end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Jitter {
    None,
    /// Each so many nanoseconds later at most; order is kept.
    Each(u64),
    /// As a radio does: together, after so many nanoseconds at most.
    Clumps(u64),
}

pub(crate) struct Link {
    /// (from when, bits/s), in order.
    pub(crate) rates: Vec<(u64, f64)>,
    pub(crate) delay: u64,
    /// Bytes the queue holds.
    pub(crate) capacity: u64,
    pub(crate) loss: Loss,
    pub(crate) jitter: Jitter,
    pub(crate) random: Random,
    queue: VecDeque<Packet>,
    queued: u64,
    /// Bits of the first packet that are still to be sent.
    left: f64,
    bad: bool,
    now: u64,
    clump: u64,
    last_arrival: u64,
}

impl Link {
    pub(crate) fn new(rate: f64) -> Self {
        Self {
            rates: vec![(0, rate)],
            delay: 40 * MILLIS,
            capacity: 64_000,
            loss: Loss::None,
            jitter: Jitter::None,
            random: Random(1),
            queue: VecDeque::new(),
            queued: 0,
            left: 0.0,
            bad: false,
            now: 0,
            clump: 0,
            last_arrival: 0,
        }
    }

    pub(crate) fn rate(&self, at: u64) -> f64 {
        self.rates.iter().rev().find(|(from, _)| *from <= at).map_or(0.0, |(_, rate)| *rate)
    }

    /// Nanoseconds a packet that came now would wait.
    pub(crate) fn waiting(&self) -> u64 {
        (self.queued as f64 * 8.0 / self.rate(self.now) * SECOND as f64) as u64
    }

    pub(crate) fn push(&mut self, packet: Packet) {
        if self.loses() || self.queued + u64::from(packet.bytes) > self.capacity {
            return;
        }
        if self.queue.is_empty() {
            self.left = f64::from(packet.bytes) * 8.0;
        }
        self.queued += u64::from(packet.bytes);
        self.queue.push_back(packet);
    }

    /// Sends until a time; answers what arrives, and when.
    pub(crate) fn run(&mut self, until: u64, arrived: &mut Vec<(u64, Packet)>) {
        let rate = self.rate(self.now);
        while let Some(&packet) = self.queue.front() {
            let needed = (self.left / rate * SECOND as f64) as u64;
            if self.now + needed > until {
                self.left -= rate * (until - self.now) as f64 / SECOND as f64;
                break;
            }
            self.now += needed;
            self.queue.pop_front();
            self.queued -= u64::from(packet.bytes);
            self.left = self.queue.front().map_or(0.0, |next| f64::from(next.bytes) * 8.0);
            arrived.push((self.arrival(), packet));
        }
        self.now = until;
    }

    fn arrival(&mut self) -> u64 {
        let at = self.now + self.delay;
        let at = match self.jitter {
            Jitter::None => at,
            Jitter::Each(most) => at + (self.random.share() * most as f64) as u64,
            Jitter::Clumps(most) => {
                if at > self.clump {
                    self.clump = at + (self.random.share() * most as f64) as u64;
                }
                self.clump
            }
        };
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }

    fn loses(&mut self) -> bool {
        match self.loss {
            Loss::None => false,
            Loss::Random(share) => self.random.chance(share),
            Loss::Bursts(begin, end) => {
                let turn = if self.bad { end } else { begin };
                self.bad ^= self.random.chance(turn);
                self.bad && self.random.chance(0.8)
            }
        }
    }
}
