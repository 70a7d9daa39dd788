//! A path with a rate, a drop-tail queue, a delay and random loss, on virtual time.

use std::collections::VecDeque;
use std::time::Duration;

use trio_sfu_core::time::Instant;

pub struct Link {
    /// Bits/s.
    pub rate: u64,
    /// One way.
    pub delay: Duration,
    /// Bytes that may wait.
    pub queue: usize,
    /// Of 1000 packets, so many are lost.
    pub loss: u64,
    random: u64,
    free: u64,
    waiting: VecDeque<(u64, usize)>,
    /// When each datagram was offered, and its bytes on the wire.
    pub offered: Vec<(Instant, usize)>,
    /// The same of what arrived.
    pub carried: Vec<(Instant, usize)>,
    pub overflows: u64,
    /// The longest time in the queue since it was last looked at.
    pub longest: Duration,
}

impl Link {
    pub fn new(rate: u64, delay: Duration, queue: usize, loss: u64) -> Self {
        Self {
            rate,
            delay,
            queue,
            loss,
            random: 0x9e37_79b9_7f4a_7c15,
            free: 0,
            waiting: VecDeque::new(),
            offered: Vec::new(),
            carried: Vec::new(),
            overflows: 0,
            longest: Duration::ZERO,
        }
    }

    /// When a datagram of so many bytes on the wire arrives, if it does.
    pub fn offer(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        self.offered.push((now, bytes));
        while self.waiting.front().is_some_and(|&(gone, _)| gone <= now.0) {
            self.waiting.pop_front();
        }
        let waiting: usize = self.waiting.iter().map(|&(_, bytes)| bytes).sum();
        if waiting + bytes > self.queue {
            self.overflows += 1;
            return None;
        }
        self.free = self.free.max(now.0) + bytes as u64 * 8_000_000_000 / self.rate;
        self.waiting.push_back((self.free, bytes));
        self.longest = self.longest.max(Duration::from_nanos(self.free - now.0));
        if self.draw() % 1000 < self.loss {
            return None;
        }
        let arrival = Instant(self.free) + self.delay;
        self.carried.push((arrival, bytes));
        Some(arrival)
    }

    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

/// The most bits/s of any window of a series within a stretch of time.
pub fn peak(series: &[(Instant, usize)], from: Instant, to: Instant, window: Duration) -> u64 {
    let inside: Vec<_> = series.iter().filter(|(at, _)| *at >= from && *at < to).collect();
    let (mut first, mut sum, mut most) = (0, 0, 0);
    for &&(at, bytes) in &inside {
        sum += bytes;
        while at.since(inside[first].0) >= window {
            sum -= inside[first].1;
            first += 1;
        }
        most = most.max(sum);
    }
    most as u64 * 8_000 / window.as_millis() as u64
}

/// The mean bits/s within a stretch of time.
pub fn mean(series: &[(Instant, usize)], from: Instant, to: Instant) -> u64 {
    let bytes: usize =
        series.iter().filter(|(at, _)| *at >= from && *at < to).map(|(_, bytes)| bytes).sum();
    bytes as u64 * 8_000 / to.since(from).as_millis() as u64
}
