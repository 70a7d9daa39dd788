//! Every datagram has one fate, and the counters say which.

use trio_sfu_core::counters::Counters;

/// Drops that are counted for something other than the arrival of a datagram: on the way
/// out, for a part of an authenticated datagram, or beside the fate of its sender.
const LATER: [&str; 16] = [
    "drop_address_taken",
    "drop_stun_amplifying",
    "drop_outbox_full",
    "drop_control_no_address",
    "drop_malformed_rtcp",
    "drop_codec_not_negotiated",
    "drop_subscriber_not_ready",
    "drop_queue_full",
    "drop_layer_limited",
    "drop_path_too_slow",
    "drop_cache_missed",
    "drop_protect_failed",
    "drop_nack_not_cached",
    "drop_nack_repeated",
    "drop_nack_budget",
    "drop_nack_too_late",
];
/// What can become of an authenticated RTP packet, besides being accepted.
const OF_RTP: [&str; 10] = [
    "drop_unknown_payload_type",
    "drop_malformed_rtp",
    "drop_unknown_ssrc",
    "drop_bad_rtx",
    "drop_wrong_kind",
    "drop_malformed_red",
    "drop_oversize_rtp",
    "drop_late",
    "drop_duplicate",
    "rtx_redundant",
];
/// What is not dropped.
const RECEIVED: [&str; 4] =
    ["binding_requests", "control_received", "rtp_received", "rtcp_received"];

/// Asserts that what happened between two readings of the counters is one datagram's fate;
/// `accepted` is the number of media packets that came into the caches meanwhile.
pub(super) fn check(before: &Counters, after: &Counters, accepted: u64) {
    let changed: Vec<(&str, u64)> = before
        .entries()
        .zip(after.entries())
        .filter_map(|((name, before), (_, after))| {
            assert!(after >= before, "{name} goes back");
            (after > before).then_some((name, after - before))
        })
        .collect();
    let sum = |chosen: &dyn Fn(&str) -> bool| -> u64 {
        changed.iter().filter(|(name, _)| chosen(name)).map(|(_, count)| count).sum()
    };
    let of_rtp = |name: &str| OF_RTP.contains(&name);
    let rtp = after.rtp_received - before.rtp_received;
    let malformed = if rtp == 0 { sum(&|name| name == "drop_malformed_rtp") } else { 0 };
    let fates = malformed
        + sum(&|name| {
            let dropped = name.starts_with("drop_") && !LATER.contains(&name) && !of_rtp(name);
            dropped || RECEIVED.contains(&name)
        });
    assert_eq!(fates, 1, "a datagram has one fate: {changed:?}");
    let ends = if rtp == 1 { sum(&of_rtp) + accepted } else { 1 };
    // Padding on a retransmission's SSRC is a probe, and nothing else.
    let probe = rtp == 1 && ends == 0 && after.padding_received > before.padding_received;
    assert!(ends == 1 || probe, "an RTP packet has one end: {changed:?}, {accepted} accepted");
}
