//! Whatever peers, the control plane and the network do in whatever order: the engine
//! does not panic, its deadlines pass, its census is right, its streams stay continuous.

mod support;

use std::collections::HashMap;

use proptest::prelude::*;
use support::media::{Opus, Vp8};
use support::world::World;
use support::{Rtp, at, ms};
use trio_sfu_core::census::Census;
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::config::Config;
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_wire::rtp::{Rid, Ssrc};

const PEERS: usize = 3;
const RIDS: [&str; 2] = ["q", "f"];

#[derive(Clone, Debug)]
enum Step {
    Camera {
        peer: usize,
        layer: usize,
        keyframe: bool,
        packets: usize,
        lost: u8,
        swapped: bool,
    },
    Microphone {
        peer: usize,
    },
    Rtp {
        peer: usize,
        payload_type: u8,
        ssrc: u32,
        sequence: u16,
        bytes: Vec<u8>,
        extension: Vec<u8>,
    },
    Rtcp {
        peer: usize,
        bytes: Vec<u8>,
    },
    Nack {
        peer: usize,
        slot: usize,
        back: u16,
    },
    Pli {
        peer: usize,
        slot: usize,
    },
    Garbage {
        peer: usize,
        bytes: Vec<u8>,
    },
    Check {
        peer: usize,
    },
    /// Other credentials for the peer, which its client learns of sooner or later.
    RestartIce {
        peer: usize,
        told: bool,
    },
    /// A check from another of the peer's ports, under its old credentials or its newest.
    Roam {
        peer: usize,
        port: u16,
        newest: bool,
        nominate: bool,
    },
    Map {
        slot: usize,
        track: usize,
        rid: usize,
    },
    Unmap {
        slot: usize,
    },
    Keyframe {
        track: usize,
        rid: usize,
    },
    AddTrack {
        peer: usize,
        video: bool,
    },
    AddSlot {
        peer: usize,
        video: bool,
        rtx: bool,
    },
    RemoveTrack {
        track: usize,
    },
    RemoveSlot {
        slot: usize,
    },
    Pass {
        millis: u64,
    },
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..max)
}

fn step() -> impl Strategy<Value = Step> {
    let peer = || 0..PEERS;
    let any_of = || 0..8usize;
    prop_oneof![
        8 => (peer(), 0..2usize, any::<bool>(), 1..6usize, any::<u8>(), any::<bool>()).prop_map(
            |(peer, layer, keyframe, packets, lost, swapped)| Step::Camera {
                peer, layer, keyframe, packets, lost, swapped
            }
        ),
        4 => peer().prop_map(|peer| Step::Microphone { peer }),
        2 => (peer(), 90..112u8, 0..9u32, any::<u16>(), bytes(40), bytes(30)).prop_map(
            |(peer, payload_type, ssrc, sequence, bytes, extension)| Step::Rtp {
                peer, payload_type, ssrc, sequence, bytes, extension
            }
        ),
        1 => (peer(), bytes(80)).prop_map(|(peer, bytes)| Step::Rtcp { peer, bytes }),
        3 => (peer(), any_of(), 0..40u16)
            .prop_map(|(peer, slot, back)| Step::Nack { peer, slot, back }),
        1 => (peer(), any_of()).prop_map(|(peer, slot)| Step::Pli { peer, slot }),
        1 => (peer(), bytes(80)).prop_map(|(peer, bytes)| Step::Garbage { peer, bytes }),
        1 => peer().prop_map(|peer| Step::Check { peer }),
        1 => (peer(), any::<bool>()).prop_map(|(peer, told)| Step::RestartIce { peer, told }),
        1 => (peer(), 6000..6012u16, any::<bool>(), any::<bool>()).prop_map(
            |(peer, port, newest, nominate)| Step::Roam { peer, port, newest, nominate }
        ),
        4 => (any_of(), any_of(), 0..3usize)
            .prop_map(|(slot, track, rid)| Step::Map { slot, track, rid }),
        1 => any_of().prop_map(|slot| Step::Unmap { slot }),
        1 => (any_of(), 0..3usize).prop_map(|(track, rid)| Step::Keyframe { track, rid }),
        2 => (peer(), any::<bool>()).prop_map(|(peer, video)| Step::AddTrack { peer, video }),
        2 => (peer(), any::<bool>(), any::<bool>())
            .prop_map(|(peer, video, rtx)| Step::AddSlot { peer, video, rtx }),
        1 => any_of().prop_map(|track| Step::RemoveTrack { track }),
        1 => any_of().prop_map(|slot| Step::RemoveSlot { slot }),
        6 => (0..200u64).prop_map(|millis| Step::Pass { millis }),
        1 => (1000..20_000u64).prop_map(|millis| Step::Pass { millis }),
    ]
}

