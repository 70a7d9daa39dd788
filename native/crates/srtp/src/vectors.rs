//! Packets of RFC 7714, sections 16 and 17, and of libsrtp for AES-CM, which no RFC has.

use crate::cm::CounterMode;
use crate::error::Error;
use crate::gcm::Gcm;
use crate::kdf::{Master, Protocol};
use crate::packet::SRTCP_ENCRYPTED;
use crate::profile::Profile;
use crate::{Inbound, Outbound};

/// The bytes a hexadecimal string stands for.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).expect("hexadecimal")).expect("a digit"))
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// "Quid pro quo".
const SALT: [u8; 12] = *b"Quid pro quo";
const RTP: &str = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e6973206469766973612069\
                   6e207061727465732074726573";
const RTP_INDEX: u64 = 0xf17b;
const RTP_SSRC: u32 = 0x5501_a0b2;
const RTCP: &str = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdead\
                    beefdeadbeefdeadbeefdeadbeef";
const RTCP_INDEX: u32 = 0x5d4;
const RTCP_SSRC: u32 = 0x4d61_7273;

/// Key bytes 00, 01, 02, …
fn gcm(key_len: u8) -> Gcm {
    Gcm::new(&(0..key_len).collect::<Vec<u8>>(), SALT).unwrap()
}

#[test]
fn rtp_of_rfc_7714_16() {
    for (key_len, protected) in [
        (
            16,
            "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51\
             c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            32,
            "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276\
             ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
    ] {
        let plain = bytes(RTP);
        let mut packet = [plain.as_slice(), &[0; 16]].concat();
        gcm(key_len).protect_rtp(&mut packet, 12, RTP_INDEX).unwrap();
        assert_eq!(packet, bytes(protected));
        let len = gcm(key_len).unprotect_rtp(&mut packet, RTP_SSRC, 12, RTP_INDEX).unwrap();
        assert_eq!(packet[..len], plain);
    }
}

#[test]
fn rtcp_of_rfc_7714_17() {
    for (key_len, protected) in [
        (
            16,
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4c\
             e09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
        ),
        (
            32,
            "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be84\
             15f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
        ),
    ] {
        let mut packet = bytes(RTCP);
        gcm(key_len).protect_rtcp(&mut packet, RTCP_SSRC, RTCP_INDEX).unwrap();
        assert_eq!(packet, bytes(protected));
        let flagged = Gcm::rtcp_index(&packet).unwrap();
        assert_eq!(flagged, RTCP_INDEX | SRTCP_ENCRYPTED);
        let len = gcm(key_len).unprotect_rtcp(&mut packet, RTCP_SSRC, flagged).unwrap();
        assert_eq!(packet[..len], bytes(RTCP));
    }
}

#[test]
fn rtcp_of_rfc_7714_17_3_is_refused_because_it_is_only_tagged() {
    let mut packet = bytes(RTCP);
    packet.extend(bytes("841dd9683dd78ec92ae58790125f62b3000005d4"));
    let flagged = Gcm::rtcp_index(&packet).unwrap();
    assert_eq!(flagged, RTCP_INDEX);
    assert_eq!(gcm(16).unprotect_rtcp(&mut packet, RTCP_SSRC, flagged), Err(Error::NotEncrypted));
}

#[test]
fn counter_mode_rtcp_is_refused_when_it_is_only_authenticated() {
    let keying = [0x42; 30];
    let profile = Profile::Aes128CmHmacSha1_80;
    let master = Master::new(profile, &keying).unwrap();
    let keys = CounterMode::derive(&master, Protocol::Rtcp).unwrap();
    let packet = [bytes(RTCP), keys.authenticated_only(&bytes(RTCP), RTCP_INDEX)].concat();
    let mut inbound = Inbound::new(profile, &keying).unwrap();
    assert_eq!(inbound.unprotect_rtcp(&mut packet.clone()), Err(Error::NotEncrypted));
    let mut forged = packet;
    forged[10] ^= 1;
    assert_eq!(inbound.unprotect_rtcp(&mut forged), Err(Error::AuthenticationFailed));
}

#[test]
fn counter_mode_packets_of_libsrtp() {
    let keying = bytes("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    let profile = Profile::Aes128CmHmacSha1_80;
    let plain = [bytes("800f1234decafbadcafebabe"), vec![0xab; 16]].concat();
    let mut packet = [plain.as_slice(), &[0; 10]].concat();
    Outbound::new(profile, &keying).unwrap().protect_rtp(&mut packet, 12, 28, 0x1234).unwrap();
    assert_eq!(
        packet,
        bytes("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb")
    );
    let mut inbound = Inbound::new(profile, &keying).unwrap();
    assert_eq!(inbound.unprotect_rtp(&mut packet, 0xcafe_babe, 0x1234, 12), Ok((28, 0x1234)));
    assert_eq!(packet[..28], plain);

    let mut packet =
        bytes("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798");
    assert_eq!(inbound.unprotect_rtcp(&mut packet), Ok(24));
    assert_eq!(packet[..24], [bytes("81c8000bcafebabe"), vec![0xab; 16]].concat());
}
