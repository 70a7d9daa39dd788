"""The packet engine's counters as metrics: what each means, and drops by their reason.

A new counter of the engine needs a line here; a test says which one is missing.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

PREFIX: Final = "trio_sfu_engine"
_DROP: Final = "drop_"
_LATENCY: Final = "forward_latency_"

COUNTERS: Final[Mapping[str, str]] = {
    "datagrams_received": "Datagrams that came in, of every kind",
    "bytes_received": "Bytes of the datagrams that came in",
    "datagrams_sent": "Datagrams written to be sent, of every kind",
    "bytes_sent": "Bytes of the datagrams written to be sent",
    "rtp_received": "Authentic RTP packets from publishers",
    "rtcp_received": "Authentic RTCP datagrams",
    "rtp_forwarded": "RTP packets sent to viewers, without retransmissions",
    "rtp_forwarded_bytes": "Bytes of the RTP packets sent to viewers",
    "rtcp_sent": "RTCP datagrams sent",
    "binding_requests": "Authentic ICE checks answered",
    "role_conflicts": "ICE checks of a peer that takes itself for the controlled agent",
    "control_received": "DTLS datagrams handed to the control plane",
    "control_sent": "DTLS datagrams sent for the control plane",
    "addresses_evicted": "Addresses of peers forgotten: too many, or checked no more",
    "addresses_followed": "Peers followed to another port of their address, as NATs give one",
    "padding_received": "RTP packets from publishers that were padding only",
    "rtx_received": "Packets from publishers restored from retransmissions",
    "rtx_redundant": "Retransmissions by publishers of what was there already",
    "rtx_sent": "Packets retransmitted to viewers",
    "padding_sent": "Packets sent to find out what a viewer's path carries",
    "probes_begun": "Times a viewer's path was probed",
    "nacks_sent": "Packets asked of publishers again",
    "nacks_received": "Packets viewers asked for again",
    "nacks_given_up": "Packets of publishers given up after asking again and again",
    "plis_sent": "Keyframe requests sent to publishers",
    "plis_received": "Keyframe requests from viewers (PLI and FIR)",
    "plis_throttled": "Keyframe requests left out because one had just been sent",
    "keyframes_received": "Keyframes that began to arrive",
    "slots_switched": "Times a slot began to show something else",
    "slots_joined": "Times it did so with a picture that had just come, asking for no other",
    "sender_reports_received": "RTCP sender reports received",
    "receiver_reports_received": "RTCP receiver reports received",
    "transport_cc_sent": "Transport-wide feedback messages sent to publishers",
    "transport_cc_received": "Transport-wide feedback messages from viewers",
    "rembs_received": "Estimates (REMB) from viewers",
    "byes_received": "RTCP BYEs from publishers",
    "ice_restarts": "ICE restarts whose new credentials came into use",
    "relay_sent": "Packets handed to other workers, which have viewers for them",
    "relay_received": "Packets taken over from other workers",
    "relay_dropped": "Packets and requests for a worker that did not take them in time",
    "relay_gaps": "Times packets from another worker were missing; each asks for a keyframe",
    "events_lost": "Events of the engine that the control plane did not take in time",
    "socket_wakeups": "Times a worker woke",
    "socket_pauses": "Times a worker let packets gather before it looked at them",
    "socket_receive_calls": "Calls of recvmmsg that returned datagrams",
    "socket_receive_datagrams": "Datagrams received from the kernel",
    "socket_receive_bytes": "Bytes received from the kernel",
    "socket_receive_errors": "Errors of recvmmsg",
    "socket_receive_overflows": "Datagrams the kernel refused because a receive buffer was full",
    "socket_send_calls": "Calls of sendmmsg that sent something",
    "socket_send_runs": "Runs given to the kernel: a datagram, or several by UDP_SEGMENT",
    "socket_send_datagrams": "Datagrams given to the kernel",
    "socket_send_bytes": "Bytes given to the kernel",
    "socket_send_errors": "Datagrams the kernel refused to send",
    "socket_send_blocked": "Times a socket was full and its worker waited",
    "socket_send_drops": "Datagrams given up because a socket stayed full for too long",
    "socket_gso_fallbacks": "Runs refused by UDP_SEGMENT and sent one by one",
    "stream_accepted": "TCP connections for media that were accepted",
    "stream_refused": "TCP connections for media closed at once: there were too many",
    "stream_ended": "Accepted TCP connections for media that have ended",
    "stream_unproven": "TCP connections for media closed because no peer had shown them as its own",
    "stream_malformed": "TCP connections for media closed because they carried something else",
    "stream_stalled": "TCP connections for media closed because they took nothing for too long",
    "stream_receive_datagrams": "Datagrams received over TCP",
    "stream_receive_bytes": "Bytes received over TCP",
    "stream_send_datagrams": "Datagrams sent over TCP",
    "stream_send_bytes": "Bytes sent over TCP",
    "stream_send_drops": "Datagrams given up because their TCP connection took too little",
    "stream_send_dropped_bytes": "Bytes given up because their TCP connection took too little",
}
"""Counters that are metrics of their own."""

REASONS: Final[Mapping[str, str]] = {
    "unknown_class": "neither STUN, DTLS, RTP nor RTCP",
    "unknown_source": "not STUN, from an address that no peer has",
    "stun_source_rate": "too much STUN from an unknown address",
    "stun_guess_rate": "an ICE check after too many wrong passwords",
    "stun_check_rate": "more ICE checks than one peer may send",
    "stun_amplifying": "an answer longer than its check, to an unknown address",
    "bad_stun": "STUN that is no well-formed ICE check",
    "unknown_ufrag": "an ICE check for nobody who is here",
    "bad_integrity": "an ICE check with a wrong password",
    "address_taken": "an ICE check from the address of another peer",
    "control_oversize": "DTLS of a forbidden size",
    "control_budget": "DTLS while too much of that peer waits",
    "control_rate": "more DTLS than one peer may send",
    "control_no_address": "DTLS to a peer without an address",
    "outbox_full": "STUN, DTLS or RTCP to a peer for which too much waits",
    "no_keys": "SRTP before the keys are known",
    "malformed_rtp": "SRTP that is not RTP",
    "oversize_rtp": "RTP larger than any path carries",
    "auth": "SRTP that fails authentication",
    "replay": "SRTP seen before",
    "too_many_ssrcs": "SRTP of more sources than a peer may have",
    "unknown_ssrc": "RTP of no announced track",
    "unknown_payload_type": "RTP of a payload type that was not negotiated",
    "malformed_red": "redundant audio that is malformed",
    "wrong_kind": "RTP of the other kind than its track",
    "bad_rtx": "a retransmission of nothing",
    "duplicate": "a packet received already",
    "late": "a packet older than the cache reaches",
    "malformed_rtcp": "RTCP that does not parse",
    "codec_not_negotiated": "a packet for a viewer without its codec",
    "layer_limited": "a packet of a higher layer than a slot is to have",
    "subscriber_not_ready": "a packet for a viewer without keys, address or consent",
    "queue_full": "a packet for a viewer whose queue is full",
    "path_too_slow": "a frame that a viewer's path is too slow for",
    "sound_too_late": "sound that has waited too long for a viewer's TCP connection",
    "cache_missed": "a packet overwritten before it was sent",
    "protect_failed": "a packet that could not be encrypted",
    "nack_not_cached": "a packet asked for again that is not kept any more",
    "nack_repeated": "a packet asked for again within a round trip",
    "nack_budget": "a packet asked for again beyond the budget",
    "nack_too_late": "a packet asked for again that would come too late",
}
"""What was dropped, by the ``reason`` of ``trio_sfu_engine_drops_total``."""

BOUNDS: Final[Mapping[str, float]] = {
    "100us": 0.0001,
    "250us": 0.00025,
    "500us": 0.0005,
    "1ms": 0.001,
    "2500us": 0.0025,
    "5ms": 0.005,
    "10ms": 0.01,
    "25ms": 0.025,
    "50ms": 0.05,
    "100ms": 0.1,
    "more": float("inf"),
}
"""Upper bounds, in seconds, of the engine's counters of forward latency."""


def of_engine(counters: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the metrics that the engine's ``counters`` are."""
    drops = CounterMetricFamily(
        f"{PREFIX}_drops", "Packets and datagrams not used or not sent", labels=["reason"]
    )
    for name, value in counters.items():
        if name.startswith(_DROP):
            drops.add_metric([name.removeprefix(_DROP)], value)
        elif not name.startswith(_LATENCY):
            text = COUNTERS.get(name, name.replace("_", " "))
            yield CounterMetricFamily(f"{PREFIX}_{name}", text, value=value)
    yield drops
    if f"{_LATENCY}ns" in counters:
        yield _latency(counters)


def _latency(counters: Mapping[str, int]) -> Metric:
    buckets, below = [], 0
    for name, bound in BOUNDS.items():
        below += counters[_LATENCY + name]
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
    return HistogramMetricFamily(
        f"{PREFIX}_forward_latency_seconds",
        "From the arrival of a packet to its being written for a viewer; every 16th is looked at",
        buckets=buckets,
        sum_value=counters[f"{_LATENCY}ns"] / 1e9,
    )
