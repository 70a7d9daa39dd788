//! Who wants an encoding just after a keyframe of it is sent that one, and what has come since.

mod support;

use support::media::{Vp8, is_keyframe_start, picture};
use support::world::World;
use trio_sfu_core::command::Kind;
use trio_sfu_core::ids::{SlotId, UpTrackId};

struct Stage {
    world: World,
    publisher: usize,
    viewer: usize,
    track: UpTrackId,
    slot: SlotId,
    low: Vp8,
    high: Vp8,
}

impl Stage {
    /// A viewer of the lower one of two encodings.
    fn new() -> Self {
        let mut world = World::new();
        let (publisher, viewer) = (world.join(), world.join());
        let track = world.track(publisher, Kind::Video, "1", &["q", "f"]);
        let slot = world.slot(viewer, Kind::Video, 600, Some(601));
        world.map(slot, track, "q");
        let (low, high) = (Vp8::new(100, "1", Some("q")), Vp8::new(30_000, "1", Some("f")));
        let mut stage = Self { world, publisher, viewer, track, slot, low, high };
        stage.film([true, true], 1);
        stage.film([false, false], 11);
        stage
    }

    /// Frames of both; whether the first one of each is a keyframe.
    fn film(&mut self, keyframes: [bool; 2], frames: usize) {
        for number in 0..frames {
            let [low, high] = keyframes.map(|keyframe| keyframe && number == 0);
            let mut packets = self.low.frame(low, 1);
            packets.extend(self.high.frame(high, 2));
            for packet in &packets {
                self.world.send(self.publisher, packet);
            }
            self.world.run(33);
        }
    }

    fn switch(&mut self) {
        self.world.map(self.slot, self.track, "f");
        self.world.run(0);
    }

    fn seen(&self) -> Vec<&support::Rtp> {
        self.world.peers[self.viewer].of(600)
    }
}

#[test]
fn a_picture_that_has_just_come_is_shown_at_once_and_nobody_is_asked() {
    let mut stage = Stage::new();
    stage.film([false, true], 6);
    let (asked, before) = (stage.world.counter("plis_sent"), stage.seen().len());
    stage.switch();
    let seen = stage.seen();
    assert_eq!(seen.len() - before, 6 * 2, "all since the keyframe");
    assert!(is_keyframe_start(seen[before]));
    assert_eq!(stage.world.counter("slots_joined"), 1);
    stage.film([false, false], 3);
    let seen = stage.seen();
    assert_eq!(seen.len() - before, 9 * 2);
    for pair in seen[before - 1..].windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        let same = step == 0;
        assert!(step < 0x8000_0000, "timestamps go on");
        let ((id, tl0), (next_id, next_tl0)) = (picture(pair[0]), picture(pair[1]));
        assert_eq!(next_id, (id + u16::from(!same)) & 0x7fff, "picture ids go on");
        assert_eq!(next_tl0, tl0.wrapping_add(u8::from(!same)));
    }
    assert_eq!(stage.world.counter("plis_sent"), asked);
}

#[test]
fn time_goes_on_from_what_was_shown() {
    let mut stage = Stage::new();
    stage.film([false, true], 6);
    let before = stage.seen().len();
    stage.switch();
    stage.film([false, false], 2);
    let seen = stage.seen();
    let since = |number: usize| seen[number].timestamp.wrapping_sub(seen[before - 1].timestamp);
    // The newest is as old as what was shown: it follows by the least that tells six apart.
    assert_eq!((since(before), since(before + 11)), (1, 300));
    // From there on it is as if nobody had looked back.
    assert_eq!((since(before + 12), since(before + 14)), (3_300, 6_300));
}

#[test]
fn what_was_there_before_can_be_sent_again() {
    let mut stage = Stage::new();
    stage.film([false, true], 6);
    let before = stage.seen().len();
    stage.switch();
    let original = stage.seen()[before + 5].clone();
    stage.world.nack(stage.viewer, 600, &[original.sequence]);
    stage.world.run(0);
    let repairs = stage.world.peers[stage.viewer].of(601);
    assert_eq!(repairs.len(), 1);
    assert_eq!(repairs[0].timestamp, original.timestamp);
    assert_eq!(repairs[0].payload[2..], original.payload);
}

#[test]
fn a_picture_of_some_time_ago_is_left_alone_and_another_asked_for() {
    let mut stage = Stage::new();
    stage.film([false, true], 10);
    let (asked, before) = (stage.world.counter("plis_sent"), stage.seen().len());
    stage.switch();
    assert_eq!(stage.seen().len(), before);
    assert_eq!(stage.world.counter("plis_sent"), asked + 1, "at once");
}
