//! Media that waits for the next flush. A pacer will sit here one day.

use std::collections::VecDeque;

use crate::send::slot::SlotKey;

/// Packets waiting for one subscriber. When full, new ones are dropped: their numbers
/// are used up, so the subscriber sees the gap and asks for them again.
const MAX_MEDIA: usize = 2048;
/// Retransmissions waiting for one subscriber. When full, new ones are dropped: what is
/// still missing is asked for again.
const MAX_RETRANSMISSIONS: usize = 512;

/// A cached packet to be written for a slot: by reference, the bytes stay in the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queued {
    pub(crate) slot: SlotKey,
    pub(crate) span: u32,
    pub(crate) retransmission: bool,
    /// The packet's number in the span's encoding.
    pub(crate) sequence: u64,
}

#[derive(Default)]
pub(crate) struct MediaQueue {
    media: VecDeque<Queued>,
    retransmissions: VecDeque<Queued>,
}

impl MediaQueue {
    /// False when there was no room.
    #[inline]
    #[must_use]
    pub(crate) fn push(&mut self, queued: Queued) -> bool {
        let (queue, limit) = if queued.retransmission {
            (&mut self.retransmissions, MAX_RETRANSMISSIONS)
        } else {
            (&mut self.media, MAX_MEDIA)
        };
        if queue.len() >= limit {
            return false;
        }
        queue.push_back(queued);
        true
    }

    /// Retransmissions first: somebody's picture stands still for them.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Queued> {
        self.retransmissions.pop_front().or_else(|| self.media.pop_front())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.media.is_empty() && self.retransmissions.is_empty()
    }

    pub(crate) fn forget_retransmissions(&mut self) {
        self.retransmissions.clear();
    }
}
