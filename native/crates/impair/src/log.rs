//! What is noted of each packet: one CSV line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::link::{Fate, Passage};

const HEADER: &str =
    "direction,entered,left,out,late,bytes,queued,fate,protocol,from,to,type,ssrc,number";
const UDP: u8 = 17;

/// Times are µs of CLOCK_MONOTONIC.
#[derive(Debug)]
pub(crate) struct Log(BufWriter<File>);

impl Log {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        writeln!(file, "{HEADER}")?;
        Ok(Self(file))
    }

    /// `now`: when it was really passed on.
    pub(crate) fn note(&mut self, direction: &str, passage: &Passage, now: u64) -> io::Result<()> {
        let fate = match passage.fate {
            Fate::Delivered => "delivered",
            Fate::Duplicate => "duplicate",
            Fate::Tail => "tail",
            Fate::Lost => "lost",
        };
        let flow = Flow::of(&passage.packet);
        writeln!(
            self.0,
            "{direction},{},{},{},{},{},{},{fate},{},{},{},{},{},{}",
            passage.entered / 1000,
            passage.left / 1000,
            passage.out / 1000,
            (now - passage.out) / 1000,
            passage.packet.len(),
            passage.queued,
            flow.protocol,
            flow.from,
            flow.to,
            flow.payload_type,
            flow.ssrc,
            flow.number,
        )
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What the headers say in the clear: IPv4, ports, and RTP or RTCP (RFC 3550, 5761).
#[derive(Debug, Default, PartialEq, Eq)]
struct Flow {
    protocol: u8,
    from: u16,
    to: u16,
    /// RTP's payload type, or RTCP's packet type (192 to 223).
    payload_type: u8,
    ssrc: u32,
    number: u16,
}

impl Flow {
    fn of(packet: &[u8]) -> Self {
        Self::read(packet).unwrap_or_default()
    }

    fn read(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        if first >> 4 != 4 {
            return None;
        }
        let body = packet.get(usize::from(first & 15) * 4..)?;
        let two = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
        let four = |at: usize| Some(u32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?));
        let mut flow = Self { protocol: *packet.get(9)?, ..Self::default() };
        (flow.from, flow.to) = (two(0)?, two(2)?);
        if flow.protocol == UDP && body.get(8).is_some_and(|byte| byte >> 6 == 2) {
            let kind = *body.get(9)?;
            if (192..224).contains(&kind) {
                (flow.payload_type, flow.ssrc) = (kind, four(12)?);
            } else {
                (flow.payload_type, flow.number, flow.ssrc) = (kind & 127, two(10)?, four(16)?);
            }
        }
        Some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_is_told_from_rtcp_and_from_what_is_neither() {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, UDP];
        packet.resize(20, 0);
        packet.extend([0x1e, 0xca, 0x90, 0, 0, 0, 0, 0]);
        let rtp = [&packet[..], &[0x80, 0xe0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9]].concat();
        let seen = Flow::of(&rtp);
        assert_eq!((seen.from, seen.to), (7882, 36864));
        assert_eq!((seen.payload_type, seen.number, seen.ssrc), (96, 258, 9));
        let rtcp = [&packet[..], &[0x81, 205, 0, 2, 0, 0, 0, 7]].concat();
        assert_eq!((Flow::of(&rtcp).payload_type, Flow::of(&rtcp).ssrc), (205, 7));
        assert_eq!(Flow::of(&[&packet[..], &[0, 1]].concat()).payload_type, 0);
        assert_eq!(Flow::of(&[0x60; 40]), Flow::default());
    }
}
