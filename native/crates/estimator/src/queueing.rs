//! How long packets wait in queues: one-way delay above its smallest.

use crate::{MILLIS, SECOND, groups::signed};

/// Nanoseconds for which the smallest delay counts: long enough that a queue of ours does not
/// become the normal case, short enough for clocks that drift and routes that change.
const WINDOW: u64 = 15 * SECOND;
/// Nanoseconds of waiting in a queue that is as good as empty, and in one that is too long.
const EMPTY: u64 = 10 * MILLIS;
const STANDING: u64 = 100 * MILLIS;
/// Nanoseconds a queue may stand before something is tried, again after how long, and how long
/// ours takes to empty.
const PATIENCE: u64 = SECOND;
const AGAIN: u64 = 12 * SECOND;
const EMPTIES: u64 = 4 * SECOND;
/// Nanoseconds by which delay cannot change: the receiver's clock has been set.
const JUMP: i64 = 5 * SECOND.cast_signed();

#[derive(Debug, Default)]
pub(crate) struct Queueing {
    /// The smallest difference of the clocks in this window and the one before.
    smallest: Option<(i64, i64)>,
    window_began: u64,
    /// The smallest in the feedback that is being read, and in the one before.
    latest: Option<i64>,
    delay: u64,
    /// The longest wait in this window and the one before.
    longest: (u64, u64),
    /// When the queue was last short.
    short: u64,
    /// When less was first sent since the queue was last empty, or nearly so.
    answered: Option<u64>,
}

impl Queueing {
    /// A packet has arrived. Answers whether the receiver's clock has been set.
    pub(crate) fn add(&mut self, sent: u64, arrived: u64) -> bool {
        let difference = signed(arrived, sent);
        let (this, before) = self.smallest.unwrap_or((difference, difference));
        if difference.wrapping_sub(this).unsigned_abs() > JUMP.unsigned_abs() {
            let (window_began, short) = (self.window_began, self.short);
            *self = Self { window_began, short, ..Self::default() };
            return true;
        }
        self.smallest = Some((this.min(difference), before));
        self.latest = Some(self.latest.map_or(difference, |latest| latest.min(difference)));
        false
    }

    /// A feedback message has been read.
    pub(crate) fn read(&mut self, now: u64) {
        let (Some((this, before)), Some(latest)) = (self.smallest, self.latest.take()) else {
            return;
        };
        self.delay = latest.wrapping_sub(this.min(before)).max(0).unsigned_abs();
        self.longest.0 = self.longest.0.max(self.delay);
        if self.delay < EMPTY.max(self.longest.0.max(self.longest.1) / 8) {
            self.answered = None;
        }
        if self.delay < STANDING {
            self.short = now;
        }
        if now.saturating_sub(self.window_began) > WINDOW {
            self.window_began = now;
            self.smallest = Some((latest, this));
            self.longest = (self.delay, self.longest.0);
        }
    }

    /// Less is sent from now on.
    pub(crate) fn answer(&mut self, now: u64) {
        let tried = self.answered.filter(|&at| now.saturating_sub(at) < AGAIN);
        self.answered = tried.or(Some(now));
    }

    /// Whether a queue stands that nothing has been tried against for long.
    pub(crate) fn stands(&self, now: u64) -> bool {
        let tried = self.answered.is_some_and(|at| now.saturating_sub(at) < AGAIN);
        !tried && now.saturating_sub(self.short) > PATIENCE
    }

    /// Whether the queue is not ours: ours empties when we send less.
    pub(crate) fn is_shared(&self, now: u64) -> bool {
        self.answered.is_some_and(|at| now.saturating_sub(at) > EMPTIES)
    }

    /// Nanoseconds that the packets of the latest feedback have waited, at least.
    pub(crate) fn delay(&self) -> u64 {
        self.delay.min(60_000 * MILLIS)
    }
}
