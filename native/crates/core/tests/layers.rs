//! A viewer gets fewer layers than there are: what it gets must decode.

mod support;

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use support::Rtp;
use support::decoder::{Seen, check_continuity, decode};
use support::scalable::{Frame, Mode, Scalable};
use support::world::{World, count_rtcp, is_pli};
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_wire::codec::Codec;

const VIEW: u32 = 600;

struct Stage {
    world: World,
    publisher: usize,
    viewer: usize,
    track: UpTrackId,
    slot: SlotId,
    encoder: Scalable,
    frames: HashMap<u32, Frame>,
    /// Frames of which packets were lost, and how many packets were.
    lost: HashSet<u32>,
    missing: usize,
    /// Packets on their way: in how many pictures' time they arrive.
    late: Vec<(u32, Rtp)>,
    plis: usize,
    /// Key pictures whose first packet came late, and with it what the templates mean.
    unknown: Vec<u32>,
}

impl Stage {
    fn new(mode: Mode) -> Self {
        let mut world = World::new();
        let (publisher, viewer) = (world.join(), world.join());
        let track = world.track(publisher, Kind::Video, "1", &[]);
        let slot = world.slot(viewer, Kind::Video, VIEW, Some(VIEW + 1));
        world.map(slot, track, "");
        let encoder = Scalable::new(mode, 65_000, "1", None);
        let (frames, lost, late) = (HashMap::new(), HashSet::new(), Vec::new());
        Self {
            world,
            publisher,
            viewer,
            track,
            slot,
            encoder,
            frames,
            lost,
            missing: 0,
            late,
            plis: 0,
            unknown: Vec::new(),
        }
    }

    fn limit(&mut self, spatial: Option<u8>, temporal: Option<u8>) {
        if self.encoder.mode.flexible {
            // What a frame depends on that is on its way is not known before it is there: some
            // of what comes behind it may be of no use when more layers are wanted just then.
            let next = self.frames.len() as u32 / u32::from(self.encoder.mode.spatial);
            self.unknown.extend([next, next + 6]);
        }
        self.world.command(Command::LimitSlot { slot: self.slot, spatial, temporal });
    }

    /// A picture, a 30th of a second; `fate` says of a packet's number in it what becomes of it.
    fn picture(&mut self, key: bool, packets: usize, mut fate: impl FnMut() -> Fate) {
        let asked = count_rtcp(&self.world.peers[self.publisher].rtcp, is_pli);
        let key = key || asked > self.plis;
        self.plis = asked;
        let mut now: Vec<Rtp> = Vec::new();
        let mut brings: Option<(u32, Rtp)> = None;
        for frame in self.encoder.picture(key, packets) {
            for packet in &frame.packets {
                if frame.key && self.encoder.mode.described {
                    brings.get_or_insert_with(|| (frame.picture, packet.clone()));
                }
                match fate() {
                    Fate::Arrives => now.push(packet.clone()),
                    Fate::Late(pictures) => self.late.push((pictures, packet.clone())),
                    Fate::Swapped => now.insert(now.len().saturating_sub(1), packet.clone()),
                    Fate::Lost => {
                        self.lost.insert(frame.id);
                        self.missing += 1;
                    }
                }
            }
            self.frames.insert(frame.id, frame);
        }
        if let Some((picture, first)) = brings
            && now.first() != Some(&first)
        {
            self.unknown.push(picture);
        }
        for packet in now {
            self.world.send(self.publisher, &packet);
        }
        let mut due = Vec::new();
        self.late.retain_mut(|(pictures, packet)| {
            let arrives = *pictures == 0;
            if arrives {
                due.push(packet.clone());
            } else {
                *pictures -= 1;
            }
            !arrives
        });
        for packet in due {
            self.world.send(self.publisher, &packet);
        }
        self.world.run(33);
    }

    fn pictures(&mut self, count: usize) {
        for _ in 0..count {
            self.picture(false, 2, || Fate::Arrives);
        }
    }

    fn finish(&mut self) -> Seen {
        for (_, packet) in std::mem::take(&mut self.late) {
            self.world.send(self.publisher, &packet);
        }
        self.world.run(33);
        let packets = self.world.peers[self.viewer].of(VIEW);
        let (codec, size) = (self.encoder.mode.codec, self.encoder.size);
        let unknown =
            |picture: u32| self.unknown.iter().any(|&key| (key..key + 6).contains(&picture));
        decode(&self.frames, &self.lost, self.missing, unknown, &packets, codec, size)
    }

