//! VP8 payload descriptors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::codec::{Codec, describe, vp8::PayloadDescriptor};

fuzz_target!(|payload: &[u8]| {
    let _ = describe(Codec::Vp8, payload, true, None);
    let Ok(descriptor) = PayloadDescriptor::parse(payload) else { return };
    assert!(usize::from(descriptor.len) <= payload.len());
    let mut rewritten = payload.to_vec();
    descriptor.rewrite(&mut rewritten, 0x1234, 56, Some(7));
    let end = usize::from(descriptor.len);
    assert_eq!(rewritten[end..], payload[end..], "only the descriptor changes");
    let again = PayloadDescriptor::parse(&rewritten).expect("what we rewrite parses");
    assert_eq!(again.len, descriptor.len);
    if let Some(id) = again.picture_id {
        assert!(id.value == 0x1234 || id.value == 0x34);
    }
    assert!(again.tl0_picture_index.is_none_or(|index| index.value == 56));
    assert!(again.key_index.is_none_or(|index| index.value == 7));
    assert_eq!(again.temporal_id, descriptor.temporal_id);
});
