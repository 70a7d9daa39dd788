//! Transport-wide congestion control: what was recorded is what the sender reads.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::rtcp::twcc::{Feedback, Recorder};
use trio_sfu_wire::rtcp::{Packet, packets};
use trio_sfu_wire::rtp::Ssrc;

const MS: u64 = 1_000_000;
const TICK: i64 = 250_000;

/// Everything the recorder has to say, one buffer for each feedback packet.
fn take(recorder: &mut Recorder) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut out = Vec::new();
        if !recorder.take(Ssrc(1), Ssrc(2), &mut out) {
            assert!(out.is_empty());
            return all;
        }
        assert!(out.len() <= 1200, "{} bytes", out.len());
        all.push(out);
    }
}

fn feedback(bytes: &[u8]) -> Feedback<'_> {
    match packets(bytes).collect::<Vec<_>>()[..] {
        [Ok(Packet::TransportCc(feedback))] => feedback,
        ref other => panic!("{other:?}"),
    }
}

/// A libwebrtc sender's view: a packet once reported as received stays received.
fn arrivals(reports: &[Vec<u8>]) -> BTreeMap<u16, i64> {
    reports.iter().flat_map(|bytes| feedback(bytes).arrivals().collect::<Vec<_>>()).collect()
}

fn statuses(bytes: &[u8]) -> Vec<(u16, bool)> {
    feedback(bytes).statuses().map(|(sequence, at)| (sequence, at.is_some())).collect()
}

/// A packet as libwebrtc would write it: 3 received, 1 lost, 2 received, one 1 s later.
pub(crate) const CAPTURED: &[u8] = &[
    0xaf, 205, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, // header, PT 205 FMT 15, padding
    0xff, 0xfe, 0, 6, 0xff, 0xff, 0xff, 9, // base 65534, 6 statuses, reference -1, count 9
    0xd5, 0x18, // two-bit vector: 1 1 1 0 1 2 0
    4, 0, 8, 1, 0x0f, 0xa0, // deltas: 1, 0, 2, 0.25 and 1,000 ms
    0, 0, 0, 4,
];

#[test]
fn a_packet_made_by_hand_is_read() {
    let feedback = feedback(CAPTURED);
    assert_eq!((feedback.sender, feedback.media), (Ssrc(1), Ssrc(2)));
    assert_eq!((feedback.base_sequence, feedback.status_count), (65_534, 6));
    assert_eq!((feedback.reference_time, feedback.feedback_count), (-1, 9));
    let reference = -256 * TICK;
    let expected = [
        (65_534, Some(reference + 4 * TICK)),
        (65_535, Some(reference + 4 * TICK)),
        (0, Some(reference + 12 * TICK)),
        (1, None),
        (2, Some(reference + 13 * TICK)),
        (3, Some(reference + 4013 * TICK)),
    ];
    assert_eq!(feedback.statuses().collect::<Vec<_>>(), expected);
}

#[test]
fn nothing_recorded_is_nothing_reported() {
    let mut recorder = Recorder::new();
    assert!(recorder.is_empty());
    assert!(take(&mut recorder).is_empty());
    recorder.record(7, 0);
    assert!(!recorder.is_empty());
    assert_eq!(take(&mut recorder).len(), 1);
    assert!(take(&mut recorder).is_empty());
}

#[test]
fn a_steady_stream_costs_a_byte_a_packet() {
    let mut recorder = Recorder::new();
    for n in 0..100 {
        recorder.record(n, 5_000 * MS + u64::from(n) * MS);
    }
    let reports = take(&mut recorder);
    assert_eq!(reports.len(), 1);
    // Header 20, one run-length chunk, 100 deltas, padding.
    assert_eq!(reports[0].len(), 124);
    let arrivals = arrivals(&reports);
    assert!((1..100).all(|n| arrivals[&n] - arrivals[&(n - 1)] == 1_000_000));
}

#[test]
fn loss_between_two_reports_is_reported() {
    let mut recorder = Recorder::new();
    recorder.record(10, MS);
    assert_eq!(statuses(&take(&mut recorder)[0]), [(10, true)]);
    recorder.record(13, 2 * MS);
    assert_eq!(statuses(&take(&mut recorder)[0]), [(11, false), (12, false), (13, true)]);
}

#[test]
fn a_late_packet_is_reported_alone() {
    let mut recorder = Recorder::new();
    for sequence in [10, 12, 15] {
        recorder.record(sequence, MS);
    }
    take(&mut recorder);
    for sequence in [11, 13, 14, 17] {
        recorder.record(sequence, 3 * MS);
    }
    let reports: Vec<_> = take(&mut recorder).iter().map(|bytes| statuses(bytes)).collect();
    // Nothing is called lost that was reported as arrived (12, 15).
    assert_eq!(
        reports,
        [vec![(11, true)], vec![(13, true), (14, true)], vec![(16, false), (17, true)],]
    );
}

#[test]
fn the_first_of_two_with_one_number_counts() {
    let mut recorder = Recorder::new();
    recorder.record(1, 0);
    recorder.record(2, 64 * MS);
    recorder.record(1, 128 * MS);
    assert_eq!(arrivals(&take(&mut recorder)), BTreeMap::from([(1, 0), (2, 64_000_000)]));
}

#[test]
fn a_gap_of_more_than_8191_takes_more_than_one_chunk() {
    for gap in [8190u16, 8191, 8192, 8193, 20_000, 32_000] {
        let mut recorder = Recorder::new();
        recorder.record(65_000, MS);
        recorder.record(65_000u16.wrapping_add(gap + 1), 2 * MS);
        let reports = take(&mut recorder);
        assert_eq!(reports.len(), 1);
        let statuses = statuses(&reports[0]);
        assert_eq!(statuses.len(), usize::from(gap) + 2);
        assert_eq!(statuses.iter().filter(|(_, arrived)| *arrived).count(), 2);
        assert_eq!(statuses.last(), Some(&(65_000u16.wrapping_add(gap + 1), true)));
        assert!(reports[0].len() <= 36, "{} bytes", reports[0].len());
    }
}

