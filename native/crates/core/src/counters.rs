//! Monotonic counters of the whole engine; their names become metrics.

use std::time::Duration;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an engine has done since its start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// Every counter with its name.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Datagrams handed to the engine.
    datagrams_received,
    /// Their bytes.
    bytes_received,
    /// Datagrams put into batches, of every kind.
    datagrams_sent,
    /// Their bytes.
    bytes_sent,
    /// Authenticated RTP packets from publishers.
    rtp_received,
    /// Authenticated RTCP datagrams.
    rtcp_received,
    /// RTP packets sent to subscribers, retransmissions not included.
    rtp_forwarded,
    /// Their bytes after encryption.
    rtp_forwarded_bytes,
    /// RTCP datagrams sent.
    rtcp_sent,
    /// Authenticated binding requests.
    binding_requests,
    /// Binding requests of a peer that takes itself for the controlled agent (RFC 8445 7.3.1.1).
    role_conflicts,
    /// DTLS datagrams handed to the control plane.
    control_received,
    /// DTLS datagrams sent for the control plane.
    control_sent,
    /// Addresses forgotten because a transport had too many, or checked them no more.
    addresses_evicted,
    /// Peers whose packets came from another port of their address: their NAT gave them one.
    addresses_followed,
    /// Padding-only packets from publishers.
    padding_received,
    /// Packets restored from retransmissions (RFC 4588).
    rtx_received,
    /// Retransmissions of what was received already: browsers probe with them.
    rtx_redundant,
    /// Packets retransmitted to subscribers.
    rtx_sent,
    /// Packets sent to find out what a subscriber's path carries.
    padding_sent,
    /// Bursts of them, and of media, for that purpose.
    probes_begun,
    /// Sequence numbers asked of publishers again.
    nacks_sent,
    /// Sequence numbers subscribers asked for again.
    nacks_received,
    /// Packets given up on after repeated requests.
    nacks_given_up,
    /// Keyframe requests sent to publishers.
    plis_sent,
    /// Keyframe requests from subscribers (PLI and FIR).
    plis_received,
    /// Keyframe requests left out because one was sent just before.
    plis_throttled,
    /// Keyframes that began.
    keyframes_received,
    /// Slots that spliced to what they were mapped to.
    slots_switched,
    /// Times one did so with a keyframe that had come before.
    slots_joined,
    /// Sender reports received.
    sender_reports_received,
    /// Receiver reports received.
    receiver_reports_received,
    /// Transport-wide feedback messages sent to publishers.
    transport_cc_sent,
    /// Transport-wide feedback messages from subscribers.
    transport_cc_received,
    /// Receiver estimated maximum bitrates from subscribers.
    rembs_received,
    /// BYEs from publishers.
    byes_received,
    /// ICE restarts (RFC 8445 9) whose new credentials came into use.
    ice_restarts,
    /// Packets handed to other engines, which have viewers for them.
    relay_sent,
    /// Packets taken over from other engines.
    relay_received,
    /// Packets and requests for another engine that does not take them in time.
    relay_dropped,
    /// Times that packets from another engine were missing; each asks for a keyframe.
    relay_gaps,
    /// Events dropped because nobody fetched them.
    events_lost,
    /// Not STUN, DTLS, RTP or RTCP (RFC 7983).
    drop_unknown_class,
    /// Not STUN, from an address no transport authenticated.
    drop_unknown_source,
    /// STUN from an unknown address (an IPv6 /64) that sends too much of it.
    drop_stun_source_rate,
    /// A binding request from an unknown address after too many wrong passwords.
    drop_stun_guess_rate,
    /// Binding requests beyond what one peer may send.
    drop_stun_check_rate,
    /// An answer that is longer than its binding request, to an unknown address.
    drop_stun_amplifying,
    /// STUN that is not a well-formed binding request.
    drop_bad_stun,
    /// A binding request for no transport.
    drop_unknown_ufrag,
    /// A binding request with the wrong password.
    drop_bad_integrity,
    /// A binding request from the live address of another transport.
    drop_address_taken,
    /// A DTLS datagram of a forbidden size.
    drop_control_oversize,
    /// A DTLS datagram while too many of that transport wait to be fetched.
    drop_control_budget,
    /// DTLS datagrams beyond what one peer may send.
    drop_control_rate,
    /// A DTLS datagram to a transport without an address.
    drop_control_no_address,
    /// A datagram to a transport whose outbox is full.
    drop_outbox_full,
    /// SRTP or SRTCP before the keys are known.
    drop_no_keys,
    /// SRTP that is not RTP.
    drop_malformed_rtp,
    /// Larger than any path carries.
    drop_oversize_rtp,
    /// SRTP or SRTCP that fails authentication.
    drop_auth,
    /// SRTP or SRTCP seen before.
    drop_replay,
    /// SRTP of more sources than a transport may have.
    drop_too_many_ssrcs,
    /// RTP that belongs to no announced track or encoding.
    drop_unknown_ssrc,
    /// RTP of a payload type that is not negotiated.
    drop_unknown_payload_type,
    /// Redundant audio (RFC 2198) that is malformed, or of other codecs than Opus.
    drop_malformed_red,
    /// RTP of the other kind than its track.
    drop_wrong_kind,
    /// A retransmission of nothing.
    drop_bad_rtx,
    /// A packet that was received already.
    drop_duplicate,
    /// A packet older than the cache reaches.
    drop_late,
    /// RTCP that does not parse.
    drop_malformed_rtcp,
    /// A packet for a subscriber that did not negotiate its codec.
    drop_codec_not_negotiated,
    /// A packet of a higher layer than a slot is to have.
    drop_layer_limited,
    /// A packet for a subscriber without keys, address or consent.
    drop_subscriber_not_ready,
    /// A packet for a subscriber whose queue is full.
    drop_queue_full,
    /// A frame for a subscriber whose path is too slow for what waits already. What the slot
    /// shows goes on with the next keyframe.
    drop_path_too_slow,
    /// A packet of sound that has waited too long for the subscriber's TCP connection.
    drop_sound_too_late,
    /// A queued packet whose cache entry was overwritten before it was sent.
    drop_cache_missed,
    /// A packet that could not be encrypted.
    drop_protect_failed,
    /// A packet asked for again that is no longer cached.
    drop_nack_not_cached,
    /// A packet asked for again within a round trip.
    drop_nack_repeated,
    /// A packet asked for again beyond the budget of the slot or of its subscriber's path.
    drop_nack_budget,
    /// A packet asked for again that would come too late, or that a keyframe has overtaken.
    drop_nack_too_late,
    /// Nanoseconds that the packets sent to subscribers were here for, of those looked at.
    forward_latency_ns,
    /// Of them, those that were here for 100 µs at most.
    forward_latency_100us,
    /// For 250 µs at most, but longer than that; and so on.
    forward_latency_250us,
    /// 500 µs.
    forward_latency_500us,
    /// 1 ms.
    forward_latency_1ms,
    /// 2.5 ms.
    forward_latency_2500us,
    /// 5 ms.
    forward_latency_5ms,
    /// 10 ms.
    forward_latency_10ms,
    /// 25 ms.
    forward_latency_25ms,
    /// 50 ms.
    forward_latency_50ms,
    /// 100 ms.
    forward_latency_100ms,
    /// Longer.
    forward_latency_more,
}