    /// The layers of the frames that came whole with the latest `count` pictures.
    fn shown(&mut self, count: usize) -> Vec<(u8, u8)> {
        let seen = self.finish();
        let latest = self.frames.values().map(|frame| frame.picture).max().unwrap_or(0);
        let mut layers: Vec<(u8, u8)> = seen
            .whole
            .iter()
            .map(|id| &self.frames[id])
            .filter(|frame| frame.picture as usize + count > latest as usize)
            .map(|frame| (frame.spatial, frame.temporal))
            .collect();
        layers.sort_unstable();
        layers.dedup();
        layers
    }

    fn continuity(&mut self) {
        let seen = self.finish();
        check_continuity(&self.frames, &seen, self.encoder.mode.codec, self.encoder.size);
    }
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Swapped,
    Late(u32),
    Lost,
}

fn modes() -> Vec<Mode> {
    let flexible = Mode { flexible: true, ..Mode::new(Codec::Vp9, 3) };
    vec![
        Mode::new(Codec::Vp8, 1),
        Mode::new(Codec::Vp9, 1),
        Mode::new(Codec::Vp9, 3),
        Mode { key: true, ..Mode::new(Codec::Vp9, 3) },
        flexible,
        Mode { key: true, ..flexible },
        Mode { described: true, ..Mode::new(Codec::Vp8, 1) },
        Mode { described: true, key: true, ..Mode::new(Codec::Vp9, 3) },
        Mode::new(Codec::Av1, 1),
        Mode::new(Codec::Av1, 3),
        Mode { key: true, ..Mode::new(Codec::Av1, 3) },
    ]
}

/// The spatial layers whose frames go on being needed for the highest of them.
fn needed(mode: Mode, spatial: u8) -> std::ops::RangeInclusive<u8> {
    if mode.key { spatial..=spatial } else { 0..=spatial }
}

fn expected(mode: Mode, spatial: u8, temporal: u8) -> Vec<(u8, u8)> {
    let spatial = needed(mode, spatial.min(mode.spatial - 1));
    spatial.flat_map(|spatial| (0..=temporal.min(2)).map(move |t| (spatial, t))).collect()
}

#[test]
fn every_layer_can_be_chosen_and_left_again() {
    for mode in modes() {
        let mut stage = Stage::new(mode);
        stage.pictures(10);
        for (spatial, temporal) in [(0, 0), (2, 2), (1, 1), (2, 0), (0, 2), (1, 2), (2, 1)] {
            stage.limit(Some(spatial), Some(temporal));
            stage.pictures(40);
            let shown = stage.shown(16);
            assert_eq!(shown, expected(mode, spatial, temporal), "{mode:?} {spatial} {temporal}");
        }
        stage.limit(None, None);
        stage.pictures(40);
        let all = stage.shown(16);
        assert!(expected(mode, 2, 2).iter().all(|layer| all.contains(layer)), "{mode:?} {all:?}");
        stage.continuity();
    }
}

#[test]
fn a_temporal_layer_is_left_with_the_next_picture_and_comes_back_without_a_keyframe() {
    for mode in modes() {
        let mut stage = Stage::new(mode);
        stage.pictures(21);
        let highest = stage.encoder.mode.spatial - 1;
        stage.limit(Some(highest), Some(0));
        stage.pictures(3);
        assert!(stage.shown(3).iter().all(|(_, temporal)| *temporal == 0), "{mode:?}");
        stage.limit(Some(highest), Some(2));
        stage.pictures(18);
        assert!(stage.shown(4).contains(&(highest, 2)), "{mode:?}");
        assert_eq!(stage.plis, 0, "{mode:?}");
        stage.continuity();
    }
}

#[test]
fn whoever_comes_with_a_limit_has_only_that_layer() {
    for mode in modes() {
        let mut stage = Stage::new(mode);
        stage.limit(Some(0), Some(1));
        stage.pictures(20);
        let seen = stage.finish();
        let layers = seen.whole.iter().map(|id| &stage.frames[id]);
        assert!(layers.into_iter().all(|frame| frame.spatial == 0 && frame.temporal <= 1));
        assert_eq!(seen.whole.len(), 10, "{mode:?}");
        stage.continuity();
    }
}

#[test]
fn a_keyframe_that_comes_after_the_next_one_changes_nothing() {
    let mut stage = Stage::new(Mode::new(Codec::Av1, 1));
    stage.pictures(10);
    stage.limit(None, Some(0));
    let mut first = true;
    stage.picture(
        true,
        1,
        || {
            if std::mem::take(&mut first) { Fate::Late(1) } else { Fate::Arrives }
        },
    );
    stage.picture(true, 1, || Fate::Arrives);
    stage.pictures(24);
    assert_eq!(stage.shown(16), [(0, 0)]);
}