#[test]
fn arrivals_more_than_8_seconds_apart_are_in_different_packets() {
    let mut recorder = Recorder::new();
    recorder.record(1, 1_000 * MS);
    recorder.record(2, 10_000 * MS);
    recorder.record(3, 1_500 * MS);
    let reports = take(&mut recorder);
    assert_eq!(reports.len(), 3);
    let arrivals = arrivals(&reports);
    assert_eq!(arrivals[&2] - arrivals[&1], 9_000_000_000);
    assert_eq!(arrivals[&3] - arrivals[&1], 500_000_000);
}

#[test]
fn the_reference_time_wraps_after_24_bits() {
    let wrap = (1u64 << 24) * 64 * MS;
    let mut recorder = Recorder::new();
    recorder.record(1, wrap + 64 * MS);
    assert_eq!(arrivals(&take(&mut recorder)), BTreeMap::from([(1, 64_000_000)]));
    recorder.record(2, u64::MAX);
    assert_eq!(take(&mut recorder).len(), 1);
}

#[test]
fn a_sender_that_starts_over_is_followed() {
    let mut recorder = Recorder::new();
    recorder.record(20_000, MS);
    take(&mut recorder);
    recorder.record(5, 2 * MS);
    recorder.record(7, 2 * MS);
    let reports = take(&mut recorder);
    assert_eq!(reports.len(), 1);
    assert_eq!(statuses(&reports[0]), [(5, true), (6, false), (7, true)]);
}

#[test]
fn what_nobody_fetches_is_bounded() {
    let mut recorder = Recorder::new();
    for n in 0..10_000u64 {
        recorder.record(n as u16, n * MS);
    }
    let arrivals = arrivals(&take(&mut recorder));
    assert_eq!(arrivals.len(), 2048);
    assert_eq!(arrivals.keys().next(), Some(&(10_000 - 2048)));
}

#[test]
fn a_hostile_spread_is_bounded_too() {
    let mut recorder = Recorder::new();
    for n in 0..2048u64 {
        recorder.record((n * 32_000) as u16, n * 30 * MS);
    }
    let reports = take(&mut recorder);
    assert!(reports.iter().map(Vec::len).sum::<usize>() < 2048 * 40);
}

#[test]
fn feedback_counts_up() {
    let mut recorder = Recorder::new();
    for n in 0..300u16 {
        recorder.record(n, 0);
        let report = take(&mut recorder).remove(0);
        assert_eq!(feedback(&report).feedback_count, n as u8);
    }
}

#[test]
fn truncated_feedback_is_refused() {
    let body = |bytes: &[u8]| {
        let mut packet = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        packet.extend_from_slice(bytes);
        packet[3] = (packet.len() / 4 - 1) as u8;
        packets(&packet).next().map(|result| result.err())
    };
    let too_short = Some(Some(ParseError::TooShort));
    assert_eq!(body(&[]), too_short);
    assert_eq!(body(&[0, 1, 0, 5, 0, 0, 0, 0]), too_short, "no chunk");
    // Deltas missing; a run of length zero, which would never end.
    assert_eq!(body(&[0, 1, 0, 5, 0, 0, 0, 0, 0x20, 5, 0, 0]), Some(Some(ParseError::BadLength)));
    assert_eq!(body(&[0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]), Some(Some(ParseError::BadLength)));
}

#[test]
fn a_long_run_of_loss_costs_nothing_to_skip() {
    // 65,535 lost packets in nine chunks; the statuses are all there, arrivals none.
    let mut packet = vec![0x8f, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0];
    (0..10).for_each(|_| packet.extend_from_slice(&[0x1f, 0xff]));
    let feedback = feedback(&packet);
    assert_eq!(feedback.arrivals().count(), 0);
    assert_eq!(feedback.statuses().count(), 65_535);
}

proptest! {
    /// Loss, reordering, wraps, long silences and reports at any time: every arrival is
    /// reported once, at the right time, and nothing else is.
    #[test]
    fn every_arrival_is_reported_once(
        start: u16,
        packets in prop::collection::vec(
            // How far the number moves, how long until it arrives, and whether to report.
            (prop_oneof![9 => -5i32..9, 1 => 0i32..3000], prop_oneof![9 => 0u64..40, 1 => 0u64..20_000], prop::bool::weighted(0.05)),
            1..400,
        ),
    ) {
        let mut recorder = Recorder::new();
        let mut sent = i64::from(start);
        let mut now = 0;
        let mut expected = BTreeMap::new();
        let mut seen = BTreeMap::new();
        let mut collect = |recorder: &mut Recorder| {
            for bytes in take(recorder) {
                for (sequence, arrival) in feedback(&bytes).arrivals() {
                    assert_eq!(seen.insert(sequence, arrival), None, "{sequence} twice");
                }
            }
        };
        let mut low = sent;
        let mut high = sent;
        for (step, wait, report) in packets {
            sent += i64::from(step);
            now += wait * MS / 4;
            low = low.min(sent);
            high = high.max(sent);
            // Farther apart, numbers are ambiguous or a restart.
            if high - low > 30_000 || high - sent > 4000 {
                break;
            }
            if expected.contains_key(&(sent as u16)) {
                continue;
            }
            expected.insert(sent as u16, (now / 250_000) as i64 * TICK);
            recorder.record(sent as u16, now);
            if report {
                collect(&mut recorder);
            }
        }
        collect(&mut recorder);
        prop_assert_eq!(seen, expected);
    }
}
