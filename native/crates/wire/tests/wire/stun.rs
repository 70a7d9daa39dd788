//! STUN binding: the vectors of RFC 5769, and what ICE needs beyond them.

use std::net::SocketAddr;

use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::stun::{
    BindingRequest, BindingResponse, IntegrityKey, RequestFields, binding_request, error_response,
    success_response, unknown_attribute_response,
};

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const TRANSACTION: [u8; 12] =
    [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

/// RFC 5769 section 2.1.
pub(crate) const REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\
\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\
\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\
\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

/// RFC 5769 section 2.2.
pub(crate) const RESPONSE_V4: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\
\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\
\x80\x28\x00\x04\xc0\x7d\x4c\x96";

/// RFC 5769 section 2.3.
const RESPONSE_V6: &[u8] =
    b"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
\x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20\
\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9\
\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\
\x80\x28\x00\x04\xc8\xfb\x0b\x4c";

fn key() -> IntegrityKey {
    IntegrityKey::new(PASSWORD)
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A request as Chromium sends it, without MESSAGE-INTEGRITY's attribute and FINGERPRINT.
fn fields(username: &str) -> RequestFields<'_> {
    RequestFields {
        username,
        priority: 1_853_824_767,
        use_candidate: true,
        tie_breaker: u64::MAX,
        transaction_id: TRANSACTION,
    }
}

fn request(username: &str) -> Vec<u8> {
    let mut out = Vec::new();
    binding_request(&fields(username), &key(), &mut out);
    out
}

#[test]
fn rfc_5769_request() {
    let request = BindingRequest::parse(REQUEST).expect("the vector parses");
    assert_eq!(request.transaction_id, TRANSACTION);
    assert_eq!(request.username, "evtj:h6vY");
    assert_eq!((request.local_ufrag(), request.remote_ufrag()), ("evtj", "h6vY"));
    assert_eq!(request.priority, Some(0x6e00_01ff));
    assert_eq!(request.ice_controlled, Some(0x932f_f9b1_5126_3b36));
    assert_eq!(request.ice_controlling, None);
    assert_eq!(request.unknown_attribute, None);
    assert!(!request.use_candidate);
    assert!(request.verify(&key()));
    assert!(!request.verify(&IntegrityKey::new("another password......")));
}

#[test]
fn rfc_5769_responses() {
    for (bytes, mapped) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let response = BindingResponse::parse(bytes).expect("the vector parses");
        assert_eq!(response.outcome, Ok(address(mapped)));
        assert_eq!(response.transaction_id, TRANSACTION);
        assert!(response.verify(&key()));
        assert!(!response.verify(&IntegrityKey::new("")));
    }
}

#[test]
fn our_request_is_understood() {
    let bytes = request("server:client");
    let request = BindingRequest::parse(&bytes).expect("our own request");
    assert_eq!(request.username, "server:client");
    assert_eq!(request.priority, Some(1_853_824_767));
    assert_eq!(request.ice_controlling, Some(u64::MAX));
    assert!(request.use_candidate);
    assert!(request.verify(&key()));
}

#[test]
fn our_responses_are_understood() {
    for mapped in ["127.0.0.1:1", "[::1]:65535", "[2001:db8::1]:4433"].map(address) {
        let mut out = vec![0xaa; 3];
        success_response(&TRANSACTION, mapped, &key(), &mut out);
        let response = BindingResponse::parse(&out[3..]).expect("our own response");
        assert_eq!(response.outcome, Ok(mapped));
        assert!(response.verify(&key()));
    }
}

#[test]
fn our_errors_are_understood() {
    let mut out = Vec::new();
    error_response(&TRANSACTION, 487, "Role Conflict", Some(&key()), &mut out);
    let response = BindingResponse::parse(&out).expect("our own error");
    assert_eq!(response.outcome, Err(487));
    assert!(response.verify(&key()));

    out.clear();
    error_response(&TRANSACTION, 400, "", None, &mut out);
    let response = BindingResponse::parse(&out).expect("our own error");
    assert_eq!(response.outcome, Err(400));
    assert!(!response.verify(&key()), "nothing to verify");

    out.clear();
    unknown_attribute_response(&TRANSACTION, 0x7777, &key(), &mut out);
    assert_eq!(BindingResponse::parse(&out).map(|response| response.outcome), Ok(Err(420)));
    assert!(out.windows(6).any(|bytes| bytes == [0, 0x0a, 0, 2, 0x77, 0x77]));
}

