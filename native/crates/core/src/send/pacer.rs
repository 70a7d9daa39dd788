//! What waits to be sent to one subscriber, and when it may be.
//!
//! Sound goes at once. Then come retransmissions, for somebody's picture stands still for
//! them, then video; both at the pacing rate, with a burst that lets an ordinary frame go in
//! one piece. While there is no estimate everything goes at once.

use std::collections::VecDeque;
use std::time::Duration;

use crate::command::Kind;
use crate::send::debt::Debt;
use crate::send::slot::SlotKey;
use crate::time::Instant;

/// Packets waiting for one subscriber. When full, new ones are dropped: their numbers
/// are used up, so the subscriber sees the gap and asks for them again.
const MAX_MEDIA: usize = 2048;
/// Retransmissions waiting for one subscriber. When full, new ones are dropped: what is
/// still missing is asked for again.
const MAX_RETRANSMISSIONS: usize = 512;
/// What may be sent ahead of the pacing rate: all of an ordinary frame.
const BURST: Duration = Duration::from_millis(40);
/// A packet that had to wait goes with those of the next milliseconds, in one wake-up.
const GRAIN: Duration = Duration::from_millis(4);
/// Video that would wait longer than this before it is sent is not kept: nobody wants to see
/// it any more. Counted from a frame's beginning, so that a frame is kept whole.
const LONGEST_WAIT: Duration = Duration::from_millis(400);
/// The same when the slot is about to show something else, which is usually less.
const LEAVING_WAIT: Duration = Duration::from_millis(150);
/// Video that waits longer than this should be less.
const LATE: Duration = Duration::from_millis(150);
/// Retransmissions may take one in so many of the target.
const REPAIR_SHARE: u64 = 3;
const REPAIR_BURST: Duration = Duration::from_millis(500);
/// Video that may wait for a connection while there is no estimate.
const MAX_BLOCKED: usize = 64 * 1024;
/// Bytes around a payload: RTP, its extensions, SRTP.
const AROUND: usize = 50;

/// Why a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Media,
    /// The subscriber has asked for it again.
    Repair,
    /// To find out what the path carries.
    Padding,
}

/// A cached packet to be written for a slot: by reference, the bytes stay in the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queued {
    pub(crate) slot: SlotKey,
    pub(crate) span: u32,
    pub(crate) purpose: Purpose,
    /// Only its number is of use: it goes out without payload.
    pub(crate) hollow: bool,
    /// Bytes of its payload.
    pub(crate) len: u16,
    /// The packet's number in the span's encoding.
    pub(crate) sequence: u64,
}

/// In bits/s.
#[derive(Clone, Copy, Debug)]
struct Rates {
    pacing: u64,
    target: u64,
}

#[derive(Default)]
pub(crate) struct Pacer {
    audio: VecDeque<Queued>,
    retransmissions: VecDeque<Queued>,
    video: VecDeque<Queued>,
    /// Bytes of the video that waits.
    waiting: usize,
    rates: Option<Rates>,
    paced: Debt,
    repairs: Debt,
    /// Bytes that a connection takes now; none for datagrams, which are always taken.
    room: Option<usize>,
}

impl Pacer {
    /// False when there was no room.
    #[inline]
    #[must_use]
    pub(crate) fn push(&mut self, queued: Queued, kind: Kind) -> bool {
        let (queue, limit) = match (queued.purpose, kind) {
            (Purpose::Repair | Purpose::Padding, _) => {
                (&mut self.retransmissions, MAX_RETRANSMISSIONS)
            }
            (Purpose::Media, Kind::Audio) => (&mut self.audio, MAX_MEDIA),
            (Purpose::Media, Kind::Video) => (&mut self.video, MAX_MEDIA),
        };
        if queue.len() >= limit {
            return false;
        }
        if queued.purpose == Purpose::Media && kind == Kind::Video {
            self.waiting += size(&queued);
        }
        queue.push_back(queued);
        true
    }

    /// Whether a frame that begins now will still be of use when it is sent; `leaving`: the
    /// slot waits for something else to show.
    #[inline]
    pub(crate) fn admits(&self, leaving: bool) -> bool {
        let Some(rates) = self.rates else {
            return self.room.is_none() || self.waiting < MAX_BLOCKED;
        };
        if self.waiting == 0 {
            return true;
        }
        let limit = if leaving { LEAVING_WAIT } else { LONGEST_WAIT };
        wait(self.waiting, rates) < limit
    }

    /// Whether so many bytes more can be sent before more waits than should.
    pub(crate) fn takes_soon(&self, bytes: usize) -> bool {
        let all = self.waiting + bytes;
        match self.rates {
            Some(rates) => wait(all, rates) <= LATE,
            None => self.room.is_none() || all < MAX_BLOCKED,
        }
    }

