//! H264 payload structures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::codec::{Codec, describe};

fuzz_target!(|payload: &[u8]| {
    let marked = describe(Codec::H264, payload, true, None);
    let unmarked = describe(Codec::H264, payload, false, None);
    assert_eq!(marked.keyframe, unmarked.keyframe);
});
