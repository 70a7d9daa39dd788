//! STUN datagrams.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::stun::{BindingRequest, BindingResponse, IntegrityKey, success_response};

fuzz_target!(|datagram: &[u8]| {
    let _ = trio_sfu_wire::demux::classify(datagram);
    let key = IntegrityKey::new("a password nobody guesses");
    if let Ok(request) = BindingRequest::parse(datagram) {
        assert!(!request.verify(&key), "forged");
        let _ = (request.local_ufrag(), request.remote_ufrag());
        let mut response = Vec::new();
        let mapped = "192.0.2.1:3478".parse().expect("an address");
        success_response(&request.transaction_id, mapped, &key, &mut response);
        let parsed = BindingResponse::parse(&response).expect("what we write parses");
        assert_eq!(parsed.outcome, Ok(mapped));
        assert!(parsed.verify(&key));
    }
    if let Ok(response) = BindingResponse::parse(datagram) {
        assert!(!response.verify(&key), "forged");
    }
});
