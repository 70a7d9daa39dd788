//! What a publisher sends on one track, and when.

use std::error::Error;

use trio_sfu_wire::rtcp::{self, SenderInfo};
use trio_sfu_wire::rtp::{ExtensionWriter, PayloadType, Ssrc, write_header};

use super::clock::{Clock, ntp, wall};
use super::plan::TrackPlan;
use super::schedule::{Schedule, Small};
use super::stamp::{self, Stamp};
use super::trace::{Traced, split};
use super::way::Way;
use crate::packets::{FILL, SIZE, descriptor};

/// Between two keyframes of an encoding at least; Chromium leaves out as much.
const KEYFRAMES: u64 = 300_000_000;
/// A packet that is to be sent later than this is not made up for: its schedule moves.
const HOPELESS: u64 = 500_000_000;
/// Bytes around a payload, and the least of a payload: what a trace's sizes are raised to.
const LEAST: usize = 40 + stamp::LEN;

/// A track that is sent.
pub(crate) struct Track {
    pub(crate) plan: TrackPlan,
    number: u16,
    /// Packets sent so far; the next one's index.
    pub(crate) sent: u64,
    bytes: u64,
    frames: u64,
    /// The frame that is being sent: its RTP timestamp; none between two frames.
    frame: Option<u32>,
    timestamp: u32,
    /// A keyframe was asked for.
    pub(crate) keyframe: bool,
    keyframe_now: bool,
    /// Whether a keyframe was sent in place of the frame of the trace, and since when another may.
    replaced: bool,
    next_keyframe: u64,
    /// When the schedule began, in nanoseconds, and how far it has come.
    began: u64,
    position: usize,
    extensions: ExtensionWriter,
    buffer: Vec<u8>,
    /// Ends of the packets in `buffer`.
    ends: Vec<usize>,
    /// How late packets left, at most, in nanoseconds, since this was last taken.
    pub(crate) late: u64,
}

impl Track {
    pub(crate) fn new(plan: TrackPlan, number: u16) -> Self {
        Self {
            plan,
            number,
            sent: 0,
            bytes: 0,
            frames: 0,
            frame: None,
            timestamp: 0,
            keyframe: true,
            keyframe_now: true,
            replaced: false,
            next_keyframe: 0,
            began: 0,
            position: 0,
            extensions: ExtensionWriter::default(),
            buffer: Vec::new(),
            ends: Vec::new(),
            late: 0,
        }
    }

    /// Begin the schedule anew.
    pub(crate) fn begin(&mut self, now: u64) {
        self.began = now;
        self.position = 0;
        self.keyframe = true;
        self.replaced = false;
        if let Schedule::Trace { packets, phase } = &self.plan.schedule {
            self.began = now.saturating_sub(phase * 1000);
            self.position = packets.iter().position(|each| each.at >= *phase).unwrap_or(0);
        }
    }

    /// Packets sent and received by all: what is under way is what is missing of them.
    pub(crate) fn expected(&self) -> u64 {
        self.sent * self.plan.fanout
    }

    /// Send what is due; returns when the next is, none if that is not a matter of time.
    pub(crate) fn send_due(
        &mut self,
        now: u64,
        clock: &Clock,
        outstanding: u64,
        to: &Way<'_>,
    ) -> Result<Option<u64>, Box<dyn Error>> {
        match self.plan.schedule.small() {
            Small::Window { frames, packets, len } => {
                let per_frame = packets as u64 * self.plan.fanout.max(1);
                let under_way = outstanding.div_ceil(per_frame);
                for _ in under_way..frames {
                    self.frame_of(clock, &vec![len; packets], to);
                    self.flush(to)?;
                }
                Ok(None)
            }
            Small::Every { interval, packets, len } => loop {
                let due = self.began + interval * self.position as u64;
                if due > now {
                    return Ok(Some(due));
                }
                if !self.catch_up(due, now) {
                    continue;
                }
                self.position += 1;
                self.frame_of(clock, &vec![len; packets], to);
                self.flush(to)?;
            },
            Small::Trace => self.send_traced(now, clock, to).map(Some),
        }
    }

    /// Send one small frame, so that nobody takes the track for dead.
    pub(crate) fn trickle(&mut self, clock: &Clock, to: &Way<'_>) -> Result<(), Box<dyn Error>> {
        self.frame_of(clock, &[200], to);
        self.flush(to)
    }

    /// Whether a packet due then can still be sent; if not, the schedule begins anew.
    fn catch_up(&mut self, due: u64, now: u64) -> bool {
        self.late = self.late.max(now - due);
        if now - due > HOPELESS {
            self.began += now - due;
            return false;
        }
        true
    }

