//! The packets that feedback may still speak of.

use crate::{SECOND, Sent};

/// Packets the ring begins with and holds at most; powers of two. The largest is two seconds
/// at 40 Mbit/s.
const SMALLEST: usize = 16;
const LARGEST: usize = 8_192;
/// Packets it holds at most before anything has been heard of any.
const UNHEARD: usize = 512;
/// Nanoseconds after which feedback about a packet is no longer expected.
const PATIENCE: u64 = 2 * SECOND;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Unknown,
    Lost,
    Arrived,
}

/// One packet in 16 bytes: there are many of them for each fast subscriber.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    /// The number's low bits; the ring's place and the newest number tell the others.
    id: u32,
    /// On the wire; 0: the place is empty.
    bytes: u16,
    /// The mark of the probe it is part of; 0: none.
    pub(crate) probe: u8,
    pub(crate) fate: Fate,
}

impl Entry {
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.bytes)
    }
}

/// The mark of a probe's packets. One probe at a time is judged, so its low bits tell.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn mark(probe: u32) -> u8 {
    (probe as u8) | 0x80
}

/// A ring by the low bits of the numbers. It grows while packets in flight would be
/// overwritten, and is given back by [`History::forget`].
#[derive(Debug, Default)]
pub(crate) struct History {
    ring: Vec<Entry>,
    /// The number after the newest one.
    next: u64,
    /// Numbers from here on are in flight.
    settled: u64,
    in_flight: u64,
}

impl History {
    /// Keeps a packet. One whose number does not rise is ignored. `heard`: whether
    /// there has been feedback at all.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn record(&mut self, sent: &Sent, heard: bool) -> bool {
        if sent.id < self.next || sent.id == u64::MAX {
            return false;
        }
        if sent.id - self.next >= self.ring.len() as u64 {
            self.restart(sent.id);
        }
        let largest = if heard { LARGEST } else { UNHEARD };
        while self.ring.len() < largest && self.would_lose(sent) {
            self.double();
        }
        let place = self.place(sent.id);
        let old = self.ring[place];
        if old.bytes != 0 && self.whole(old.id, sent.id) >= self.settled {
            self.in_flight = self.in_flight.saturating_sub(old.bytes());
        }
        let bytes = sent.bytes.clamp(1, u32::from(u16::MAX)) as u16;
        self.ring[place] = Entry {
            at: sent.at,
            id: sent.id as u32,
            bytes,
            probe: sent.probe.map_or(0, mark),
            fate: Fate::Unknown,
        };
        self.in_flight += u64::from(bytes);
        self.next = sent.id + 1;
        true
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn find(&mut self, id: u64) -> Option<&mut Entry> {
        if id >= self.next || self.next - id > self.ring.len() as u64 {
            return None;
        }
        let place = self.place(id);
        let entry = &mut self.ring[place];
        (entry.bytes != 0 && entry.id == id as u32).then_some(entry)
    }

    /// The numbers before this one that nothing was heard of yet, though something was of
    /// later ones.
    pub(crate) fn skipped(&self, before: u64) -> std::ops::Range<u64> {
        self.first_in_flight()..before.min(self.next)
    }

    fn first_in_flight(&self) -> u64 {
        self.settled.max(self.next.saturating_sub(self.ring.len() as u64))
    }

    /// Nothing up to this number is in flight any more.
    pub(crate) fn settle(&mut self, id: u64) {
        let end = id.saturating_add(1).min(self.next);
        let mut at = self.first_in_flight();
        while at < end {
            let bytes = self.find(at).map_or(0, |entry| entry.bytes());
            self.in_flight = self.in_flight.saturating_sub(bytes);
            at += 1;
        }
        self.settled = self.settled.max(end);
    }

    /// Gives the memory back; numbers go on from where they were.
    pub(crate) fn forget(&mut self) {
        *self = Self { next: self.next, settled: self.next, ..Self::default() };
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Whether this packet would take the place of one that feedback is expected about.
    fn would_lose(&self, sent: &Sent) -> bool {
        let old = self.ring[self.place(sent.id)];
        old.bytes != 0
            && self.whole(old.id, sent.id) >= self.settled
            && sent.at.saturating_sub(old.at) < PATIENCE
    }

    #[allow(clippy::cast_possible_truncation)]
    fn double(&mut self) {
        let entries = std::mem::take(&mut self.ring);
        self.ring = vec![Entry::default(); entries.len() * 2];
        for entry in entries.into_iter().filter(|entry| entry.bytes != 0) {
            let place = entry.id as usize & (self.ring.len() - 1);
            self.ring[place] = entry;
        }
    }

    fn restart(&mut self, id: u64) {
        self.ring.clear();
        self.ring.resize(SMALLEST, Entry::default());
        self.settled = id;
        self.in_flight = 0;
    }

    /// The whole number of an entry, given one that is less than a ring later.
    #[allow(clippy::cast_possible_truncation, clippy::unused_self)]
    fn whole(&self, low: u32, later: u64) -> u64 {
        later.saturating_sub(u64::from((later as u32).wrapping_sub(low)))
    }

    #[allow(clippy::cast_possible_truncation)]
    fn place(&self, id: u64) -> usize {
        id as usize & (self.ring.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{History, LARGEST};
    use crate::{MILLIS, Sent};

    fn packet(id: u64) -> Sent {
        Sent { at: id * MILLIS, id, bytes: 1_000, probe: None }
    }

    #[test]
    fn it_grows_while_packets_are_in_flight_and_not_for_ever() {
        let mut history = History::default();
        for id in 0..100_000 {
            history.record(&packet(id), true);
        }
        assert_eq!(history.ring.len(), 2_048, "what two seconds need");
        for id in 100_000..200_000 {
            history.record(&Sent { at: 0, ..packet(id) }, true);
        }
        assert_eq!(history.ring.len(), LARGEST);
        assert_eq!(history.in_flight(), LARGEST as u64 * 1_000);
        history.settle(250_000);
        assert_eq!(history.in_flight(), 0);
    }

    #[test]
    fn what_is_settled_needs_no_place() {
        let mut history = History::default();
        for id in 0..100_000 {
            history.record(&packet(id), true);
            history.settle(id.saturating_sub(10));
        }
        assert_eq!(history.ring.len(), super::SMALLEST);
        assert_eq!(history.in_flight(), 10_000);
    }

    #[test]
    fn a_number_is_found_until_its_place_is_taken() {
        let mut history = History::default();
        let first = (1 << 32) - 10;
        for id in first..first + 24 {
            history.record(&Sent { at: id * 3_000 * MILLIS, ..packet(id) }, false);
        }
        assert!(history.find(first + 7).is_none());
        assert_eq!(
            history.find(first + 8).map(|entry| entry.at),
            Some((first + 8) * 3_000 * MILLIS)
        );
        assert!(history.find(first + 24).is_none());
        assert!(!history.record(&packet(first + 23), false), "numbers rise");
        assert!(history.record(&packet(first + 1_000_000), false));
        assert_eq!(history.in_flight(), 1_000, "after a jump nothing older is expected");
    }
}
