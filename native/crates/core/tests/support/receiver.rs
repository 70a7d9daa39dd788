//! A browser behind a path: it tells when packets arrived, asks for what is missing, and
//! shows what it can decode.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use trio_sfu_core::time::Instant;
use trio_sfu_wire::rtcp::twcc::Recorder;
use trio_sfu_wire::rtcp::{self, Packet, ReportBlock};
use trio_sfu_wire::rtp::Ssrc;
use trio_sfu_wire::rtp::sequence::Unwrapper;

use super::link::Link;
use super::media::is_keyframe_start;
use super::{Peer, Rtp, TRANSPORT_CC, VP8, VP8_RTX, ms};

/// What a receiver of this kind does.
#[derive(Clone, Copy)]
pub struct Habits {
    /// It sends transport-wide feedback.
    pub transport_cc: bool,
    /// How long it waits for an answer before it asks for a packet again.
    pub patience: Duration,
}

struct Missing {
    since: Instant,
    asked: Option<Instant>,
}

pub struct Receiver {
    pub peer: usize,
    pub link: Link,
    habits: Habits,
    on_the_way: VecDeque<(Instant, Vec<u8>)>,
    answers: VecDeque<(Instant, Vec<u8>)>,
    arrivals: Recorder,
    next_feedback: Instant,
    next_report: Instant,
    last_report: Option<(u32, Instant)>,
    video: Unwrapper,
    present: BTreeMap<u64, Rtp>,
    missing: BTreeMap<u64, Missing>,
    expected: u64,
    received: u64,
    lost: (u64, u64),
    next: Option<u64>,
    pub pictures: Vec<Instant>,
    /// When each packet of sound came.
    pub sounds: Vec<Instant>,
    pub nacks: u64,
    pub plis: u64,
    /// Packets that repeated what had arrived already, and empty ones.
    pub padding: u64,
}

impl Receiver {
    pub fn new(peer: usize, link: Link, habits: Habits, now: Instant) -> Self {
        Self {
            peer,
            link,
            habits,
            on_the_way: VecDeque::new(),
            answers: VecDeque::new(),
            arrivals: Recorder::new(),
            next_feedback: now,
            next_report: now + ms(1000),
            last_report: None,
            video: Unwrapper::new(),
            present: BTreeMap::new(),
            missing: BTreeMap::new(),
            expected: 0,
            received: 0,
            lost: (0, 0),
            next: None,
            pictures: Vec::new(),
            sounds: Vec::new(),
            nacks: 0,
            plis: 0,
            padding: 0,
        }
    }

    /// The engine has sent it a datagram.
    pub fn sent(&mut self, now: Instant, datagram: &[u8]) {
        if let Some(arrival) = self.link.offer(now, datagram.len() + 28) {
            self.on_the_way.push_back((arrival, datagram.to_vec()));
        }
    }