    /// Whether more waits than should: upper layers are better left out.
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        self.waiting > 0 && self.rates.is_some_and(|rates| wait(self.waiting, rates) > LATE)
    }

    /// How long video pushed now would wait.
    pub(crate) fn delay(&self) -> Duration {
        self.rates.map_or(Duration::ZERO, |rates| wait(self.waiting, rates))
    }

    /// The estimate has changed; `pacing` and `target` in bits/s.
    pub(crate) fn set_rates(&mut self, now: Instant, pacing: u64, target: u64) {
        self.refill(now);
        self.rates = Some(Rates { pacing, target });
    }

    /// There is no estimate any more.
    pub(crate) fn unlimit(&mut self) {
        self.rates = None;
    }

    /// Lets the time until `now` pay for what was sent.
    #[inline]
    pub(crate) fn refill(&mut self, now: Instant) {
        if let Some(rates) = self.rates {
            self.paced.pay(now, rates.pacing);
        }
    }

    /// What goes now, if anything may; after [`Pacer::refill`].
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Queued> {
        if let Some(queued) = self.audio.pop_front() {
            return Some(queued);
        }
        if !self.open() {
            return None;
        }
        if let Some(queued) = self.retransmissions.pop_front() {
            return Some(queued);
        }
        let queued = self.video.pop_front()?;
        self.waiting -= size(&queued);
        Some(queued)
    }

    /// Whether the budget allows something that can wait.
    #[inline]
    fn open(&self) -> bool {
        self.rates.is_none_or(|rates| self.paced.within(BURST, rates.pacing))
    }

    /// So many bytes were sent.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: usize) {
        if self.rates.is_some() {
            self.paced.add(bytes);
        }
    }

    /// Whether a retransmission of so many bytes is within its share; they are taken off it.
    pub(crate) fn may_repair(&mut self, now: Instant, bytes: usize) -> bool {
        let Some(rates) = self.rates else { return true };
        let rate = rates.target / REPAIR_SHARE;
        self.repairs.pay(now, rate);
        let may = self.repairs.within(REPAIR_BURST, rate);
        if may {
            self.repairs.add(bytes + AROUND);
        }
        may
    }

    /// A connection takes so many bytes; none: datagrams are sent.
    pub(crate) fn set_room(&mut self, room: Option<usize>) {
        self.room = room;
    }

    /// Whether what is sent goes into a connection.
    #[inline]
    pub(crate) fn is_stream(&self) -> bool {
        self.room.is_some()
    }

    /// How many of `limit` bytes may be written at once.
    #[inline]
    pub(crate) fn within_room(&self, limit: usize) -> usize {
        self.room.map_or(limit, |room| room.min(limit))
    }

    /// So many bytes were written.
    #[inline]
    pub(crate) fn fill(&mut self, bytes: usize) {
        if let Some(room) = &mut self.room {
            *room = room.saturating_sub(bytes);
        }
    }

    #[inline]
    fn is_blocked(&self) -> bool {
        self.room == Some(0)
    }

    /// Whether something can be sent at once; after [`Pacer::refill`].
    pub(crate) fn ready(&self) -> bool {
        !self.is_blocked() && self.has_due()
    }

    fn has_due(&self) -> bool {
        !self.audio.is_empty() || !self.is_empty() && self.open()
    }

    /// When what waits for the budget goes on.
    pub(crate) fn next(&self) -> Option<Instant> {
        let rates = self.rates.filter(|_| !self.is_empty() && !self.is_blocked())?;
        Some(self.paced.when(BURST - GRAIN, rates.pacing))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.video.is_empty() && self.retransmissions.is_empty() && self.audio.is_empty()
    }

    /// Forgets everything; returns how much that was.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.audio.len() + self.retransmissions.len() + self.video.len();
        self.audio.clear();
        self.retransmissions.clear();
        self.video.clear();
        self.waiting = 0;
        count
    }

    pub(crate) fn forget_retransmissions(&mut self) {
        self.retransmissions.clear();
    }
}

fn size(queued: &Queued) -> usize {
    usize::from(queued.len) + AROUND
}

fn wait(bytes: usize, rates: Rates) -> Duration {
    Duration::from_nanos(bytes as u64 * 8_000_000_000 / rates.pacing.max(1))
}

#[cfg(test)]
mod tests {
    use super::Pacer;
    use crate::time::Instant;

    #[test]
    fn it_takes_what_is_sent_before_anything_is_late() {
        let mut pacer = Pacer::default();
        assert!(pacer.takes_soon(10_000_000), "nobody knows of a limit");
        pacer.set_rates(Instant::default(), 8_000_000, 4_000_000);
        assert!(pacer.takes_soon(150_000), "150 ms");
        assert!(!pacer.takes_soon(151_000));
    }
}
