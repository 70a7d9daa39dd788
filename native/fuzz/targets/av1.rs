//! AV1 aggregation headers, with and without a dependency descriptor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::input::Input;
use trio_sfu_wire::codec::{Codec, describe};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let extension = input.slice();
    let _ = describe(Codec::Av1, input.0, true, Some(extension));
    let _ = describe(Codec::Av1, bytes, false, None);
});
