//! VP9 payload descriptors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::codec::{Codec, describe, vp9::PayloadDescriptor};

fuzz_target!(|payload: &[u8]| {
    let _ = describe(Codec::Vp9, payload, true, None);
    let Ok(descriptor) = PayloadDescriptor::parse(payload) else { return };
    let mut rewritten = payload.to_vec();
    descriptor.rewrite(&mut rewritten, 0x1234, 56);
    let again = PayloadDescriptor::parse(&rewritten).expect("what we rewrite parses");
    if let Some(id) = again.picture_id {
        assert!(id.value == 0x1234 || id.value == 0x34);
    }
    assert!(again.tl0_picture_index.is_none_or(|index| index.value == 56));
    assert_eq!(again.temporal_id, descriptor.temporal_id);
    assert_eq!(again.spatial_id, descriptor.spatial_id);
    assert_eq!(again.keyframe(), descriptor.keyframe());
});
