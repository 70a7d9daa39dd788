//! What is received of one SSRC, as its reports have it.

use trio_sfu_wire::rtcp::ReportBlock;
use trio_sfu_wire::rtp::Ssrc;
use trio_sfu_wire::rtp::sequence::Unwrapper;

/// Nanoseconds to the units of DLSR.
const PER_SECOND: u64 = 1_000_000_000;

pub(crate) struct Stream {
    pub(crate) ssrc: u32,
    unwrapper: Unwrapper,
    first: u64,
    count: u64,
    /// Expected and received at the last report.
    before: (u64, u64),
    /// The latest sender report: the middle of its NTP time, and when it came.
    sender_report: Option<(u32, u64)>,
}

impl Stream {
    pub(crate) fn new(ssrc: u32, sequence: u16) -> Self {
        let mut unwrapper = Unwrapper::new();
        let first = unwrapper.unwrap(sequence);
        Self { ssrc, unwrapper, first, count: 1, before: (0, 0), sender_report: None }
    }

    pub(crate) fn received(&mut self, sequence: u16) {
        self.unwrapper.unwrap(sequence);
        self.count += 1;
    }

    pub(crate) fn reported(&mut self, ntp: u64, now: u64) {
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    fn expected(&self) -> u64 {
        self.unwrapper.highest().map_or(0, |highest| highest + 1 - self.first)
    }

    /// Packets that have not come.
    pub(crate) fn missing(&self) -> u64 {
        self.expected().saturating_sub(self.count)
    }

    /// The block for a report, of what has come since the last one.
    pub(crate) fn block(&mut self, now: u64) -> ReportBlock {
        let expected = self.expected();
        let (expected_before, received_before) =
            std::mem::replace(&mut self.before, (expected, self.count));
        let lately = expected - expected_before;
        let lost = lately.saturating_sub(self.count - received_before);
        let (last_sr, delay) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            (ntp, ((now - at).min(60 * PER_SECOND) * 65_536 / PER_SECOND) as u32)
        });
        ReportBlock {
            ssrc: Ssrc(self.ssrc),
            fraction_lost: (lost * 256 / lately.max(1)).min(255) as u8,
            cumulative_lost: i32::try_from(self.missing()).unwrap_or(i32::MAX),
            highest_sequence: self.unwrapper.highest().unwrap_or_default() as u32,
            jitter: 0,
            last_sr,
            delay_since_last_sr: delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_reported_once() {
        let mut stream = Stream::new(7, 65_534);
        for sequence in [65_535, 1, 2, 3] {
            stream.received(sequence);
        }
        assert_eq!(stream.missing(), 1);
        assert_eq!(stream.block(0).fraction_lost, 42); // one of six
        assert_eq!(stream.block(0).fraction_lost, 0);
        stream.received(0);
        assert_eq!(stream.missing(), 0);
    }
}
