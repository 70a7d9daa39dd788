//! RTCP datagrams, compound and reduced-size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trio_sfu_wire::rtcp::{Packet, packets};

fuzz_target!(|datagram: &[u8]| {
    for packet in packets(datagram) {
        let Ok(packet) = packet else { break };
        let bytes = datagram.len();
        // Nothing repeats without bound: items are counted against the datagram's bytes.
        match packet {
            Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } => {
                assert!(reports.count() <= bytes);
            }
            Packet::SourceDescription(chunks) => assert!(chunks.count() <= bytes),
            Packet::Goodbye { ssrcs } | Packet::Remb { ssrcs, .. } => {
                assert!(ssrcs.count() <= bytes);
            }
            Packet::Nack { sequences, .. } => assert!(sequences.count() <= bytes * 17),
            Packet::Fir { entries, .. } => assert!(entries.count() <= bytes),
            Packet::TransportCc(feedback) => assert!(feedback.arrivals().count() <= 0xffff),
            Packet::Pli { .. } | Packet::Other { .. } => {}
        }
    }
});
