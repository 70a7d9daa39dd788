//! Reports, once a second: sender reports about slots, receiver reports about encodings.

use std::time::Duration;

use trio_sfu_wire::rtcp::{self, SenderInfo};

use crate::engine::Engine;
use crate::receive::clock::{from_ntp, ntp};
use crate::receive::encoding::Encoding;
use crate::receive::publisher::Publisher;
use crate::receive::reports::MAX_RTCP;
use crate::send::slot::SlotKey;
use crate::time::Instant;
use crate::transport::{Transport, TransportKey};

const INTERVAL: Duration = Duration::from_secs(1);
/// After a splice the new relation of timestamps to time is told soon: lip sync waits for it.
const SOON: Duration = Duration::from_millis(100);
/// Report blocks of one datagram.
const MAX_BLOCKS: usize = 31;

impl Engine {
    /// Reports begin when there are keys.
    pub(crate) fn begin_reports(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let at = *transport.next_report.get_or_insert(now + INTERVAL);
        self.timers.arm(&mut transport.armed, key, at);
    }

    /// Sends all reports when they are due.
    pub(crate) fn reports(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if transport.next_report.is_none_or(|at| at > now) {
            return;
        }
        transport.next_report = Some(now + INTERVAL);
        let ssrc = transport.ssrc;
        let cname = format!("{:016x}", u64::from(ssrc.0) << 32 | transport.id.0 & 0xffff_ffff);
        let slots = transport.slots.clone();
        let blocks = self.report_blocks(now, key);
        let mut datagrams = Vec::new();
        for blocks in blocks.chunks(MAX_BLOCKS) {
            let mut datagram = Vec::with_capacity(MAX_RTCP);
            rtcp::receiver_report(&mut datagram, ssrc, blocks);
            rtcp::source_description(&mut datagram, ssrc, &cname);
            datagrams.push(datagram);
        }
        for slot in slots {
            let Some(info) = self.sender_info(now, slot) else { continue };
            let Some(slot) = self.slots.get(slot) else { continue };
            let room = MAX_RTCP.saturating_sub(64 + slot.cname.len());
            if datagrams.last().is_none_or(|datagram| datagram.len() > room) {
                datagrams.push(Vec::with_capacity(MAX_RTCP));
            }
            let Some(datagram) = datagrams.last_mut() else { continue };
            rtcp::sender_report(datagram, slot.ssrc, &info, &[]);
            rtcp::source_description(datagram, slot.ssrc, &slot.cname);
        }
        let Some(transport) = self.transports.get_mut(key) else { return };
        for datagram in datagrams {
            transport.send_rtcp(&mut self.counters, datagram);
        }
        self.has_output(key);
    }

    /// From the publisher's clock to ours.
    pub(crate) fn clock_offset(&self, encoding: &Encoding) -> Option<i64> {
        match (encoding.publisher, &encoding.relayed) {
            (Publisher::Here(key), _) => self.transports.get(key)?.clock.offset(),
            (Publisher::There { .. }, relayed) => relayed.as_ref()?.offset,
        }
    }

    /// Now, on the slot's RTP clock: the publisher's own relation of the two, moved onto
    /// the engine's clock; or, before its first report, the latest packet's arrival.
    fn sender_info(&self, now: Instant, key: SlotKey) -> Option<SenderInfo> {
        let slot = self.slots.get(key)?;
        let span = slot.spans.current()?;
        let encoding = self.encodings.get(slot.showing?)?;
        let clock_rate = encoding.format?.clock_rate;
        let now_ntp = ntp(self.config.ntp_epoch, now);
        let reported = encoding.sender_report.and_then(|report| {
            let at = report.ntp.wrapping_add_signed(self.clock_offset(encoding)?);
            Some((at, span.timestamps.live(report.rtp_timestamp)))
        });
        let (at, timestamp) = reported.unwrap_or_else(|| {
            (ntp(self.config.ntp_epoch, slot.continuity.at), slot.continuity.timestamp)
        });
        let elapsed = now_ntp.wrapping_sub(at).cast_signed();
        let ticks = ticks(from_ntp(elapsed.unsigned_abs()), clock_rate);
        let rtp_timestamp =
            if elapsed < 0 { timestamp.wrapping_sub(ticks) } else { timestamp.wrapping_add(ticks) };
        #[allow(clippy::cast_possible_truncation)]
        Some(SenderInfo {
            ntp: now_ntp,
            rtp_timestamp,
            packets: slot.counts.packets as u32,
            bytes: slot.counts.payload_bytes as u32,
        })
    }
}

/// A time in nanoseconds as RTP timestamp units, modulo their size.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn ticks(nanos: u64, clock_rate: u32) -> u32 {
    (u128::from(nanos) * u128::from(clock_rate) / 1_000_000_000) as u32
}

/// Brings the transport's next reports forward after a splice; returns when, if they were later.
pub(crate) fn report_soon(transport: &mut Transport, now: Instant) -> Option<Instant> {
    let soon = now + SOON;
    let next = transport.next_report.as_mut().filter(|at| **at > soon)?;
    *next = soon;
    Some(soon)
}
