//! The engine as a whole: datagrams, commands and time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::{input::Input, session::Session};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let mut session = Session::new(&mut input);
    while !input.is_empty() {
        session.step(&mut input);
    }
    session.end();
});
