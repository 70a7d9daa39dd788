//! Who may have a connection: places are few, in all, for each address, and for strangers.
//!
//! Asked before anything is kept of a connection. Each answer takes the same time, however many
//! there are: a flood of connections costs no more for each of them than a few do.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::num::NonZeroU32;

use trio_sfu_core::time::Instant;

/// Connections of one worker. Further ones are closed at once.
const MAX_CONNECTIONS: usize = 4096;
/// Those of one address (of one /64 for IPv6), however many peers there are behind it.
const MAX_OF_SOURCE: usize = 1024;
/// Those that nobody has shown to be a peer's: the oldest makes room for a new one. A peer's
/// first check comes with its connection, a round trip at most after it.
const MAX_UNPROVEN: usize = 256;
/// Of them, those of one address. Further ones are closed at once.
const MAX_UNPROVEN_OF_SOURCE: usize = 64;

/// What has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    /// Since when it is unproven.
    pub(super) since: Instant,
    /// Which connection.
    pub(super) number: NonZeroU32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    all: usize,
    unproven: usize,
}

/// The places that are taken.
#[derive(Debug, Default)]
pub(super) struct Places {
    all: usize,
    by_source: HashMap<u128, Taken>,
    unproven: BTreeSet<Waiting>,
}

impl Places {
    /// Whether `source` may have one more.
    pub(super) fn admits(&self, source: IpAddr) -> bool {
        let taken = self.by_source.get(&network(source)).copied().unwrap_or_default();
        self.all < MAX_CONNECTIONS
            && taken.all < MAX_OF_SOURCE
            && taken.unproven < MAX_UNPROVEN_OF_SOURCE
    }

    /// Who has to go before one more is let in.
    pub(super) fn too_long(&self) -> Option<NonZeroU32> {
        let oldest = self.unproven.first()?;
        (self.unproven.len() >= MAX_UNPROVEN).then_some(oldest.number)
    }

    /// A connection takes a place, unproven.
    pub(super) fn take(&mut self, source: IpAddr, waiting: Waiting) {
        self.all += 1;
        self.by_source.entry(network(source)).or_default().all += 1;
        self.doubt(source, waiting);
    }

    /// It is nobody's, or nobody's any more.
    pub(super) fn doubt(&mut self, source: IpAddr, waiting: Waiting) {
        if self.unproven.insert(waiting) {
            self.by_source.entry(network(source)).or_default().unproven += 1;
        }
    }

    /// A peer has shown it to be its own.
    pub(super) fn prove(&mut self, source: IpAddr, waiting: Waiting) {
        if self.unproven.remove(&waiting)
            && let Some(taken) = self.by_source.get_mut(&network(source))
        {
            taken.unproven -= 1;
        }
    }

    /// It has ended.
    pub(super) fn leave(&mut self, source: IpAddr, waiting: Waiting) {
        self.prove(source, waiting);
        self.all -= 1;
        let network = network(source);
        if let Some(taken) = self.by_source.get_mut(&network) {
            taken.all -= 1;
            if taken.all == 0 {
                self.by_source.remove(&network);
            }
        }
    }
}

/// What one sender can hardly change: an IPv4 address, or an IPv6 network of 64 bits.
fn network(source: IpAddr) -> u128 {
    match source.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn waiting(number: u32) -> Waiting {
        let number = NonZeroU32::new(number).unwrap();
        Waiting { since: Instant(u64::from(number.get())), number }
    }

    fn source(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + number).into()
    }

    #[test]
    fn an_address_has_places_for_strangers_and_more_for_peers() {
        let (mut places, one) = (Places::default(), source(1));
        let mut number = 0;
        while places.admits(one) {
            number += 1;
            places.take(one, waiting(number));
        }
        assert_eq!(number as usize, MAX_UNPROVEN_OF_SOURCE);
        assert!(places.admits(source(2)));
        while number < 10_000 {
            places.prove(one, waiting(number));
            if !places.admits(one) {
                break;
            }
            number += 1;
            places.take(one, waiting(number));
        }
        assert_eq!(number as usize, MAX_OF_SOURCE);
        assert!(places.admits(source(2)));
        places.leave(one, waiting(number));
        assert!(places.admits(one));
    }

    #[test]
    fn there_are_so_many_in_all() {
        let mut places = Places::default();
        for number in 1..=4096 {
            let source = source(number / 512);
            assert!(places.admits(source));
            places.take(source, waiting(number));
            places.prove(source, waiting(number));
        }
        assert!(!places.admits(source(100_000)));
    }

    #[test]
    fn who_has_waited_longest_makes_room_and_who_came_back_waits_anew() {
        let mut places = Places::default();
        for number in 1..=256 {
            assert_eq!(places.too_long(), None);
            places.take(source(number / 64), waiting(number));
        }
        assert_eq!(places.too_long(), NonZeroU32::new(1));
        places.prove(source(0), waiting(1));
        assert_eq!(places.too_long(), None);
        let again = Waiting { since: Instant(1_000), ..waiting(1) };
        places.doubt(source(0), again);
        assert_eq!(places.too_long(), NonZeroU32::new(2));
    }

    #[test]
    fn nothing_is_left_of_who_has_gone() {
        let mut places = Places::default();
        let all = [source(1), "2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap()];
        for (number, source) in (1..).zip(all) {
            places.take(source, waiting(number));
        }
        assert_eq!(places.by_source.len(), 2, "a /64 is one");
        places.prove(all[1], waiting(2));
        for (number, source) in (1..).zip(all) {
            places.leave(source, waiting(number));
        }
        assert!(places.all == 0 && places.by_source.is_empty() && places.unproven.is_empty());
    }
}
