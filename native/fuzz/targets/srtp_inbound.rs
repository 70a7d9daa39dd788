//! SRTP and SRTCP: forged packets, and packets that were cut, flipped, repeated or
//! reordered on their way.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::input::Input;
use trio_sfu_srtp::{Inbound, Outbound, Profile};

const HEADER_LEN: usize = 12;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let profile = Profile::ALL[usize::from(input.byte()) % Profile::ALL.len()];
    let keying = vec![0x42; profile.keying_len()];
    let mut inbound = Inbound::new(profile, &keying).expect("keys");
    let mut outbound = Outbound::new(profile, &keying).expect("keys");
    let mut passed = BTreeSet::new();
    let mut index = 0u64;
    while !input.is_empty() {
        match input.byte() % 4 {
            0 => {
                let (ssrc, sequence) = (input.word(), input.short());
                let header_len = usize::from(input.byte());
                let mut packet = input.slice().to_vec();
                assert!(inbound.unprotect_rtp(&mut packet, ssrc, sequence, header_len).is_err());
                assert!(inbound.unprotect_rtcp(&mut packet).is_err());
            }
            1 => {
                // A step back or forward, then the packet of that index.
                let step = i64::from(input.short() as i16);
                index = index.saturating_add_signed(step).min((1 << 48) - 1);
                let ssrc = u32::from(input.byte() % 4);
                let payload = input.slice();
                let flip = usize::from(input.byte());
                send(&mut inbound, &outbound, ssrc, index, payload, flip, &mut passed);
            }
            2 => {
                let mut packet = input.slice().to_vec();
                let plain = packet.clone();
                if outbound.protect_rtcp(&mut packet).is_ok() {
                    let len = inbound.unprotect_rtcp(&mut packet).expect("authentic");
                    assert_eq!(packet[..len], plain);
                }
            }
            _ => {
                let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
                outbound.protect_rtcp(&mut packet).expect("indices are left");
                let cut = usize::from(input.byte()) % packet.len();
                packet.truncate(cut);
                assert!(inbound.unprotect_rtcp(&mut packet).is_err());
            }
        }
    }
});

/// Each index of each source passes at most once, unchanged or not at all.
fn send(
    inbound: &mut Inbound,
    outbound: &Outbound,
    ssrc: u32,
    index: u64,
    payload: &[u8],
    flip: usize,
    passed: &mut BTreeSet<(u32, u64)>,
) {
    let sequence = (index & 0xffff) as u16;
    let mut packet = vec![0x80, 96];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    let plain = packet.clone();
    packet.resize(plain.len() + outbound.profile().rtp_overhead(), 0);
    outbound.protect_rtp(&mut packet, HEADER_LEN, plain.len(), index).expect("a packet");
    // The SSRC the receiver looks at is the header's: only what comes later is flipped.
    let flipped = flip != 0 && HEADER_LEN + flip < packet.len();
    if flipped {
        packet[HEADER_LEN + flip] ^= 1;
    }
    if let Ok((len, received)) = inbound.unprotect_rtp(&mut packet, ssrc, sequence, HEADER_LEN) {
        assert!(!flipped, "forged");
        assert_eq!(packet[..len], plain);
        assert_eq!(received, index);
        assert!(passed.insert((ssrc, index)), "replayed");
    }
}