impl Counters {
    /// A packet leaves that arrived `latency` ago.
    pub(crate) fn forwarded_after(&mut self, latency: Duration) {
        self.forward_latency_ns += u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let counter = match latency.as_nanos().div_ceil(1_000) {
            0..=100 => &mut self.forward_latency_100us,
            101..=250 => &mut self.forward_latency_250us,
            251..=500 => &mut self.forward_latency_500us,
            501..=1_000 => &mut self.forward_latency_1ms,
            1_001..=2_500 => &mut self.forward_latency_2500us,
            2_501..=5_000 => &mut self.forward_latency_5ms,
            5_001..=10_000 => &mut self.forward_latency_10ms,
            10_001..=25_000 => &mut self.forward_latency_25ms,
            25_001..=50_000 => &mut self.forward_latency_50ms,
            50_001..=100_000 => &mut self.forward_latency_100ms,
            _ => &mut self.forward_latency_more,
        };
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_counted_once_under_the_first_bound_that_it_keeps() {
        let mut counters = Counters::default();
        for micros in [0, 100, 101, 1_000, 2_500, 9_999, 100_000, 100_001] {
            counters.forwarded_after(Duration::from_micros(micros));
        }
        let counted = |name| counters.entries().find(|&(each, _)| each == name).map(|(_, n)| n);
        for (name, wanted) in [
            ("forward_latency_100us", 2),
            ("forward_latency_250us", 1),
            ("forward_latency_500us", 0),
            ("forward_latency_1ms", 1),
            ("forward_latency_2500us", 1),
            ("forward_latency_10ms", 1),
            ("forward_latency_100ms", 1),
            ("forward_latency_more", 1),
            ("forward_latency_ns", 213_701_000),
        ] {
            assert_eq!(counted(name), Some(wanted), "{name}");
        }
    }
}