struct Run {
    world: World,
    cameras: Vec<[Vp8; 2]>,
    microphones: Vec<Opus>,
    tracks: Vec<(UpTrackId, usize)>,
    /// With the peer and the SSRC.
    slots: Vec<(SlotId, usize, u32)>,
    next_ssrc: u32,
    /// By peer, the credentials of the latest restart, if they were not nominated yet.
    restarts: Vec<Option<Credentials>>,
    /// Every one there was; all are free again at the end.
    ufrags: Vec<String>,
    /// What must not be answered any more.
    abandoned: Vec<(usize, Credentials)>,
}

type Credentials = (String, String);

impl Run {
    fn new() -> Self {
        let config = Config { ntp_epoch: 7 << 32, max_events: 50, ..Config::default() };
        let mut world = World::with(config);
        for _ in 0..PEERS {
            world.join();
        }
        let cameras = (0..PEERS)
            .map(|_| [Vp8::new(10, "v", Some("q")), Vp8::new(64_020, "v", Some("f"))])
            .collect();
        let microphones = (0..PEERS).map(|_| Opus::new(30, "a")).collect();
        let (tracks, slots) = (Vec::new(), Vec::new());
        let (restarts, abandoned) = (vec![None; PEERS], Vec::new());
        let ufrags = world.peers.iter().map(|peer| peer.ufrag.clone()).collect();
        let next_ssrc = 1000;
        Self { world, cameras, microphones, tracks, slots, next_ssrc, restarts, ufrags, abandoned }
    }

