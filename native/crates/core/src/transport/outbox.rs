//! Datagrams of a transport that go before its media: STUN, DTLS, RTCP.

use std::collections::VecDeque;

use crate::remote::Remote;

/// Datagrams waiting for the next flush. When full, new ones are dropped: each of these
/// protocols repeats itself.
const MAX_DATAGRAMS: usize = 64;

#[derive(Default)]
pub(crate) struct Outbox {
    queue: VecDeque<(Remote, Vec<u8>)>,
}

impl Outbox {
    /// False when there was no room.
    #[must_use]
    pub(crate) fn push(&mut self, destination: Remote, datagram: Vec<u8>) -> bool {
        if self.queue.len() >= MAX_DATAGRAMS {
            return false;
        }
        self.queue.push_back((destination, datagram));
        true
    }

    pub(crate) fn pop(&mut self) -> Option<(Remote, Vec<u8>)> {
        self.queue.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
