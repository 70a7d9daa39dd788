//! What a publisher sends on one track, and when.

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};

use trio_sfu_srtp::Outbound;
use trio_sfu_wire::rtcp::{self, SenderInfo};
use trio_sfu_wire::rtp::{ExtensionWriter, PayloadType, Ssrc, write_header};

use super::clock::{Clock, ntp, wall};
use super::plan::{Schedule, Traced, TrackPlan};
use super::stamp::{self, Stamp};
use crate::packets::{FILL, descriptor};
use crate::socket;

/// Datagrams of one GSO send at most, and their bytes.
const RUN_SEGMENTS: usize = 50;
const RUN_LEN: usize = 60_000;
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
        to: &mut Way<'_>,
    ) -> Result<Option<u64>, Box<dyn Error>> {
        match self.plan.schedule.clone_small() {
            Small::Window { frames, packets, len } => {
                let per_frame = packets as u64 * self.plan.fanout.max(1);
                let under_way = outstanding.div_ceil(per_frame);
                for _ in under_way..frames {
                    self.frame_of(clock, packets, len);
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
                self.frame_of(clock, packets, len);
                self.flush(to)?;
            },
            Small::Trace => self.send_traced(now, clock, to).map(Some),
        }
    }

    /// Send one small frame, so that nobody takes the track for dead.
    pub(crate) fn trickle(
        &mut self,
        clock: &Clock,
        to: &mut Way<'_>,
    ) -> Result<(), Box<dyn Error>> {
        self.frame_of(clock, 1, 200);
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
        to: &mut Way<'_>,
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
            self.packet(clock, len, last);
            self.position += 1;
            if ends {
                self.position = 0;
                self.began += whole * 1000;
            }
        }
    }

    fn frame_of(&mut self, clock: &Clock, packets: usize, len: usize) {
        for position in 0..packets {
            self.packet(clock, len, position + 1 == packets);
        }
    }

    /// Append a packet to the buffer, not yet encrypted.
    fn packet(&mut self, clock: &Clock, len: usize, last: bool) {
        let first = self.frame.is_none();
        let timestamp = *self.frame.get_or_insert_with(|| {
            let ticks = clock.now() / 1000 * u64::from(self.plan.clock) / 1_000_000;
            // Two frames at once are still two.
            (ticks as u32).max(self.timestamp.wrapping_add(1))
        });
        self.timestamp = timestamp;
        let video = self.plan.clock == 90_000;
        if first {
            self.keyframe_now = std::mem::take(&mut self.keyframe);
        }
        self.extensions.clear();
        let sequence = (self.sent & 0xffff) as u16;
        for (id, value) in [
            (self.plan.mid_id, self.plan.mid.as_bytes()),
            (self.plan.transport_cc, sequence.to_be_bytes().as_slice()),
        ] {
            if id != 0 {
                let pushed = self.extensions.push(id, value);
                debug_assert!(pushed.is_ok());
            }
        }
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
            let head = descriptor(self.frames, first, self.keyframe_now);
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

    /// Stamp, encrypt and send what is in the buffer, runs of one size at once.
    fn flush(&mut self, to: &mut Way<'_>) -> Result<(), Box<dyn Error>> {
        let overhead = to.outbound.profile().rtp_overhead();
        let (mut run, mut segment, mut segments) = (Vec::new(), 0, 0);
        let first = self.sent - self.ends.len() as u64;
        let sent = wall();
        let mut start = 0;
        let mut open = true; // whether the run can go on
        for (index, end) in (first..).zip(self.ends.drain(..)) {
            let len = end - start;
            let fits = open && len + overhead <= segment && segments < RUN_SEGMENTS;
            if segments > 0 && !(fits && run.len() + len + overhead <= RUN_LEN) {
                socket::send(to.socket, &run, segment, to.server)?;
                run.clear();
                segments = 0;
            }
            if segments == 0 {
                segment = len + overhead;
            }
            let at = run.len();
            run.extend_from_slice(&self.buffer[start..end]);
            run.resize(at + len + overhead, 0);
            let packet = &mut run[at..];
            Stamp { track: self.number, index, sent }.write(&mut packet[..len]);
            let header = trio_sfu_wire::rtp::Header::parse(packet)?.len;
            to.outbound.protect_rtp(packet, header, len, index)?;
            segments += 1;
            // A shorter one ends its run.
            open = len + overhead == segment;
            start = end;
        }
        if segments > 0 {
            socket::send(to.socket, &run, segment, to.server)?;
        }
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

/// Where a track's packets go, and how.
pub(crate) struct Way<'a> {
    pub(crate) socket: &'a UdpSocket,
    pub(crate) server: SocketAddr,
    pub(crate) outbound: &'a Outbound,
}

/// A schedule without its packets.
#[derive(Clone, Copy)]
enum Small {
    Window { frames: u64, packets: usize, len: usize },
    Every { interval: u64, packets: usize, len: usize },
    Trace,
}

impl Schedule {
    fn clone_small(&self) -> Small {
        match *self {
            Self::Window { frames, packets, len } => Small::Window { frames, packets, len },
            Self::Every { interval, packets, len } => {
                Small::Every { interval: interval.as_nanos() as u64, packets, len }
            }
            Self::Trace { .. } => Small::Trace,
        }
    }
}
