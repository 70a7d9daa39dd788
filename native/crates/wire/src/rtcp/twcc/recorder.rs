//! Collecting arrivals and writing feedback packets.

use std::collections::VecDeque;

use super::chunk::Runs;
use super::{Symbol, TICK_NS, TICKS_PER_REFERENCE};
use crate::rtcp::feedback::feedback_header;
use crate::rtcp::{append, format, packet_type};
use crate::rtp::Ssrc;
use crate::rtp::sequence::Unwrapper;

/// Arrivals waiting for feedback. When there are more, the oldest are dropped: the sender
/// will take them for lost, as it would without any feedback.
const MAX_PENDING: usize = 2048;

/// Bytes of chunks and deltas of one feedback packet, by a cautious estimate, so that it
/// stays below a common path MTU.
const MAX_BODY: usize = 1100;

/// Statuses of one feedback packet; libwebrtc takes no more.
const MAX_STATUSES: u64 = 1 << 15;

/// A number this far behind the ones reported is a sender that started over, not a late
/// packet.
const RESTART: u64 = 1 << 13;

/// Arrivals of one transport's packets until they are reported. Uses no memory to speak
/// of until the first one, at most 32 KiB.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    unwrapper: Unwrapper,
    /// `(extended sequence, arrival in ticks)`, sorted, without duplicates.
    pending: VecDeque<(u64, u64)>,
    /// What precedes this was reported, as arrived or as lost.
    reported: Option<u64>,
    feedback_count: u8,
    runs: Runs,
    deltas: Vec<u8>,
}

impl Recorder {
    /// A recorder that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A packet arrived: its transport-wide sequence number, and when, in nanoseconds.
    ///
    /// Only authenticated packets belong here. Of two with the same number the first counts.
    pub fn record(&mut self, sequence: u16, arrival_ns: u64) {
        let mut extended = self.unwrapper.unwrap(sequence);
        if self.reported.is_some_and(|reported| extended.saturating_add(RESTART) < reported) {
            self.restart();
            extended = self.unwrapper.unwrap(sequence);
        }
        // Almost always the newest: then this looks at one element.
        let mut index = self.pending.len();
        if self.pending.back().is_some_and(|&(last, _)| last >= extended) {
            match self.pending.binary_search_by_key(&extended, |&(at, _)| at) {
                Ok(_) => return,
                Err(place) => index = place,
            }
        }
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
            index = index.saturating_sub(1);
        }
        self.pending.insert(index, (extended, arrival_ns / TICK_NS));
    }

    /// Whether there is something to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Append one feedback packet; `false` when there is nothing (more) to report.
    ///
    /// Call until `false`: a packet holds what fits into about 1,100 bytes, and one whose
    /// arrivals are within 8 seconds of each other.
    pub fn take(&mut self, sender: Ssrc, media: Ssrc, out: &mut Vec<u8>) -> bool {
        let Some(&(first, first_ticks)) = self.pending.front() else { return false };
        // Late packets are reported alone: what surrounds them was reported before.
        let mut base = self.reported.map_or(first, |reported| reported.min(first));
        if first - base >= MAX_STATUSES {
            base = first;
        }
        let reference = first_ticks / TICKS_PER_REFERENCE;
        let (end, taken) = self.collect(base, reference * TICKS_PER_REFERENCE);
        self.pending.drain(..taken);
        self.reported = Some(self.reported.map_or(end, |reported| reported.max(end)));

        let word = (reference as u32) << 8 | u32::from(self.feedback_count);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        let start = out.len();
        append(out, packet_type::TRANSPORT_FEEDBACK, format::TRANSPORT_CC, |out| {
            feedback_header(out, sender, media);
            out.extend_from_slice(&(base as u16).to_be_bytes());
            out.extend_from_slice(&((end - base) as u16).to_be_bytes());
            out.extend_from_slice(&word.to_be_bytes());
            self.runs.write(out);
            out.extend_from_slice(&self.deltas);
            pad(out, start);
        });
        true
    }

    /// Fill `runs` and `deltas` from `base` on, with the first arrivals that go into one
    /// packet; returns where they end and how many they are.
    fn collect(&mut self, base: u64, mut ticks: u64) -> (u64, usize) {
        self.runs.clear();
        self.deltas.clear();
        let mut end = base;
        let mut taken = 0;
        let mut body = 0;
        for &(sequence, arrival) in &self.pending {
            let gap = sequence - end;
            let reported_before = self.reported.is_some_and(|reported| end < reported);
            let delta = i16::try_from(arrival.wrapping_sub(ticks).cast_signed());
            body += 4 + 2 * gap.div_ceil(8191) as usize;
            let fits = body <= MAX_BODY && sequence - base < MAX_STATUSES;
            let Ok(delta) = delta else { break };
            if taken > 0 && (!fits || gap > 0 && reported_before) {
                break;
            }
            self.runs.push(Symbol::Lost, gap as u32);
            match u8::try_from(delta) {
                Ok(small) => {
                    self.runs.push(Symbol::Small, 1);
                    self.deltas.push(small);
                }
                Err(_) => {
                    self.runs.push(Symbol::Large, 1);
                    self.deltas.extend_from_slice(&delta.to_be_bytes());
                }
            }
            ticks = arrival;
            end = sequence + 1;
            taken += 1;
        }
        (end, taken)
    }

    fn restart(&mut self) {
        self.unwrapper = Unwrapper::new();
        self.pending.clear();
        self.reported = None;
    }
}

/// Pad the packet that begins at `start` to a multiple of four (RFC 3550 section 6.4.1).
fn pad(out: &mut Vec<u8>, start: usize) {
    let len = out.len() - start;
    let padding = len.next_multiple_of(4) - len;
    if padding > 0 {
        out.extend_from_slice(&[0; 3][1..padding]);
        out.push(padding as u8);
        out[start] |= 0x20;
    }
}
