//! A camera with three encodings and viewers behind paths of their own, each shown what its
//! estimate allows, as a simple control plane would.

use std::time::Duration;

use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_core::time::Instant;
use trio_sfu_wire::rtcp::{self, Packet};

use super::link::Link;
use super::media::{Opus, Vp8};
use super::ms;
use super::receiver::{Habits, Receiver};
use super::world::World;

/// RIDs and their bits/s.
pub const LADDER: [(&str, u64); 3] = [("q", 150_000), ("h", 500_000), ("f", 1_700_000)];
/// What a viewer would be sent if its path carried it.
pub const DEMAND: u64 = 1_900_000;
const FRAME: Duration = Duration::from_millis(33);
const VIDEO: u32 = 600;

struct Encoding {
    camera: Vp8,
    bytes: usize,
    keyframe_due: Option<Instant>,
    keyframes: u64,
}

pub struct Viewer {
    pub receiver: Receiver,
    pub slot: SlotId,
    pub estimates: Vec<(Instant, u64)>,
    /// What it was mapped to: index of the ladder.
    pub shown: Option<usize>,
    raised: Instant,
}

pub struct Stage {
    pub world: World,
    pub viewers: Vec<Viewer>,
    /// The control plane follows the estimates; otherwise it leaves things as they are.
    pub follows: bool,
    /// Peers' addresses are checked, and viewers say what has come, so that they may be sent to.
    pub alive: bool,
    /// Times of keyframe requests.
    pub requests: Vec<Instant>,
    publisher: usize,
    track: UpTrackId,
    sound: UpTrackId,
    microphone: Opus,
    encodings: Vec<Encoding>,
    next_frame: Instant,
    next_sound: Instant,
    frames: u64,
}

impl Stage {
    pub fn new() -> Self {
        let mut world = World::new();
        let publisher = world.join();
        let rids: Vec<&str> = LADDER.iter().map(|(rid, _)| *rid).collect();
        let track = world.track(publisher, Kind::Video, "1", &rids);
        let sound = world.track(publisher, Kind::Audio, "0", &[]);
        let encodings = (2000..)
            .zip(LADDER)
            .map(|(ssrc, (rid, bitrate))| Encoding {
                camera: Vp8::new(ssrc, "1", Some(rid)),
                bytes: (bitrate / 8 * 33 / 1000) as usize,
                keyframe_due: Some(world.now),
                keyframes: 0,
            })
            .collect();
        Self {
            publisher,
            track,
            sound,
            microphone: Opus::new(1000, "0"),
            encodings,
            viewers: Vec::new(),
            follows: true,
            alive: true,
            requests: Vec::new(),
            next_frame: world.now,
            next_sound: world.now,
            frames: 0,
            world,
        }
    }

    /// A viewer that sends transport-wide feedback, and shows nothing yet.
    pub fn join(&mut self, link: Link) -> usize {
        self.join_with(link, Habits { transport_cc: true, patience: ms(120) })
    }

    pub fn join_with(&mut self, link: Link, habits: Habits) -> usize {
        let peer = self.world.join();
        let slot = self.world.slot(peer, Kind::Video, VIDEO, Some(VIDEO + 1));
        let audio = self.world.slot(peer, Kind::Audio, VIDEO + 2, None);
        self.world.map(audio, self.sound, "");
        let now = self.world.now;
        let demand = Command::SetDemand { transport: self.world.transport(peer), bitrate: DEMAND };
        self.world.command(demand);
        let receiver = Receiver::new(peer, link, habits, now);
        self.viewers.push(Viewer {
            receiver,
            slot,
            estimates: Vec::new(),
            shown: None,
            raised: now,
        });
        self.viewers.len() - 1
    }

    /// Cameras encode with two temporal layers from now on.
    pub fn layer(&mut self) {
        self.encodings.iter_mut().for_each(|encoding| encoding.camera.layered = true);
    }

    pub fn show(&mut self, viewer: usize, step: usize) {
        let now = self.world.now;
        let viewer = &mut self.viewers[viewer];
        viewer.shown = Some(step);
        viewer.raised = now;
        self.world.map(viewer.slot, self.track, LADDER[step].0);
    }

