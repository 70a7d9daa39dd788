//! RTCP from peers, as publishers and as subscribers.

use trio_sfu_wire::rtcp::{self, Packet, SenderInfo};
use trio_sfu_wire::rtp::Ssrc;

use crate::engine::Engine;
use crate::event::Event;
use crate::receive::clock::ntp;
use crate::receive::rtp::count_refused;
use crate::time::Instant;
use crate::transport::TransportKey;

impl Engine {
    pub(crate) fn handle_rtcp(&mut self, now: Instant, key: TransportKey, datagram: &mut [u8]) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let Some(inbound) = &mut transport.inbound else {
            self.counters.drop_no_keys += 1;
            return;
        };
        let senders = inbound.senders();
        let compound = match inbound.unprotect_rtcp(datagram) {
            Ok(len) => &datagram[..len],
            Err(error) => return count_refused(&mut self.counters, error),
        };
        if inbound.senders() != senders
            && let Some(ssrc) = rtcp::sender(compound)
        {
            self.by_ssrc.insert(ssrc, key);
        }
        self.counters.rtcp_received += 1;
        self.heard(now, key);
        for packet in rtcp::packets(compound) {
            match packet {
                Ok(packet) => self.handle_rtcp_packet(now, key, packet),
                Err(_) => self.counters.drop_malformed_rtcp += 1,
            }
        }
        if let Some(fraction) = self.scratch.loss.take() {
            self.loss_reported(now, key, fraction);
        }
    }

    fn handle_rtcp_packet(&mut self, now: Instant, key: TransportKey, packet: Packet<'_>) {
        match packet {
            Packet::SenderReport { ssrc, info, reports } => {
                self.counters.sender_reports_received += 1;
                self.sender_report(now, key, ssrc, &info);
                reports.for_each(|report| self.report_block(now, key, &report));
            }
            Packet::ReceiverReport { ssrc, reports } => {
                self.counters.receiver_reports_received += 1;
                self.sign_of_life(now, key, ssrc);
                reports.for_each(|report| self.report_block(now, key, &report));
            }
            Packet::Nack { media, sequences, .. } => self.nack(now, key, media, sequences),
            Packet::Pli { media, .. } => self.picture_lost(now, key, media),
            Packet::Fir { entries, .. } => {
                entries.for_each(|(media, _)| self.picture_lost(now, key, media));
            }
            Packet::Goodbye { ssrcs } => ssrcs.for_each(|ssrc| self.goodbye(key, ssrc)),
            Packet::TransportCc(feedback) => {
                self.counters.transport_cc_received += 1;
                self.transport_cc(now, key, &feedback);
            }
            Packet::Remb { bitrate, .. } => {
                self.counters.rembs_received += 1;
                self.remb(now, key, bitrate);
            }
            Packet::SourceDescription(chunks) => {
                chunks.for_each(|(ssrc, _)| self.sign_of_life(now, key, ssrc));
            }
            Packet::Other { .. } => {}
        }
    }

    fn sender_report(&mut self, now: Instant, key: TransportKey, ssrc: Ssrc, info: &SenderInfo) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let Some(source) = transport.sources.get(ssrc).filter(|source| !source.rtx) else { return };
        let before = transport.clock.offset();
        transport.clock.sample(now, info.ntp, ntp(self.config.ntp_epoch, self.arrived));
        let moved = transport.clock.offset() != before;
        let Some(encoding) = self.encodings.get_mut(source.encoding) else { return };
        encoding.reception.sender_report(self.arrived, info);
        encoding.sender_report = Some(*info);
        encoding.flow.sign(now);
        if moved {
            self.encodings_of(key).into_iter().for_each(|each| self.relay_report(each));
        } else {
            self.relay_report(source.encoding);
        }
    }

    /// A participant that has nothing to send still reports, as a receiver (RFC 3550 6.4).
    fn sign_of_life(&mut self, now: Instant, key: TransportKey, ssrc: Ssrc) {
        let Some(transport) = self.transports.get(key) else { return };
        let Some(source) = transport.sources.get(ssrc).filter(|source| !source.rtx) else { return };
        if let Some(encoding) = self.encodings.get_mut(source.encoding) {
            encoding.flow.sign(now);
        }
    }

    /// The publisher ended a source; it may begin again.
    fn goodbye(&mut self, key: TransportKey, ssrc: Ssrc) {
        let Some(transport) = self.transports.get(key) else { return };
        let Some(source) = transport.sources.get(ssrc).filter(|source| !source.rtx) else { return };
        self.counters.byes_received += 1;
        let Some(encoding) = self.encodings.get_mut(source.encoding) else { return };
        if encoding.flow.goodbye() && Self::stops(encoding.kind) {
            let (up_track, rid) = (encoding.up_track, encoding.rid);
            self.emit(Event::EncodingStopped { up_track, rid });
        }
    }
}
