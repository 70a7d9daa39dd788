//! Groups of packets sent in one burst, and how far apart they arrive
//! (draft-ietf-rmcat-gcc-02, sections 5.2 and 5.3).

use crate::MILLIS;

/// Nanoseconds within which packets are sent, or arrive, as one burst.
const BURST: u64 = 5 * MILLIS;
/// Nanoseconds that a burst of arrivals lasts at most.
const LONGEST: u64 = 100 * MILLIS;

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: u64,
    last_sent: u64,
    first_arrival: u64,
    last_arrival: u64,
}

/// How much later one group was sent, and arrived, than the one before, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) sent: u64,
    pub(crate) arrival: i64,
    /// When the later group had arrived, on the receiver's clock.
    pub(crate) at: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Groups {
    current: Option<Group>,
    previous: Option<Group>,
}

impl Groups {
    /// Adds a packet that has arrived; answers when that completes a group.
    pub(crate) fn add(&mut self, sent: u64, arrival: u64) -> Option<Delta> {
        let Some(current) = &mut self.current else {
            self.current = Some(Group::of(sent, arrival));
            return None;
        };
        if sent < current.first_sent {
            return None;
        }
        if current.belongs(sent, arrival) {
            current.last_sent = current.last_sent.max(sent);
            current.last_arrival = current.last_arrival.max(arrival);
            return None;
        }
        let complete = *current;
        let delta = self.previous.map(|previous| Delta {
            sent: complete.last_sent.saturating_sub(previous.last_sent),
            arrival: signed(complete.last_arrival, previous.last_arrival),
            at: complete.last_arrival,
        });
        self.previous = Some(complete);
        self.current = Some(Group::of(sent, arrival));
        delta
    }

    /// What follows is not compared with what was.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }
}

impl Group {
    fn of(sent: u64, arrival: u64) -> Self {
        Self { first_sent: sent, last_sent: sent, first_arrival: arrival, last_arrival: arrival }
    }

    /// Sent in the same burst, or held up on the way and let go together with it.
    fn belongs(&self, sent: u64, arrival: u64) -> bool {
        if sent.saturating_sub(self.first_sent) <= BURST {
            return true;
        }
        let apart = signed(arrival, self.last_arrival);
        let sooner = apart < signed(sent, self.last_sent);
        sooner
            && apart <= BURST.cast_signed()
            && arrival.saturating_sub(self.first_arrival) < LONGEST
    }
}

/// `a - b`, where clocks may have gone back.
pub(crate) fn signed(a: u64, b: u64) -> i64 {
    a.wrapping_sub(b).cast_signed()
}
