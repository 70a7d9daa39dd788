//! How much work senders may cause that are nobody's peer yet.
//!
//! Everybody may send to a UDP port. What comes from an address that no transport has
//! costs a look-up and is dropped, STUN excepted: a check of an ICE password is how an
//! address becomes known. So STUN is limited by source before it is looked at, and wrong
//! passwords are limited where they cost an HMAC. Known addresses are limited by neither.

use std::net::IpAddr;

use crate::random::Random;
use crate::rate::{Bucket, Rate};
use crate::time::Instant;

/// Checks from the unknown ports of one address, which cost a look-up each: less than 1 % of
/// a core. A browser sends some ten before its address is known, and repeats what is lost:
/// 500 people behind one address can join within a second.
const PER_SOURCE: Rate = Rate::per_second(5_000, 5_000);
/// Wrong passwords in all: 1 % of a core. Whoever would use this up must know user name
/// fragments of many transports, which are told to their own clients only; so a flood
/// from however many addresses does not keep others from joining.
const GUESSES: Rate = Rate::per_second(5_000, 5_000);
/// Buckets: a power of two. Two tables of 32 KiB.
const BUCKETS: usize = 4_096;

/// The buckets of all addresses. Each address has one in each of two tables, so that of the
/// others hardly any (one in 16 million for each flooding address) has both in common with
/// it. There are no entries to make or to displace: nothing to allocate, nothing to fill.
pub(crate) struct Strangers {
    tables: [Box<[Bucket]>; 2],
    /// Nobody outside can choose addresses that share a bucket.
    secrets: [u64; 2],
    guesses: Bucket,
}

impl Strangers {
    pub(crate) fn new(random: &mut Random) -> Self {
        let table = || vec![Bucket::default(); BUCKETS].into_boxed_slice();
        Self {
            tables: [table(), table()],
            secrets: [random.next(), random.next()],
            guesses: Bucket::default(),
        }
    }

    /// Whether STUN from `source` is to be looked at.
    pub(crate) fn admit(&mut self, now: Instant, source: IpAddr) -> bool {
        let prefix = prefix(source);
        let mut admitted = false;
        for (table, secret) in self.tables.iter_mut().zip(self.secrets) {
            #[allow(clippy::cast_possible_truncation)]
            let index = Random::new(prefix ^ secret).next() as usize % BUCKETS;
            admitted |= table[index].take(now, PER_SOURCE);
        }
        admitted
    }

    /// Whether one more password may be tried.
    pub(crate) fn may_guess(&self, now: Instant) -> bool {
        self.guesses.has(now, GUESSES)
    }

    /// A password was wrong.
    pub(crate) fn guessed(&mut self, now: Instant) {
        self.guesses.take(now, GUESSES);
    }
}

/// What one sender can hardly change: an IPv4 address, or an IPv6 network of 64 bits.
fn prefix(source: IpAddr) -> u64 {
    match source.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        #[allow(clippy::cast_possible_truncation)]
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::Strangers;
    use crate::random::Random;
    use crate::time::Instant;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    fn v4(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + number).into()
    }

    #[test]
    fn one_address_that_floods_is_limited_and_others_are_not() {
        let mut strangers = Strangers::new(&mut Random::new(1));
        let mut refused = 0;
        let mut admitted = 0u32;
        for tick in 0..100_000u64 {
            let now = Instant(tick * 10_000);
            admitted += u32::from(strangers.admit(now, v4(0)));
            if tick % 10 == 0 {
                let other = u32::try_from(1 + tick / 10).expect("small");
                refused += u32::from(!strangers.admit(now, v4(other)));
            }
        }
        assert!((9_990..=10_000).contains(&admitted), "{admitted} of 100,000 in a second");
        assert_eq!(refused, 0, "of 10,000 others");
    }

    #[test]
    fn a_thousand_flooding_addresses_leave_most_others_alone() {
        let mut strangers = Strangers::new(&mut Random::new(2));
        for number in 0..1_000 {
            for _ in 0..5_001 {
                strangers.admit(Instant(0), v4(number));
            }
        }
        let others = (100_000..110_000).filter(|&number| strangers.admit(Instant(0), v4(number)));
        assert!(others.count() > 9_500);
    }

    #[test]
    fn an_ipv6_network_is_one_sender() {
        let mut strangers = Strangers::new(&mut Random::new(3));
        let address = |net: u16, host: u16| -> IpAddr {
            Ipv6Addr::new(0x2001, 0xdb8, 0, net, 0, 0, 0, host).into()
        };
        let admitted = (0..10_000).filter(|&host| strangers.admit(Instant(0), address(0, host)));
        assert_eq!(admitted.count(), 5_000);
        assert!(strangers.admit(Instant(0), address(1, 0)));
    }
}
