//! Sequence numbers that wrap, forward and back.

use crate::support::Ends;
use trio_sfu_srtp::{Error, Profile};

const SSRC: u32 = 0xdead_beef;

#[test]
fn packets_pass_through_many_rollovers() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        for index in (0..5 << 16).step_by(9_973) {
            ends.pass(SSRC, index);
        }
    }
}

#[test]
fn late_packets_pass_across_a_rollover() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        for index in [0xfff0, 0x1_0005, 0xfffe, 0x1_0000, 0xffff, 0x1_0004, 0x1_0006] {
            ends.pass(SSRC, index);
        }
    }
}

#[test]
fn a_source_may_begin_anywhere_in_its_first_period() {
    for (source, first) in [0, 1, 0x7fff, 0x8000, 0xffff].into_iter().enumerate() {
        let mut ends = Ends::new(Profile::AeadAes128Gcm);
        ends.pass(source as u32, first);
        ends.pass(source as u32, first + 1);
    }
}

#[test]
fn rollovers_of_one_source_are_not_anothers() {
    let mut ends = Ends::new(Profile::Aes128CmHmacSha1_80);
    for index in (0..2 << 16).step_by(30_000) {
        ends.pass(1, index);
    }
    ends.pass(2, 7);
    ends.pass(1, 2 << 16);
}

#[test]
fn a_packet_under_another_rollover_counter_is_not_authentic() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        ends.pass(SSRC, 100);
        let wrong = ends.protected(SSRC, 0x1_0000 + 101);
        assert_eq!(ends.receive(&wrong), Err(Error::AuthenticationFailed));
        ends.pass(SSRC, 101);
    }
}
