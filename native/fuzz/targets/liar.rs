//! The engine among peers that pass ICE, have their keys, and lie in everything else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::{input::Input, session::Session};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let mut session = Session::of_liars(&mut input);
    while !input.is_empty() {
        session.lie(&mut input);
    }
    session.end();
});
