//! Packets that come twice.

use crate::support::Ends;
use trio_sfu_srtp::{Error, Profile};

#[test]
fn a_replayed_packet_is_refused() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packets: Vec<_> = (1000..1010).map(|index| ends.protected(1, index)).collect();
        for packet in &packets {
            assert!(ends.receive(packet).is_ok());
        }
        for packet in &packets {
            assert_eq!(ends.receive(packet), Err(Error::Replayed));
        }
    }
}

#[test]
fn the_window_reaches_1024_packets_back() {
    let mut ends = Ends::new(Profile::AeadAes128Gcm);
    ends.pass(1, 100_000 & 0xffff);
    ends.pass(1, (100_000 & 0xffff) + 5_000);
    let highest = (100_000 & 0xffff) + 5_000;
    ends.pass(1, highest - 1023);
    let old = ends.protected(1, highest - 1024);
    assert_eq!(ends.receive(&old), Err(Error::Replayed));
}

#[test]
fn a_forged_packet_does_not_move_the_window() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        ends.pass(1, 10);
        let mut forged = ends.protected(1, 5_000);
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(ends.receive(&forged), Err(Error::AuthenticationFailed));
        ends.pass(1, 11);
        ends.pass(1, 5_000);
    }
}

#[test]
fn a_forged_packet_makes_no_source() {
    let mut ends = Ends::new(Profile::Aes128CmHmacSha1_80);
    for ssrc in 0..10_000 {
        let mut forged = crate::support::plain(ssrc, 1);
        forged.extend([0; 10]);
        assert_eq!(ends.receive(&forged), Err(Error::AuthenticationFailed));
    }
    assert_eq!(ends.inbound.sources(), 0);
}

#[test]
fn sources_are_bounded_and_those_known_go_on() {
    let mut ends = Ends::new(Profile::AeadAes256Gcm);
    let mut refused = 0;
    for ssrc in 0..1_000 {
        let packet = ends.protected(ssrc, 1);
        match ends.receive(&packet) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error, Error::TooManySources);
                refused += 1;
            }
        }
    }
    assert_eq!(ends.inbound.sources() + refused, 1_000);
    assert_eq!(ends.inbound.sources(), 512);
    ends.pass(0, 2);
    ends.pass(511, 2);
}
