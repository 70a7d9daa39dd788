//! Who watches over a relay gets what a viewer of the publisher's engine gets: the same packets in
//! the same order, whatever the network does to the publisher's and whenever they look.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use support::Rtp;
use support::media::{Opus, Vp8};
use support::pair::Pair;
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_core::time::Instant;
use trio_sfu_wire::rtcp::{self, SenderInfo};
use trio_sfu_wire::rtp::Ssrc;

const RIDS: [&str; 2] = ["q", "f"];
/// Of the slots; the last one is of sound.
const SSRCS: [u32; 3] = [600, 602, 604];

/// Packets that are later are lost: nobody waits for one longer (see `relay::publish`).
const LATEST: Duration = Duration::from_secs(1);

/// What is not watched for so long is given up (see `relay::watch`).
const GRACE: Duration = Duration::from_secs(2);

/// What becomes of a packet.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    /// It comes with the next `Step::Late`, if that is not too late.
    Late,
}

#[derive(Clone, Debug)]
enum Step {
    Frame {
        camera: usize,
        keyframe: bool,
        fates: Vec<Fate>,
    },
    Sound {
        fate: Fate,
    },
    Late,
    Map {
        slot: usize,
        camera: usize,
    },
    Hear,
    Unmap {
        slot: usize,
    },
    Limit {
        slot: usize,
        temporal: Option<u8>,
    },
    Nack {
        slot: usize,
        back: u16,
    },
    Pli {
        slot: usize,
    },
    Report {
        camera: usize,
        late: u64,
    },
    /// The publisher goes on under another SSRC.
    Restart {
        camera: usize,
    },
    /// The track goes and another comes.
    Replace,
    Pass {
        millis: u64,
    },
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Arrives),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Twice),
        2 => Just(Fate::Late),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let (camera, slot) = (|| 0..2usize, || 0..2usize);
    prop_oneof![
        12 => (camera(), prop::bool::weighted(0.3), prop::collection::vec(fate(), 1..6))
            .prop_map(|(camera, keyframe, fates)| Step::Frame { camera, keyframe, fates }),
        3 => fate().prop_map(|fate| Step::Sound { fate }),
        3 => Just(Step::Late),
        5 => (slot(), camera()).prop_map(|(slot, camera)| Step::Map { slot, camera }),
        1 => Just(Step::Hear),
        3 => (0..3usize).prop_map(|slot| Step::Unmap { slot }),
        1 => (slot(), prop::option::of(0..2u8))
            .prop_map(|(slot, temporal)| Step::Limit { slot, temporal }),
        3 => (slot(), 0..40u16).prop_map(|(slot, back)| Step::Nack { slot, back }),
        1 => slot().prop_map(|slot| Step::Pli { slot }),
        1 => (camera(), 0..400u64).prop_map(|(camera, late)| Step::Report { camera, late }),
        1 => camera().prop_map(|camera| Step::Restart { camera }),
        1 => Just(Step::Replace),
        6 => (0..120u64).prop_map(|millis| Step::Pass { millis }),
        1 => (300..4_000u64).prop_map(|millis| Step::Pass { millis }),
    ]
}

/// How far the RTP clocks of a slot are apart here and there. They are not, but for one thing:
/// where a slot has shown nothing for so long that its track was given up there, another picture of
/// the same camera is put behind the last one by the time that has passed, instead of by what the
/// publisher's reports say of that.
#[derive(Default)]
struct Clocks {
    /// By SSRC: when its latest packet came, and the difference.
    slots: HashMap<u32, (Instant, u32)>,
}

impl Clocks {
    /// The packets of `there` on the clocks of `here`.
    fn align(&mut self, now: Instant, here: &[Rtp], there: &[Rtp]) -> Vec<Rtp> {
        let mut aligned = there.to_vec();
        for (one, other) in here.iter().zip(&mut aligned) {
            let apart = one.timestamp.wrapping_sub(other.timestamp);
            let slot = self.slots.entry(one.ssrc & !1).or_insert((now, 0));
            if now.since(slot.0) >= GRACE && apart.cast_signed().abs() < 90_000 {
                slot.1 = apart;
            }
            slot.0 = now;
            other.timestamp = other.timestamp.wrapping_add(slot.1);
        }
        aligned
    }

    fn are_one(&self) -> bool {
        self.slots.values().all(|(_, apart)| *apart == 0)
    }
}

fn layered(ssrc: u32, rid: &str) -> Vp8 {
    let mut camera = Vp8::new(ssrc, "v", Some(rid));
    camera.layered = true;
    camera
}

struct Run {
    pair: Pair,
    publisher: usize,
    track: UpTrackId,
    sound: UpTrackId,
    slots: [SlotId; 3],
    cameras: [Vp8; 2],
    microphone: Opus,
    late: Vec<(Instant, Rtp)>,
    next_ssrc: u32,
}