    /// What has arrived by now is read; what reaches the engine by now is returned.
    pub fn turn(&mut self, now: Instant, peer: &mut Peer, video: u32) -> Vec<Vec<u8>> {
        while self.on_the_way.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, datagram)) = self.on_the_way.pop_front() else { break };
            let (media, control) = (peer.rtp.len(), peer.rtcp.len());
            peer.receive(&datagram);
            if peer.rtp.len() > media {
                let packet = peer.rtp[media].clone();
                self.read(at, &packet, video);
            }
            for compound in &peer.rtcp[control..] {
                self.read_reports(at, compound);
            }
        }
        self.answer(now, video);
        let mut due = Vec::new();
        while self.answers.front().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.answers.pop_front().map(|(_, compound)| peer.protect_rtcp(compound)));
        }
        due
    }

    fn read(&mut self, at: Instant, packet: &Rtp, video: u32) {
        if let Some(wide) = packet.extension(TRANSPORT_CC).filter(|_| self.habits.transport_cc) {
            self.arrivals.record(u16::from_be_bytes([wide[0], wide[1]]), at.0);
        }
        let restored = match (packet.payload_type, packet.payload.split_first_chunk()) {
            (VP8, _) => packet.clone(),
            (VP8_RTX, Some((original, payload))) => Rtp {
                sequence: u16::from_be_bytes(*original),
                payload: payload.to_vec(),
                ssrc: video,
                ..packet.clone()
            },
            (VP8_RTX, None) => {
                self.padding += 1;
                return;
            }
            _ => return self.sounds.push(at),
        };
        let before = self.video.highest();
        let number = self.video.unwrap(restored.sequence);
        if packet.payload_type == VP8 {
            self.received += 1;
            self.expected += number.saturating_sub(before.unwrap_or(number - 1));
            for gap in before.unwrap_or(number) + 1..number {
                self.missing.insert(gap, Missing { since: at, asked: None });
            }
        }
        self.missing.remove(&number);
        self.padding += u64::from(self.present.insert(number, restored).is_some());
        self.show(at);
    }

    /// Shows what can be decoded: everything in order, or from a whole keyframe on.
    fn show(&mut self, at: Instant) {
        loop {
            let Some(next) = self.next else {
                let Some(start) = self.whole_keyframe(0) else { return };
                self.next = Some(start);
                continue;
            };
            if let Some(packet) = self.present.get(&next) {
                if packet.marker {
                    self.pictures.push(at);
                    self.present = self.present.split_off(&next);
                    self.missing = self.missing.split_off(&next);
                }
                self.next = Some(next + 1);
            } else {
                let Some(start) = self.whole_keyframe(next + 1) else { return };
                self.next = Some(start);
            }
        }
    }

    fn whole_keyframe(&self, from: u64) -> Option<u64> {
        let mut starts = self.present.range(from..).rev();
        let (&start, _) = starts.find(|(_, packet)| is_keyframe_start(packet))?;
        let whole = self.present.range(start..).enumerate();
        for (offset, (&number, packet)) in whole {
            if number != start + offset as u64 {
                return None;
            }
            if packet.marker {
                return Some(start);
            }
        }
        None
    }

    fn read_reports(&mut self, at: Instant, compound: &[u8]) {
        for packet in rtcp::packets(compound) {
            if let Ok(Packet::SenderReport { info, .. }) = packet {
                self.last_report = Some(((info.ntp >> 16) as u32, at));
            }
        }
    }

    fn answer(&mut self, now: Instant, video: u32) {
        let mut compound = Vec::new();
        if now >= self.next_report {
            self.next_report = now + ms(1000);
            compound = self.report(now, video);
        } else {
            rtcp::receiver_report(&mut compound, Ssrc(1), &[]);
        }
        let empty = compound.len();
        let mut wanted = Vec::new();
        let patience = self.habits.patience;
        let mut given_up = false;
        self.missing.retain(|&number, missing| {
            let old = now.since(missing.since) > ms(1500);
            given_up |= old;
            if !old && missing.asked.is_none_or(|at| now.since(at) >= patience) {
                missing.asked = Some(now);
                wanted.push(number as u16);
            }
            !old
        });
        if !wanted.is_empty() {
            self.nacks += wanted.len() as u64;
            rtcp::nack(&mut compound, Ssrc(1), Ssrc(video), &wanted);
        }
        if given_up {
            self.plis += 1;
            rtcp::pli(&mut compound, Ssrc(1), Ssrc(video));
        }
        if now >= self.next_feedback {
            self.next_feedback = now + ms(50);
            while self.arrivals.take(Ssrc(1), Ssrc(video), &mut compound) {}
        }
        if compound.len() > 8 || empty > 8 {
            self.answers.push_back((now + self.link.delay, compound));
        }
    }

    fn report(&mut self, now: Instant, video: u32) -> Vec<u8> {
        let (expected, received) = (self.expected - self.lost.0, self.received - self.lost.1);
        self.lost = (self.expected, self.received);
        let lost = expected.saturating_sub(received) * 256 / expected.max(1);
        let (last_sr, delay) = self.last_report.map_or((0, 0), |(sr, at)| {
            (sr, (now.since(at).as_nanos() * 65_536 / 1_000_000_000) as u32)
        });
        let block = ReportBlock {
            ssrc: Ssrc(video),
            fraction_lost: lost.min(255) as u8,
            highest_sequence: self.video.highest().unwrap_or(0) as u32,
            last_sr,
            delay_since_last_sr: delay,
            ..ReportBlock::default()
        };
        let mut compound = Vec::new();
        rtcp::receiver_report(&mut compound, Ssrc(1), &[block]);
        compound
    }

    /// The longest time between two pictures within a stretch of time, its ends included.
    pub fn longest_freeze(&self, from: Instant, to: Instant) -> Duration {
        let inside = self.pictures.iter().copied().filter(|at| *at >= from && *at <= to);
        let times: Vec<Instant> = std::iter::once(from).chain(inside).chain([to]).collect();
        times.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
    }
}
