//! How well an SSRC is received (RFC 3550 section 6.4.1, appendices A.3 and A.8).

use trio_sfu_wire::rtcp::{ReportBlock, SenderInfo};
use trio_sfu_wire::rtp::Ssrc;

use crate::receive::clock::to_ntp;
use crate::time::Instant;

/// Counts since the SSRC began.
#[derive(Default)]
pub(crate) struct Reception {
    first: Option<u64>,
    highest: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// Sixteen times the jitter, in timestamp units.
    jitter: u64,
    transit: Option<i64>,
    changed: bool,
    last_report: Option<(u64, Instant)>,
}

impl Reception {
    /// A packet arrived by itself, not as a retransmission.
    pub(crate) fn packet(&mut self, now: Instant, sequence: u64, timestamp: u32, clock_rate: u32) {
        self.first.get_or_insert(sequence);
        self.highest = self.highest.max(sequence);
        self.received += 1;
        self.changed = true;
        let units = u128::from(now.0) * u128::from(clock_rate) / 1_000_000_000;
        #[allow(clippy::cast_possible_truncation)]
        let transit = (units as u32).wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(i64::from(transit)) {
            #[allow(clippy::cast_possible_truncation)]
            let difference = transit.wrapping_sub(before as u32).cast_signed();
            self.jitter =
                self.jitter + u64::from(difference.unsigned_abs()) - (self.jitter + 8) / 16;
        }
    }

    /// A lost packet was restored: it counts as received.
    pub(crate) fn repaired(&mut self) {
        self.received += 1;
    }

    /// The publisher's own report arrived.
    pub(crate) fn sender_report(&mut self, now: Instant, info: &SenderInfo) {
        self.last_report = Some((info.ntp, now));
        self.changed = true;
    }

    fn expected(&self) -> u64 {
        self.first.map_or(0, |first| (self.highest + 1).saturating_sub(first))
    }

    /// Packets that are missing at the moment.
    pub(crate) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// In timestamp units.
    pub(crate) fn jitter(&self) -> u64 {
        self.jitter / 16
    }

    /// The block for the next receiver report, if anything arrived since the last one.
    pub(crate) fn report(&mut self, now: Instant, ssrc: Ssrc) -> Option<ReportBlock> {
        self.first?;
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let expected = self.expected();
        let interval = expected - self.expected_before.min(expected);
        let lost = interval.saturating_sub(self.received.saturating_sub(self.received_before));
        let fraction = (lost * 256).checked_div(interval).unwrap_or(0).min(255);
        self.expected_before = expected;
        self.received_before = self.received;
        let (last_sr, delay) = self.last_report.map_or((0, 0), |(ntp, at)| {
            let waited = to_ntp(now.0.saturating_sub(at.0)) >> 16;
            (ntp >> 16 & 0xffff_ffff, waited.min(u64::from(u32::MAX)))
        });
        let cumulative = i64::try_from(expected).unwrap_or(i64::MAX)
            - i64::try_from(self.received).unwrap_or(i64::MAX);
        #[allow(clippy::cast_possible_truncation)]
        Some(ReportBlock {
            ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: cumulative.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter().min(u64::from(u32::MAX)) as u32,
            last_sr: last_sr as u32,
            delay_since_last_sr: delay as u32,
        })
    }
}