    fn rid(index: usize) -> Rid {
        RIDS.get(index).map_or(Rid::EMPTY, |rid| support::rid(rid))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Camera { peer, layer, keyframe, packets, lost, swapped } => {
                let mut frame = self.cameras[peer][layer].frame(keyframe, packets);
                if swapped {
                    frame.reverse();
                }
                for (index, packet) in frame.iter().enumerate() {
                    if lost >> index & 1 == 0 || lost > 128 {
                        self.world.send(peer, packet);
                    }
                }
            }
            Step::Microphone { peer } => {
                let packet = self.microphones[peer].packet();
                self.world.send(peer, &packet);
            }
            Step::Rtp { peer, payload_type, ssrc, sequence, bytes, extension } => {
                let rtp = Rtp { ssrc, payload_type, sequence, payload: bytes, ..Rtp::default() };
                let id = extension.first().map_or(1, |byte| byte % 9 + 1);
                self.world.send(peer, &rtp.with(id, &extension));
            }
            Step::Rtcp { peer, bytes } => {
                let mut compound = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
                compound.extend(bytes);
                self.world.send_rtcp(peer, compound);
            }
            Step::Nack { peer, slot, back } => {
                let Some(&(_, owner, ssrc)) = self.slots.get(slot) else { return };
                let last = self.world.peers[owner].of(ssrc).last().map_or(0, |p| p.sequence);
                self.world.nack(peer, ssrc, &[last.wrapping_sub(back), last]);
            }
            Step::Pli { peer, slot } => {
                let Some(&(_, _, ssrc)) = self.slots.get(slot) else { return };
                self.world.pli(peer, ssrc);
            }
            Step::Garbage { peer, mut bytes } => {
                let address = self.world.peers[peer].address;
                self.world.engine.handle_datagram(self.world.now, address, &mut bytes);
            }
            Step::Check { peer } => self.world.check(peer),
            Step::RestartIce { peer, told } => self.restart_ice(peer, told),
            Step::Roam { peer, port, newest, nominate } => {
                let credentials = self.restarts[peer].clone().filter(|_| newest);
                let mut from = self.world.peers[peer].address;
                from.set_port(port);
                let known = self.credentials(peer);
                let answered =
                    self.check(peer, credentials.as_ref().unwrap_or(&known), from, nominate);
                if answered && nominate {
                    // The client moves there, and its media with it.
                    self.world.peers[peer].address = from;
                    if let Some(restarted) = credentials {
                        self.abandoned.push((peer, known));
                        self.adopt(peer, restarted);
                    }
                }
            }
            Step::Map { slot, track, rid } => {
                let (Some(slot), Some(track)) = (self.slots.get(slot), self.tracks.get(track))
                else {
                    return;
                };
                let source = Some((track.0, Self::rid(rid)));
                let command = Command::MapSlot { slot: slot.0, source };
                let _ = self.world.engine.handle_command(self.world.now, command);
            }
            Step::Unmap { slot } => {
                let Some(slot) = self.slots.get(slot) else { return };
                self.world.unmap(slot.0);
            }
            Step::Keyframe { track, rid } => {
                let Some(track) = self.tracks.get(track) else { return };
                let command = Command::RequestKeyframe { up_track: track.0, rid: Self::rid(rid) };
                let _ = self.world.engine.handle_command(self.world.now, command);
            }
            Step::AddTrack { peer, video } => {
                let (kind, mid, rids) =
                    if video { (Kind::Video, "v", &RIDS[..]) } else { (Kind::Audio, "a", &[][..]) };
                let track = self.world.track(peer, kind, mid, rids);
                self.tracks.push((track, if video { 2 } else { 1 }));
            }
            Step::AddSlot { peer, video, rtx } => {
                self.next_ssrc += 2;
                let kind = if video { Kind::Video } else { Kind::Audio };
                let rtx = rtx.then_some(self.next_ssrc + 1);
                let slot = self.world.slot(peer, kind, self.next_ssrc, rtx);
                self.slots.push((slot, peer, self.next_ssrc));
            }
            Step::RemoveTrack { track } => {
                if track < self.tracks.len() {
                    let (up_track, _) = self.tracks.swap_remove(track);
                    self.world.command(Command::RemoveUpTrack { up_track });
                }
            }
            Step::RemoveSlot { slot } => {
                if slot < self.slots.len() {
                    let (slot, _, _) = self.slots.swap_remove(slot);
                    self.world.command(Command::RemoveSlot { slot });
                }
            }
            Step::Pass { millis } => self.world.run(millis),
        }
    }

    fn credentials(&self, peer: usize) -> Credentials {
        let peer = &self.world.peers[peer];
        (peer.ufrag.clone(), peer.password.clone())
    }

    fn adopt(&mut self, peer: usize, (ufrag, password): Credentials) {
        self.restarts[peer] = None;
        (self.world.peers[peer].ufrag, self.world.peers[peer].password) = (ufrag, password);
    }

    fn restart_ice(&mut self, peer: usize, told: bool) {
        self.next_ssrc += 2;
        let fresh =
            (format!("fresh{}", self.next_ssrc), format!("passwordOfTheRestart{}", self.next_ssrc));
        let (ice_ufrag, ice_pwd) = fresh.clone();
        self.ufrags.push(ice_ufrag.clone());
        let transport = self.world.transport(peer);
        self.world.command(Command::RestartIce { transport, ice_ufrag, ice_pwd });
        if let Some(earlier) = self.restarts[peer].replace(fresh.clone()) {
            self.abandoned.push((peer, earlier));
        }
        if told {
            let (known, from) = (self.credentials(peer), self.world.peers[peer].address);
            assert!(self.check(peer, &fresh, from, true), "new credentials are answered");
            self.abandoned.push((peer, known));
            self.adopt(peer, fresh);
        }
    }

    /// Whether a check with these credentials counts.
    fn check(
        &mut self,
        peer: usize,
        (ufrag, password): &Credentials,
        from: std::net::SocketAddr,
        nominate: bool,
    ) -> bool {
        let own = std::mem::replace(&mut self.world.peers[peer].ufrag, ufrag.clone());
        let mut check = self.world.peers[peer].check_with(password, nominate);
        self.world.peers[peer].ufrag = own;
        let before = self.world.counter("binding_requests");
        self.world.engine.handle_datagram(self.world.now, from, &mut check);
        self.world.counter("binding_requests") > before
    }

    /// What a restart has ended, or another restart overtaken, is answered no more.
    fn nothing_abandoned_is_answered(&mut self) {
        for (peer, credentials) in std::mem::take(&mut self.abandoned) {
            let from = self.world.peers[peer].address;
            assert!(!self.check(peer, &credentials, from, true), "{credentials:?}");
        }
    }

    fn census(&self) -> Census {
        let encodings: usize = self.tracks.iter().map(|(_, encodings)| encodings).sum();
        let addresses = self.world.engine.census().addresses;
        assert!((PEERS as u64..=8 * PEERS as u64).contains(&addresses), "{addresses}");
        Census {
            transports: PEERS as u64,
            addresses,
            up_tracks: self.tracks.len() as u64,
            encodings: encodings as u64,
            slots: self.slots.len() as u64,
            relays: 0,
        }
    }

    /// No two different packets under one number; timestamps rise with the numbers.
    fn streams_are_sound(&self) {
        for peer in &self.world.peers {
            let mut streams: HashMap<u32, Vec<&Rtp>> = HashMap::new();
            for packet in &peer.rtp {
                streams.entry(packet.ssrc).or_default().push(packet);
            }
            for packets in streams.values_mut() {
                // Repairs have numbers of their own, but timestamps of long ago.
                if packets[0].ssrc % 2 == 1 {
                    continue;
                }
                let first = packets[0].sequence;
                packets.sort_by_key(|packet| packet.sequence.wrapping_sub(first).cast_signed());
                for pair in packets.windows(2) {
                    assert_ne!(pair[0].sequence, pair[1].sequence);
                    let video = pair[0].payload_type == support::VP8
                        && pair[1].payload_type == support::VP8
                        && pair.iter().all(|packet| packet.payload.len() > 100);
                    let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp).cast_signed();
                    assert!(!video || step >= 0, "{pair:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_may_happen(steps in prop::collection::vec(step(), 1..150)) {
        let mut run = Run::new();
        run.step(Step::AddTrack { peer: 0, video: true });
        run.step(Step::AddTrack { peer: 1, video: true });
        run.step(Step::AddSlot { peer: 2, video: true, rtx: true });
        run.step(Step::Map { slot: 0, track: 0, rid: 0 });
        for step in steps {
            run.step(step);
            prop_assert_eq!(run.world.engine.census(), run.census());
        }
        run.world.run(100);
        run.streams_are_sound();
        run.nothing_abandoned_is_answered();
        for peer in 0..PEERS {
            let transport = run.world.transport(peer);
            run.world.command(Command::RemoveTransport { transport });
        }
        prop_assert_eq!(run.world.engine.census(), Census::default());
        for (number, ufrag) in run.ufrags.iter().enumerate() {
            let (id, ice_ufrag) = (TransportId(1_000 + number as u64), ufrag.clone());
            let ice_pwd = "aPasswordOfSomebodyElse".to_owned();
            run.world.command(Command::AddTransport { id, ice_ufrag, ice_pwd });
            run.world.command(Command::RemoveTransport { transport: id });
        }
        run.world.run(30_000);
        prop_assert_eq!(run.world.engine.next_deadline(), None);
    }

    #[test]
    fn a_lossy_network_is_repaired_to_the_last_packet(
        seed in any::<u64>(),
        loss in 1..25u64,
    ) {
        let mut world = World::new();
        let (publisher, viewer) = (world.join(), world.join());
        let track = world.track(publisher, Kind::Video, "1", &[]);
        let slot = world.slot(viewer, Kind::Video, 600, Some(601));
        world.map(slot, track, "");
        let mut state = seed;
        let mut lost = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % 100 < loss
        };
        let mut camera = Vp8::new(2000, "1", None);
        let mut sent: HashMap<u16, Rtp> = HashMap::new();
        for number in 0..60u32 {
            for packet in camera.frame(number == 0, 4) {
                // The first frame arrives, so that the picture has begun.
                if number == 0 || !lost() {
                    world.send(publisher, &packet);
                }
                sent.insert(packet.sequence, packet);
            }
            for _ in 0..3 {
                world.run(11);
                for asked in asked(&mut world, publisher) {
                    if !lost() {
                        let packet = sent[&asked].clone();
                        world.send(publisher, &packet);
                    }
                }
            }
        }
        for _ in 0..60 {
            world.run(11);
            for asked in asked(&mut world, publisher) {
                let packet = sent[&asked].clone();
                world.send(publisher, &packet);
            }
        }
        // What was lost at the very end is not missed by anybody yet.
        let seen = world.peers[viewer].of(600).len() as u64;
        let tail = 240 - seen;
        prop_assert!(tail < 12, "{} of 240 reached the viewer", seen);
    }
}

fn asked(world: &mut World, peer: usize) -> Vec<u16> {
    use trio_sfu_wire::rtcp::{self, Packet};
    let datagrams = std::mem::take(&mut world.peers[peer].rtcp);
    let packets = datagrams.iter().flat_map(|datagram| rtcp::packets(datagram));
    packets
        .filter_map(|packet| match packet {
            Ok(Packet::Nack { sequences, media: Ssrc(2000), .. }) => {
                Some(sequences.collect::<Vec<_>>())
            }
            _ => None,
        })
        .flatten()
        .collect()
}

#[test]
fn time_may_jump() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Audio, "0", &[]);
    for millis in [20_000, 20_001, 10_000_000, u64::MAX / 2_000_000] {
        world.now = at(millis);
        world.send(peer, &Opus::new(1, "0").packet());
        world.settle();
        let next = world.engine.next_deadline();
        assert!(next.is_none_or(|next| next > world.now && next <= world.now + ms(20_000)));
    }
}