#[test]
fn what_follows_message_integrity_does_not_count() {
    let mut plain = fields("a:b");
    plain.use_candidate = false;
    let mut bytes = Vec::new();
    binding_request(&plain, &key(), &mut bytes);
    // USE-CANDIDATE in the place of FINGERPRINT, as an attacker on the path could do.
    bytes.truncate(bytes.len() - 8);
    bytes.extend_from_slice(&[0x00, 0x25, 0x00, 0x00]);
    let len = (bytes.len() - 20) as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    let request = BindingRequest::parse(&bytes).expect("well-formed");
    assert!(request.verify(&key()));
    assert!(!request.use_candidate);
}

#[test]
fn an_attribute_we_must_understand_and_do_not_is_named() {
    let bytes = request("a:b");
    // 0x8029 ICE-CONTROLLED and 0x802A are optional; turn PRIORITY into an unknown one.
    let at = bytes.windows(2).position(|kind| kind == [0x00, 0x24]).expect("PRIORITY");
    let mut changed = bytes[..bytes.len() - 8].to_vec();
    changed[at + 1] = 0x7f;
    let len = (changed.len() - 20) as u16;
    changed[2..4].copy_from_slice(&len.to_be_bytes());
    let request = BindingRequest::parse(&changed).expect("well-formed");
    assert_eq!(request.unknown_attribute, Some(0x007f));
}

#[test]
fn a_username_without_a_colon_is_all_local() {
    let bytes = request("alone");
    let request = BindingRequest::parse(&bytes).expect("well-formed");
    assert_eq!((request.local_ufrag(), request.remote_ufrag()), ("alone", ""));
}

#[test]
fn a_fingerprint_anywhere_but_at_the_end_is_refused() {
    let mut bytes = request("a:b");
    let end = bytes.len() - 8;
    bytes.drain(end - 24..end);
    let len = (bytes.len() - 20 + 4) as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    let crc = crc32fast::hash(&bytes[..end - 24]) ^ 0x5354_554e;
    bytes[end - 20..].copy_from_slice(&crc.to_be_bytes());
    // The fingerprint itself is right; USE-CANDIDATE behind it is not covered by anything.
    bytes.extend_from_slice(&[0x00, 0x25, 0x00, 0x00]);
    assert_eq!(BindingRequest::parse(&bytes).err(), Some(ParseError::BadFingerprint));
}

#[test]
fn other_messages_have_their_errors() {
    let parse = |bytes: &[u8]| BindingRequest::parse(bytes).err();
    assert_eq!(parse(&[]), Some(ParseError::TooShort));
    assert_eq!(parse(RESPONSE_V4), Some(ParseError::BadType));
    assert_eq!(BindingResponse::parse(REQUEST).err(), Some(ParseError::BadType));

    let mut bytes = REQUEST.to_vec();
    bytes[4] = 0;
    assert_eq!(parse(&bytes), Some(ParseError::BadMagic));
    bytes = REQUEST.to_vec();
    bytes.push(0);
    assert_eq!(parse(&bytes), Some(ParseError::BadLength));
    // A header alone: a binding request of RFC 8489 without credentials.
    bytes = REQUEST[..20].to_vec();
    bytes[3] = 0;
    assert_eq!(parse(&bytes), Some(ParseError::MissingAttribute));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_noticed(index in 0usize..REQUEST.len() - 8, bit in 0u8..8) {
        // Not in FINGERPRINT itself, which may as well be missing.
        let mut bytes = REQUEST.to_vec();
        bytes[index] ^= 1 << bit;
        let believed = BindingRequest::parse(&bytes).is_ok_and(|request| request.verify(&key()));
        prop_assert!(!believed);
    }

    #[test]
    fn any_username_comes_back(username in "[ -~]{0,64}:[ -~]{0,64}", password in "[ -~]{0,100}") {
        let mut bytes = Vec::new();
        let key = IntegrityKey::new(&password);
        binding_request(&fields(&username), &key, &mut bytes);
        let request = BindingRequest::parse(&bytes).expect("our own request");
        prop_assert_eq!(request.username, username);
        prop_assert!(request.verify(&key));
    }
}
