//! RTCP of every kind, and of no kind: counts, lengths, times and SSRCs that are wrong.

use super::Session;
use super::peer::{PEERS, address};
use crate::input::Input;

const TYPES: [u8; 9] = [200, 201, 202, 203, 204, 205, 206, 207, 192];
/// Feedback formats: NACK or PLI, FIR, transport-wide or REMB.
const FORMATS: [u8; 4] = [1, 4, 15, 3];

impl Session {
    /// An authentic compound, or a burst of the same.
    pub(super) fn lie_in_rtcp(&mut self, input: &mut Input<'_>) {
        let choice = input.byte();
        let mut number = usize::from(choice) % PEERS;
        let mut compound = Vec::new();
        for _ in 0..=input.byte() % 4 {
            let about = self.append_packet(input, &mut compound);
            // Mostly it is the viewer itself who asks for what it was sent.
            if choice < 224 {
                number = about.unwrap_or(number);
            }
        }
        let shape = input.byte();
        if shape >= 240 {
            compound.truncate(usize::from(input.byte()));
        }
        let count = match shape & 0x0f {
            15 => self.burst(100),
            _ => 1,
        };
        for _ in 0..count {
            let mut packet = compound.clone();
            let Some(keys) = &mut self.peers[number].outbound else { return };
            // What is too short for SRTCP goes out as it is.
            let _ = keys.protect_rtcp(&mut packet);
            self.peers[number].latest.clone_from(&packet);
            self.receive(address(number as u8), &mut packet);
        }
    }

    /// Returns the viewer whose packets it asks for.
    fn append_packet(&self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Option<usize> {
        let mut about = None;
        let start = out.len();
        let kind = input.byte();
        let packet_type = TYPES[usize::from(kind) % TYPES.len()];
        let count = match packet_type {
            205 | 206 if kind < 250 => FORMATS[usize::from(input.byte()) % FORMATS.len()],
            _ => input.byte() & 0x1f,
        };
        out.extend([0x80 | count, packet_type, 0, 0]);
        out.extend(self.some_ssrc(input).to_be_bytes());
        match (packet_type, count) {
            (200, _) => {
                self.append_times(input, out);
                self.append_reports(input, out);
            }
            (201, _) => self.append_reports(input, out),
            (203, _) => {
                for _ in 1..count {
                    out.extend(self.some_ssrc(input).to_be_bytes());
                }
            }
            (205, 1) => about = self.append_nack(input, out),
            (206, 1) => {
                let asked = self.output.announced(input.byte());
                out.extend(asked.map_or(0, |(_, ssrc, _)| ssrc.0).to_be_bytes());
                about = asked.map(|(number, ..)| number);
            }
            (205, 15) => {
                out.extend(self.some_ssrc(input).to_be_bytes());
                out.extend(input.short().to_be_bytes());
                // Claims as many packets as it likes.
                out.extend(input.short().to_be_bytes());
                out.extend(input.slice());
            }
            (206, 4) => {
                out.extend([0; 4]);
                for command in 0..input.byte() % 8 {
                    out.extend(self.some_ssrc(input).to_be_bytes());
                    out.extend([command, 0, 0, 0]);
                }
            }
            (206, 15) => {
                out.extend([0; 4]);
                out.extend(b"REMB");
                out.extend([input.byte(), input.byte(), 0xff, 0xff]);
                out.extend(self.some_ssrc(input).to_be_bytes());
            }
            (205 | 206, _) => out.extend(self.some_ssrc(input).to_be_bytes()),
            _ => out.extend(input.slice()),
        }
        let lie = input.byte();
        if lie & 0x0c == 0x0c {
            // Padding, of a length that may be anything.
            out[start] |= 0x20;
            out.extend([0, 0, 0, input.byte()]);
        }
        out.resize(start + (out.len() - start).next_multiple_of(4), 0);
        let words = ((out.len() - start) / 4 - 1) as u16;
        let wrong = if lie & 3 == 3 { u16::from(lie >> 4) + 1 } else { 0 };
        out[start + 2..start + 4].copy_from_slice(&(words ^ wrong).to_be_bytes());
        if lie == 0xf0 {
            out[start] ^= 0xc0;
        }
        about
    }

    /// NTP and RTP times of a sender report, as absurd as may be.
    fn append_times(&self, input: &mut Input<'_>, out: &mut Vec<u8>) {
        let seconds = self.now.0 / 1_000_000_000;
        let ntp = match input.byte() % 6 {
            0 => 0,
            1 => u64::MAX,
            2 => u64::from(input.word()) << 32 | u64::from(input.word()),
            3 => 1 << 63,
            ahead => ((seconds + u64::from(ahead)) << 32) | u64::from(input.word()),
        };
        out.extend(ntp.to_be_bytes());
        out.extend(input.word().to_be_bytes());
        out.extend([0xff; 8]);
    }

    fn append_reports(&self, input: &mut Input<'_>, out: &mut Vec<u8>) {
        for _ in 0..input.byte() % 8 {
            out.extend(self.some_ssrc(input).to_be_bytes());
            out.extend(input.word().to_be_bytes());
            out.extend([input.byte(); 8]);
            // The latest sender report and the delay since: the round trip may be anything.
            out.extend(input.word().to_be_bytes());
            out.extend(input.word().to_be_bytes());
        }
    }

    /// For what was sent, around it, or for everything there is.
    fn append_nack(&self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Option<usize> {
        let asked = self.output.announced(input.byte());
        let (ssrc, latest) = match asked {
            Some((_, ssrc, latest)) => (ssrc.0, latest),
            None => (self.some_ssrc(input), 0),
        };
        out.extend(ssrc.to_be_bytes());
        let first = latest.wrapping_sub(u16::from(input.byte()));
        for step in 0..u16::from(input.byte()) {
            out.extend(first.wrapping_add(step.wrapping_mul(17)).to_be_bytes());
            out.extend([0xff, 0xff]);
        }
        asked.map(|(number, ..)| number)
    }
}
