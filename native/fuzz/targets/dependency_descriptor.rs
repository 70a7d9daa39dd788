//! The AV1 dependency descriptor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::codec::dependency_descriptor::{Mandatory, rewrite};

fuzz_target!(|value: &[u8]| {
    let mut rewritten = value.to_vec();
    rewrite(&mut rewritten, 0x1234);
    let Ok(before) = Mandatory::parse(value) else {
        assert!(Mandatory::parse(&rewritten).is_err());
        return;
    };
    let after = Mandatory::parse(&rewritten).expect("what we rewrite parses");
    assert_eq!(after, Mandatory { frame_number: 0x1234, ..before });
});
