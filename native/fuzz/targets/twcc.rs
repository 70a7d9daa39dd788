//! Transport-wide feedback: what is recorded is what is reported.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use trio_sfu_fuzz::input::Input;
use trio_sfu_wire::rtcp::{Packet, packets, twcc::Recorder};
use trio_sfu_wire::rtp::Ssrc;

/// A report's unit of time, in nanoseconds.
const TICK: u64 = 250_000;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let mut recorder = Recorder::new();
    let mut received = BTreeSet::new();
    let mut now = u64::from(input.word()) * TICK;
    while !input.is_empty() {
        let sequence = input.short();
        now += u64::from(input.short()) * 10_000;
        recorder.record(sequence, now);
        received.insert(sequence);
    }
    let mut report = Vec::new();
    for _ in 0..100_000 {
        report.clear();
        if !recorder.take(Ssrc(1), Ssrc(2), &mut report) {
            break;
        }
        assert!(report.len() <= 1_500, "a report fits a datagram");
        let mut parsed = packets(&report);
        let Some(Ok(Packet::TransportCc(feedback))) = parsed.next() else {
            panic!("what we write parses");
        };
        assert!(parsed.next().is_none());
        for (sequence, _) in feedback.arrivals() {
            assert!(received.contains(&sequence), "never received");
        }
    }
    assert!(!recorder.take(Ssrc(1), Ssrc(2), &mut report), "reports come to an end");
});
