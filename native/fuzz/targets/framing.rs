//! Datagrams on a stream: what comes out does not depend on how it was cut into reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::input::Input;
use trio_sfu_wire::framing::{Deframer, MAX_FRAME, write_frame};

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Vec::new();
    let result = Deframer::default().push(&mut bytes.to_vec(), |frame| whole.push(frame.to_vec()));
    assert!(whole.iter().all(|frame| !frame.is_empty() && frame.len() <= MAX_FRAME));

    let mut cuts = Input(bytes);
    let mut deframer = Deframer::default();
    let mut pieces = Vec::new();
    let mut again = Ok(());
    let mut rest = bytes;
    while again.is_ok() && !rest.is_empty() {
        let size = usize::from(cuts.short() % 700).clamp(1, rest.len());
        let (piece, later) = rest.split_at(size);
        again = deframer.push(&mut piece.to_vec(), |frame| pieces.push(frame.to_vec()));
        rest = later;
    }
    assert_eq!((&whole, result), (&pieces, again));

    let mut stream = Vec::new();
    assert!(whole.iter().all(|frame| write_frame(&mut stream, frame)));
    let mut read = Vec::new();
    Deframer::default().push(&mut stream, |frame| read.push(frame.to_vec())).expect("ours");
    assert_eq!(read, whole);
});
