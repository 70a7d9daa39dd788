//! SRTCP: indices, replay, what is refused.

use crate::support::Ends;
use trio_sfu_srtp::{Error, Profile};

/// A receiver report without blocks, and something after it.
fn report(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
    packet
}

fn protected(ends: &mut Ends, ssrc: u32) -> Vec<u8> {
    let mut packet = report(ssrc);
    ends.outbound.protect_rtcp(&mut packet).unwrap();
    packet
}

fn receive(ends: &mut Ends, packet: &[u8]) -> Result<Vec<u8>, Error> {
    let mut packet = packet.to_vec();
    let len = ends.inbound.unprotect_rtcp(&mut packet)?;
    packet.truncate(len);
    Ok(packet)
}

#[test]
fn reports_pass_in_any_order_once() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packets: Vec<_> = (0..20).map(|turn| protected(&mut ends, 7 + turn % 2)).collect();
        assert_eq!(packets[0].len(), report(7).len() + profile.rtcp_overhead());
        for turn in [3, 1, 2, 0, 19, 4] {
            let ssrc = 7 + turn as u32 % 2;
            assert_eq!(receive(&mut ends, &packets[turn]), Ok(report(ssrc)));
            assert_eq!(receive(&mut ends, &packets[turn]), Err(Error::Replayed));
        }
    }
}

#[test]
fn no_index_comes_twice_whoever_reports() {
    let mut ends = Ends::new(Profile::AeadAes128Gcm);
    for turn in 0..100u32 {
        let packet = protected(&mut ends, turn % 3);
        let index = packet[packet.len() - 4..].to_vec();
        assert_eq!(index, (1 << 31 | turn).to_be_bytes());
    }
}

#[test]
fn a_report_with_any_bit_changed_is_refused() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packet = protected(&mut ends, 9);
        for bit in 0..packet.len() * 8 {
            let mut forged = packet.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let refusal = receive(&mut ends, &forged).unwrap_err();
            assert!(matches!(refusal, Error::AuthenticationFailed | Error::NotEncrypted), "{bit}");
        }
        assert_eq!(receive(&mut ends, &packet), Ok(report(9)));
    }
}

#[test]
fn a_report_cut_short_is_refused() {
    for profile in Profile::ALL {
        let mut ends = Ends::new(profile);
        let packet = protected(&mut ends, 9);
        for len in 0..packet.len() {
            assert!(receive(&mut ends, &packet[..len]).is_err(), "{len} bytes");
        }
    }
}

#[test]
fn what_is_no_report_is_not_sent() {
    let mut ends = Ends::new(Profile::AeadAes128Gcm);
    assert_eq!(ends.outbound.protect_rtcp(&mut vec![0; 7]), Err(Error::TooShort));
}