#[test]
fn a_late_keyframe_counts_however_long_ago_the_one_before_was() {
    let mut stage = Stage::new(Mode::new(Codec::Av1, 1));
    stage.pictures(10);
    stage.limit(None, Some(0));
    // As after minutes without a keyframe.
    stage.encoder.frame_number = stage.encoder.frame_number.wrapping_add(40_000);
    let mut first = true;
    stage.picture(
        true,
        2,
        || {
            if std::mem::take(&mut first) { Fate::Late(0) } else { Fate::Arrives }
        },
    );
    stage.pictures(24);
    assert_eq!(stage.shown(16), [(0, 0)]);
}

#[test]
fn layers_of_encrypted_frames_are_known_from_their_descriptors() {
    for codec in [Codec::Vp8, Codec::Vp9, Codec::Av1] {
        let spatial = if codec == Codec::Vp8 { 1 } else { 3 };
        let mode = Mode { described: true, encrypted: true, ..Mode::new(codec, spatial) };
        let mut stage = Stage::new(mode);
        stage.pictures(10);
        for (spatial, temporal) in [(0, 0), (2, 2), (1, 1)] {
            stage.limit(Some(spatial), Some(temporal));
            stage.pictures(40);
            assert_eq!(stage.shown(16), expected(mode, spatial, temporal), "{mode:?}");
        }
        // Noise is taken for no keyframe.
        assert_eq!(stage.world.counter("keyframes_received") as usize, stage.plis + 1);
        stage.continuity();
    }
}

#[test]
fn what_layers_cost_is_told() {
    for mode in modes() {
        let mut stage = Stage::new(mode);
        stage.pictures(75);
        let told = stage.world.take_events().into_iter().rev().find_map(|event| match event {
            Event::LayersMeasured { up_track, layers } if up_track == stage.track => Some(layers),
            _ => None,
        });
        let told = told.expect("told");
        assert_eq!(told.len(), usize::from(mode.spatial) * 3, "{mode:?}");
        let lowest = told[0].bitrate;
        let highest = told[told.len() - 1];
        // 4 pictures a cycle, one of them of the base layer; sizes are equal.
        let layers = u64::from(if mode.key { 1 } else { mode.spatial });
        let ratio = highest.bitrate as f64 / lowest as f64;
        let slack = if mode.key { 2.5 } else { 1.0 };
        assert!((ratio - 4.0 * layers as f64).abs() < slack, "{mode:?} {ratio} {told:?}");
        if mode.codec == Codec::Vp9 || mode.described {
            let layer = mode.spatial - 1;
            assert_eq!((highest.width, highest.height), (320 << layer, 180 << layer), "{mode:?}");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Limit(Option<u8>, Option<u8>),
    Pictures { count: usize, packets: usize, key: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let layer = || prop::option::weighted(0.9, 0u8..3);
    prop_oneof![
        1 => (layer(), layer()).prop_map(|(spatial, temporal)| Step::Limit(spatial, temporal)),
        2 => (1usize..12, 1usize..4, prop::bool::weighted(0.05))
            .prop_map(|(count, packets, key)| Step::Pictures { count, packets, key }),
    ]
}

fn run(mode: Mode, steps: &[Step], fates: &[Fate]) -> Stage {
    let mut stage = Stage::new(mode);
    // The first picture comes whole, so that the slot has begun.
    stage.picture(true, 2, || Fate::Arrives);
    let mut fates = fates.iter().copied().cycle();
    for step in steps {
        match *step {
            Step::Limit(spatial, temporal) => stage.limit(spatial, temporal),
            Step::Pictures { count, packets, key } => {
                for index in 0..count {
                    let key = key && index == 0;
                    stage.picture(key, packets, || fates.next().unwrap_or(Fate::Arrives));
                }
            }
        }
    }
    stage
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn the_numbers_go_on_while_layers_come_and_go(
        mode in prop::sample::select(modes()),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        run(mode, &steps, &[]).continuity();
    }

    #[test]
    fn what_arrives_out_of_order_finds_its_number(
        mode in prop::sample::select(modes()),
        steps in prop::collection::vec(step(), 1..30),
        fates in prop::collection::vec(
            prop_oneof![
                12 => Just(Fate::Arrives),
                1 => Just(Fate::Swapped),
                1 => (0u32..4).prop_map(Fate::Late),
            ],
            97,
        ),
    ) {
        let mut stage = run(mode, &steps, &fates);
        stage.finish();
    }

    #[test]
    fn what_is_lost_costs_nothing_else(
        mode in prop::sample::select(modes()),
        steps in prop::collection::vec(step(), 1..30),
        fates in prop::collection::vec(
            prop_oneof![
                20 => Just(Fate::Arrives),
                1 => Just(Fate::Swapped),
                1 => (0u32..4).prop_map(Fate::Late),
                1 => Just(Fate::Lost),
            ],
            101,
        ),
    ) {
        let mut stage = run(mode, &steps, &fates);
        stage.finish();
    }
}