impl Run {
    fn new() -> Self {
        let mut pair = Pair::new();
        // The same first, so that both engines draw the same numbers for it.
        let slots = [&mut pair.here, &mut pair.there].map(|world| {
            let viewer = world.join();
            let [first, second, sound] = SSRCS;
            [
                world.slot(viewer, Kind::Video, first, Some(first + 1)),
                world.slot(viewer, Kind::Video, second, None),
                world.slot(viewer, Kind::Audio, sound, None),
            ]
        });
        assert_eq!(slots[0], slots[1]);
        let publisher = pair.here.join();
        let track = pair.here.track(publisher, Kind::Video, "v", &RIDS);
        let sound = pair.here.track(publisher, Kind::Audio, "a", &[]);
        Self {
            pair,
            publisher,
            track,
            sound,
            slots: slots[0],
            cameras: [layered(10, RIDS[0]), layered(3_000, RIDS[1])],
            microphone: Opus::new(30, "a"),
            late: Vec::new(),
            next_ssrc: 5_000,
        }
    }

    fn send(&mut self, packet: Rtp, fate: Fate) {
        match fate {
            Fate::Lost => return,
            Fate::Late => return self.late.push((self.pair.here.now, packet)),
            Fate::Twice => self.pair.here.send(self.publisher, &packet),
            Fate::Arrives => {}
        }
        self.pair.here.send(self.publisher, &packet);
        self.pair.settle();
    }

    fn both(&mut self, command: &Command) {
        self.pair.here.command(command.clone());
        self.pair.there.command(command.clone());
    }

    fn map(&mut self, slot: usize, track: UpTrackId, rid: &str) {
        self.pair.here.map(self.slots[slot], track, rid);
        self.pair.map(self.slots[slot], track, rid);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Frame { camera, keyframe, fates } => {
                let frame = self.cameras[camera].frame(keyframe, fates.len());
                for (packet, fate) in frame.into_iter().zip(fates) {
                    self.send(packet, fate);
                }
            }
            Step::Sound { fate } => {
                let packet = self.microphone.packet();
                self.send(packet, fate);
            }
            Step::Late => {
                for (sent, packet) in std::mem::take(&mut self.late) {
                    if self.pair.here.now.since(sent) <= LATEST {
                        self.send(packet, Fate::Arrives);
                    }
                }
            }
            Step::Map { slot, camera } => self.map(slot, self.track, RIDS[camera]),
            Step::Hear => self.map(2, self.sound, ""),
            Step::Unmap { slot } => {
                self.both(&Command::MapSlot { slot: self.slots[slot], source: None });
            }
            Step::Limit { slot, temporal } => {
                let slot = self.slots[slot];
                self.both(&Command::LimitSlot { slot, spatial: None, temporal });
            }
            Step::Nack { slot, back } => {
                let ssrc = SSRCS[slot];
                let last = self.pair.here.peers[0].of(ssrc).last().map_or(0, |p| p.sequence);
                for world in [&mut self.pair.here, &mut self.pair.there] {
                    world.nack(0, ssrc, &[last.wrapping_sub(back), last]);
                }
            }
            Step::Pli { slot } => {
                self.pair.here.pli(0, SSRCS[slot]);
                self.pair.there.pli(0, SSRCS[slot]);
            }
            Step::Report { camera, late } => {
                let now = self.pair.here.now.0 / 1_000_000;
                let info = SenderInfo {
                    ntp: (now.saturating_sub(late) << 32) / 1_000,
                    rtp_timestamp: self.cameras[camera].timestamp,
                    ..SenderInfo::default()
                };
                let mut datagram = Vec::new();
                let ssrc = Ssrc(self.cameras[camera].ssrc);
                rtcp::sender_report(&mut datagram, ssrc, &info, &[]);
                self.pair.here.send_rtcp(self.publisher, datagram);
            }
            Step::Restart { camera } => {
                self.next_ssrc += 2;
                let rid = RIDS[camera];
                self.cameras[camera] = layered(self.next_ssrc, rid);
            }
            Step::Replace => {
                self.pair.here.command(Command::RemoveUpTrack { up_track: self.track });
                self.pair.settle();
                self.track = self.pair.here.track(self.publisher, Kind::Video, "v", &RIDS);
            }
            Step::Pass { millis } => self.pair.run(millis),
        }
        self.pair.settle();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_viewer_over_a_relay_gets_the_same(steps in prop::collection::vec(step(), 1..120)) {
        let mut run = Run::new();
        run.step(Step::Map { slot: 0, camera: 0 });
        run.step(Step::Hear);
        let (mut media, mut control, mut clocks) = (0, 0, Clocks::default());
        for step in steps {
            run.step(step);
            let [here, there] = [&run.pair.here.peers[0], &run.pair.there.peers[0]];
            let aligned = clocks.align(run.pair.here.now, &here.rtp[media..], &there.rtp[media..]);
            prop_assert_eq!(&here.rtp[media..], &aligned[..]);
            if clocks.are_one() {
                prop_assert_eq!(&here.rtcp[control..], &there.rtcp[control..]);
            }
            (media, control) = (here.rtp.len(), here.rtcp.len());
        }
        let publisher = run.pair.here.transport(run.publisher);
        run.pair.here.command(Command::RemoveTransport { transport: publisher });
        run.pair.settle();
        prop_assert_eq!(run.pair.here.engine.census(), run.pair.there.engine.census());
        prop_assert_eq!(run.pair.there.engine.census().relays, 0);
        run.pair.run(30_000);
    }
}