    /// Lets so much time pass, a millisecond at a time.
    pub fn run(&mut self, millis: u64) {
        for _ in 0..millis {
            self.world.now = self.world.now + ms(1);
            let now = self.world.now;
            self.publish(now);
            if self.world.engine.next_deadline().is_some_and(|due| due <= now) {
                self.world.engine.handle_deadline(now);
            }
            self.carry(now);
            self.follow(now);
            if self.alive && (now.0 / 1_000_000).is_multiple_of(1000) {
                (0..self.world.peers.len()).for_each(|peer| self.world.check(peer));
            }
        }
    }

    fn publish(&mut self, now: Instant) {
        if now >= self.next_sound {
            self.next_sound = self.next_sound + ms(20);
            let packet = self.microphone.packet();
            self.world.send(self.publisher, &packet);
        }
        if now < self.next_frame {
            return;
        }
        self.next_frame = self.next_frame + FRAME;
        self.frames += 1;
        for encoding in &mut self.encodings {
            let keyframe = encoding.keyframe_due.take_if(|due| *due <= now).is_some();
            encoding.keyframes += u64::from(keyframe);
            // A keyframe is larger, and no two other frames are alike.
            let percent = if keyframe { 400 } else { 75 + self.frames * 37 % 50 } as usize;
            let bytes = encoding.bytes * percent / 100;
            let packets = bytes.div_ceil(1100);
            encoding.camera.size = bytes / packets;
            for packet in encoding.camera.frame(keyframe, packets) {
                self.world.send(self.publisher, &packet);
            }
        }
    }

    /// Brings what the engine sends to where it goes, and what comes back to the engine.
    fn carry(&mut self, now: Instant) {
        for (to, datagram) in self.world.take_datagrams() {
            if let Some(viewer) =
                self.viewers.iter_mut().find(|v| self.world.peers[v.receiver.peer].address == to)
            {
                viewer.receiver.sent(now, &datagram);
            } else if to == self.world.peers[self.publisher].address {
                self.world.peers[self.publisher].receive(&datagram);
            }
        }
        let heard = std::mem::take(&mut self.world.peers[self.publisher].rtcp);
        for packet in heard.iter().flat_map(|compound| rtcp::packets(compound)) {
            if let Ok(Packet::Pli { media, .. }) = packet {
                self.requests.push(now);
                let asked = self.encodings.iter_mut().find(|e| e.camera.ssrc == media.0);
                if let Some(encoding) = asked {
                    encoding.keyframe_due.get_or_insert(now + ms(60));
                }
            }
        }
        for viewer in &mut self.viewers {
            let peer = &mut self.world.peers[viewer.receiver.peer];
            for mut datagram in viewer.receiver.turn(now, peer, VIDEO) {
                if !self.alive {
                    continue;
                }
                self.world.engine.handle_datagram(now, peer.address, &mut datagram);
            }
        }
    }

    /// Shows each viewer the best encoding within nine tenths of its estimate; upwards with
    /// some room, and not more often than every two seconds.
    fn follow(&mut self, now: Instant) {
        for event in self.world.take_events() {
            let Event::EstimateChanged { transport, bitrate } = event else { continue };
            let peer = |viewer: &Viewer| self.world.transport(viewer.receiver.peer) == transport;
            let Some(index) = self.viewers.iter().position(peer) else { continue };
            self.viewers[index].estimates.push((now, bitrate));
        }
        if !self.follows {
            return;
        }
        for index in 0..self.viewers.len() {
            let viewer = &self.viewers[index];
            let Some(&(_, estimate)) = viewer.estimates.last() else { continue };
            let fits = |room: u64| {
                LADDER.iter().rposition(|(_, rate)| (rate + 50_000) * room <= estimate * 100)
            };
            let (down, up) = (fits(105).unwrap_or(0), fits(115).unwrap_or(0));
            let shown = viewer.shown;
            if shown.is_none_or(|shown| shown > down) {
                self.show(index, down);
            } else if shown.is_some_and(|shown| shown < up) && now.since(viewer.raised) > ms(2000)
                || shown == Some(0) && up > 0 && now.since(viewer.raised) > ms(500)
            {
                self.show(index, up);
            }
        }
    }

    /// Now, for the ends of stretches of time.
    pub fn now(&self) -> Instant {
        self.world.now
    }

    pub fn keyframes(&self) -> u64 {
        self.encodings.iter().map(|encoding| encoding.keyframes).sum()
    }
}
