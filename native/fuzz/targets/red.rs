//! Redundant audio.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::codec::{Codec, describe, red::Blocks};

fuzz_target!(|payload: &[u8]| {
    let _ = describe(Codec::Red, payload, true, None);
    let Ok(blocks) = Blocks::parse(payload) else { return };
    assert!(usize::from(blocks.primary) < payload.len());
    let mut rewritten = payload.to_vec();
    blocks.renumber(&mut rewritten, 96);
    let again = Blocks::parse(&rewritten).expect("what we rewrite parses");
    assert_eq!(again, Blocks { payload_type: 96, ..blocks });
    let changed = rewritten.iter().zip(payload).filter(|(new, old)| new != old).count();
    assert!(changed <= usize::from(blocks.redundant) + 1);
});