    fn send_traced(
        &mut self,
        now: u64,
        clock: &Clock,
        to: &Way<'_>,
    ) -> Result<u64, Box<dyn Error>> {
        loop {
            let (Traced { at, len, last }, ends, whole) = match &self.plan.schedule {
                Schedule::Trace { packets, .. } => {
                    let end = packets.len() - 1;
                    (packets[self.position], self.position + 1 == end, packets[end].at)
                }
                _ => return Ok(u64::MAX),
            };
            let due = self.began + at * 1000;
            if due > now {
                self.flush(to)?;
                return Ok(due);
            }
            if !self.catch_up(due, now) {
                continue;
            }
            self.replaced |= self.send_keyframe(now, clock, to);
            if !self.replaced {
                self.packet(clock, len, last, to);
            }
            self.replaced &= !last;
            self.position += 1;
            if ends {
                self.position = 0;
                self.began += whole * 1000;
            }
        }
    }

    /// Whether a keyframe has to go out in place of the next frame; then it has.
    fn send_keyframe(&mut self, now: u64, clock: &Clock, to: &Way<'_>) -> bool {
        let Some(encoding) = &self.plan.encoding else { return false };
        if !self.keyframe || self.frame.is_some() || self.replaced || now < self.next_keyframe {
            return false;
        }
        let packets = split(encoding.keyframe);
        self.frame_of(clock, &packets, to);
        true
    }

    fn frame_of(&mut self, clock: &Clock, packets: &[usize], to: &Way<'_>) {
        for (position, len) in packets.iter().enumerate() {
            self.packet(clock, *len, position + 1 == packets.len(), to);
        }
    }

    /// Append a packet to the buffer, not yet encrypted.
    fn packet(&mut self, clock: &Clock, len: usize, last: bool, to: &Way<'_>) {
        let first = self.frame.is_none();
        let timestamp = *self.frame.get_or_insert_with(|| {
            let ticks = clock.now() / 1000 * u64::from(self.plan.clock) / 1_000_000;
            // Two frames at once are still two.
            (ticks as u32).max(self.timestamp.wrapping_add(1))
        });
        self.timestamp = timestamp;
        let video = self.plan.clock == 90_000;
        if first {
            self.begin_frame(clock.now());
        }
        self.extend(to.number());
        let sequence = (self.sent & 0xffff) as u16;
        let start = self.buffer.len();
        let marker = if video { last } else { self.sent == 0 };
        let header = write_header(
            &mut self.buffer,
            marker,
            PayloadType(self.plan.payload_type),
            sequence,
            timestamp,
            Ssrc(self.plan.ssrc),
            &self.extensions,
        );
        let payload = start + header;
        self.buffer.resize(start + len.max(LEAST), FILL);
        if video {
            let size = self.plan.encoding.as_ref().map_or(SIZE, |encoding| encoding.size);
            let head = descriptor(self.frames, first, self.keyframe_now, size);
            self.buffer[payload..payload + head.len()].copy_from_slice(&head);
        }
        Stamp { track: self.number, index: self.sent, sent: 0 }.write(&mut self.buffer[payload..]);
        self.ends.push(self.buffer.len());
        self.sent += 1;
        self.bytes += len as u64;
        if last {
            self.frames += 1;
            self.frame = None;
        }
    }

    /// Whether it is a keyframe: one that was asked for, but of an encoding none too soon.
    fn begin_frame(&mut self, now: u64) {
        let early = self.plan.encoding.is_some() && now < self.next_keyframe;
        self.keyframe_now = self.keyframe && !early;
        if self.keyframe_now {
            self.keyframe = false;
            self.next_keyframe = now + KEYFRAMES;
        }
    }

    /// Write the header extensions of a packet.
    fn extend(&mut self, wide: u16) {
        let encoding = self.plan.encoding.as_ref();
        let rid = encoding.map_or((0, ""), |encoding| (encoding.rid_id, &encoding.rid));
        self.extensions.clear();
        for (id, value) in [
            (self.plan.mid_id, self.plan.mid.as_bytes()),
            (rid.0, rid.1.as_bytes()),
            (self.plan.transport_cc, wide.to_be_bytes().as_slice()),
        ] {
            if id != 0 {
                let pushed = self.extensions.push(id, value);
                debug_assert!(pushed.is_ok());
            }
        }
    }

    /// Send what is in the buffer.
    fn flush(&mut self, to: &Way<'_>) -> Result<(), Box<dyn Error>> {
        let first = self.sent - self.ends.len() as u64;
        to.send(self.number, first, &self.buffer, &self.ends)?;
        self.ends.clear();
        self.buffer.clear();
        Ok(())
    }

    /// Append a sender report (RFC 3550, section 6.4.1).
    pub(crate) fn report(&self, clock: &Clock, out: &mut Vec<u8>) {
        let ticks = clock.now() / 1000 * u64::from(self.plan.clock) / 1_000_000;
        let info = SenderInfo {
            ntp: ntp(wall()),
            rtp_timestamp: ticks as u32,
            packets: self.sent as u32,
            bytes: self.bytes as u32,
        };
        rtcp::sender_report(out, Ssrc(self.plan.ssrc), &info, &[]);
        rtcp::source_description(out, Ssrc(self.plan.ssrc), "load");
    }
}
