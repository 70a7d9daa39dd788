//! Packets nobody with the keys has sent, and calls nobody should make.

use crate::support::{Ends, plain};
use proptest::prelude::*;
use trio_sfu_srtp::{Error, Inbound, Outbound, Profile};

#[test]
fn a_packet_with_any_bit_changed_is_refused() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packet = ends.protected(3, 77);
        for bit in 0..packet.len() * 8 {
            let mut forged = packet.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ends.receive(&forged), Err(Error::AuthenticationFailed), "bit {bit}");
        }
        assert_eq!(ends.receive(&packet), Ok((plain(3, 77), 77)));
    }
}

#[test]
fn a_packet_cut_short_is_refused() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packet = ends.protected(3, 77);
        for len in 12..packet.len() {
            assert!(ends.receive(&packet[..len]).is_err(), "{len} bytes");
        }
    }
}

#[test]
fn a_packet_of_another_association_is_refused() {
    for profile in Profile::ALL {
        let other = Outbound::new(profile, &vec![9; profile.keying_len()]).unwrap();
        let mut packet = plain(3, 77);
        packet.resize(112 + profile.rtp_overhead(), 0);
        other.protect_rtp(&mut packet, 12, 112, 77).unwrap();
        assert_eq!(Ends::new(profile).receive(&packet), Err(Error::AuthenticationFailed));
    }
}

#[test]
fn an_empty_payload_passes() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let mut packet = plain(3, 5);
        packet.truncate(12);
        packet.resize(12 + profile.rtp_overhead(), 0);
        assert_eq!(ends.outbound.protect_rtp(&mut packet, 12, 12, 5), Ok(packet.len()));
        assert_eq!(ends.receive(&packet).map(|(plain, _)| plain.len()), Ok(12));
    }
}

#[test]
fn what_cannot_be_protected_is_refused() {
    for profile in Profile::ALL {
        let ends = Ends::new(profile);
        let protect = |header_len, len, index| {
            let mut buffer = plain(3, 5);
            buffer.resize(112 + profile.rtp_overhead(), 0);
            ends.outbound.protect_rtp(&mut buffer, header_len, len, index)
        };
        assert_eq!(protect(11, 112, 5), Err(Error::TooShort));
        assert_eq!(protect(40, 39, 5), Err(Error::TooShort));
        assert_eq!(protect(12, 113, 5), Err(Error::NoRoom));
        assert_eq!(protect(12, 112, 6), Err(Error::IndexMismatch));
        assert_eq!(protect(12, 112, 1 << 48 | 5), Err(Error::IndexExhausted));
        assert!(protect(12, 112, (1 << 48) - 0x1_0000 + 5).is_ok());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        mut rtp in proptest::collection::vec(any::<u8>(), 0..200),
        mut rtcp in proptest::collection::vec(any::<u8>(), 0..200),
        ssrc in any::<u32>(),
        sequence in any::<u16>(),
        header_len in 0usize..300,
    ) {
        for profile in Profile::ALL {
            let mut inbound = Inbound::new(profile, &vec![1; profile.keying_len()]).unwrap();
            prop_assert!(inbound.unprotect_rtp(&mut rtp, ssrc, sequence, header_len).is_err());
            prop_assert!(inbound.unprotect_rtcp(&mut rtcp).is_err());
            let outbound = Outbound::new(profile, &vec![1; profile.keying_len()]).unwrap();
            let len = rtp.len();
            let _ = outbound.protect_rtp(&mut rtp, header_len, len, u64::from(sequence));
        }
    }
}
