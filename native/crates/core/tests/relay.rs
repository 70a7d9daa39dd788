//! A track of one engine is watched from another.

#![allow(clippy::unwrap_used)]

mod support;

use support::media::{Opus, Vp8, is_keyframe_start};
use support::pair::{HERE, Pair, THERE};
use support::world::{count_rtcp, is_pli};
use trio_sfu_core::census::Census;
use trio_sfu_core::command::{Command, CommandError, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{SlotId, UpTrackId};

/// A publisher here, viewers there; each viewer has one slot, of SSRC 600.
struct Stage {
    pair: Pair,
    publisher: usize,
    track: UpTrackId,
    slots: Vec<SlotId>,
    camera: Vp8,
}

impl Stage {
    fn new(viewers: usize) -> Self {
        let mut pair = Pair::new();
        let publisher = pair.here.join();
        let track = pair.here.track(publisher, Kind::Video, "1", &[]);
        let slots = (0..viewers)
            .map(|_| {
                let viewer = pair.there.join();
                pair.there.slot(viewer, Kind::Video, 600, Some(601))
            })
            .collect();
        let mut stage = Self { pair, publisher, track, slots, camera: Vp8::new(2000, "1", None) };
        stage.film(1, 3);
        stage.pair.run(1_000);
        stage
    }

    fn watch(&mut self) {
        for slot in self.slots.clone() {
            self.pair.map(slot, self.track, "");
        }
    }

    fn frame(&mut self, keyframe: bool, packets: usize) {
        for packet in self.camera.frame(keyframe, packets) {
            self.pair.here.send(self.publisher, &packet);
            self.pair.settle();
        }
    }

    /// So many frames, the first of them a keyframe.
    fn film(&mut self, frames: usize, packets: usize) {
        for number in 0..frames {
            self.frame(number == 0, packets);
        }
    }

    fn seen(&self, viewer: usize) -> usize {
        self.pair.there.peers[viewer].of(600).len()
    }

    fn asked_for_keyframes(&mut self) -> usize {
        count_rtcp(&std::mem::take(&mut self.pair.here.peers[self.publisher].rtcp), is_pli)
    }
}

#[test]
fn viewers_elsewhere_see_it_and_it_is_brought_there_once() {
    let mut stage = Stage::new(3);
    stage.watch();
    assert_eq!(stage.asked_for_keyframes(), 1, "one serves all who came at once");
    let before = stage.pair.here.counter("relay_sent");
    stage.film(10, 4);
    assert_eq!(stage.pair.here.counter("relay_sent") - before, 40);
    for viewer in 0..3 {
        assert_eq!(stage.seen(viewer), 40);
    }
    let first = stage.pair.there.peers[0].of(600)[0].clone();
    assert!(is_keyframe_start(&first));
    let switched: Vec<_> = stage.pair.there.take_events();
    let slot = stage.slots[0];
    let named = |event: &Event| {
        matches!(event, Event::SlotSwitched { slot: s, up_track, .. }
            if *s == slot && *up_track == stage.track)
    };
    assert!(switched.iter().any(named), "under the handle it has where it is published");
}

#[test]
fn sound_is_heard_there() {
    let mut pair = Pair::new();
    let (publisher, viewer) = (pair.here.join(), pair.there.join());
    let track = pair.here.track(publisher, Kind::Audio, "0", &[]);
    let slot = pair.there.slot(viewer, Kind::Audio, 700, None);
    let mut microphone = Opus::new(30, "0");
    pair.map(slot, track, "");
    for _ in 0..10 {
        pair.here.send(publisher, &microphone.packet());
        pair.settle();
    }
    assert_eq!(pair.there.peers[viewer].of(700).len(), 10);
}

#[test]
fn only_what_is_watched_is_relayed() {
    let mut pair = Pair::new();
    let (publisher, viewer) = (pair.here.join(), pair.there.join());
    let track = pair.here.track(publisher, Kind::Video, "1", &["q", "f"]);
    let slot = pair.there.slot(viewer, Kind::Video, 600, None);
    let mut cameras = [Vp8::new(10, "1", Some("q")), Vp8::new(3_000, "1", Some("f"))];
    pair.map(slot, track, "q");
    for _ in 0..5 {
        for camera in &mut cameras {
            for packet in camera.frame(true, 2) {
                pair.here.send(publisher, &packet);
            }
        }
        pair.settle();
    }
    assert_eq!(pair.here.counter("relay_sent"), 10);
    assert_eq!(pair.there.peers[viewer].of(600).len(), 10);
}

#[test]
fn a_lost_picture_is_asked_for_where_the_publisher_is() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    stage.pair.run(1_000);
    stage.asked_for_keyframes();
    stage.pair.there.pli(0, 600);
    stage.pair.settle();
    assert_eq!(stage.asked_for_keyframes(), 1);
}

#[test]
fn who_sees_nothing_has_the_publisher_asked_again() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.pair.run(5_000);
    assert!((5..=7).contains(&stage.asked_for_keyframes()));
}

#[test]
fn retransmissions_are_served_where_the_viewer_is() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    let sequence = stage.pair.there.peers[0].of(600)[4].sequence;
    let before = stage.pair.carried;
    stage.pair.there.nack(0, 600, &[sequence]);
    stage.pair.settle();
    assert_eq!(stage.pair.there.counter("rtx_sent"), 1);
    assert_eq!(stage.pair.carried, before);
}

#[test]
fn what_is_watched_no_more_is_given_up_after_a_while() {
    let mut stage = Stage::new(2);
    stage.watch();
    stage.film(3, 3);
    for slot in stage.slots.clone() {
        assert_eq!(stage.pair.there.engine.census().relays, 1);
        stage.pair.there.unmap(slot);
        stage.pair.run(1_000);
        stage.frame(false, 3);
    }
    stage.pair.run(2_100);
    assert_eq!(stage.pair.there.engine.census().relays, 0);
    let before = stage.pair.here.counter("relay_sent");
    stage.film(2, 3);
    assert_eq!(stage.pair.here.counter("relay_sent"), before);
    stage.pair.run(300);
    stage.watch();
    stage.film(2, 3);
    assert_eq!(stage.seen(0), 9 + 6, "and it can be watched again");
}

#[test]
fn a_relay_that_nobody_used_goes_too() {
    let mut stage = Stage::new(1);
    let config = stage.pair.here.engine.describe_relay(stage.track, HERE).unwrap();
    stage.pair.there.command(Command::AddRelay { id: stage.track, config });
    stage.pair.run(3_000);
    assert_eq!(
        stage.pair.there.engine.census(),
        Census { transports: 1, addresses: 1, slots: 1, ..Census::default() }
    );
}

#[test]
fn when_the_track_ends_it_ends_there() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    let slot = stage.slots[0];
    stage.pair.here.command(Command::RemoveUpTrack { up_track: stage.track });
    stage.pair.settle();
    assert_eq!(stage.pair.there.engine.census().relays, 0);
    assert_eq!(stage.pair.there.engine.slot_stats(slot).unwrap().showing, None);
}

#[test]
fn a_track_that_ended_meanwhile_is_not_waited_for() {
    let mut stage = Stage::new(1);
    let config = stage.pair.here.engine.describe_relay(stage.track, HERE).unwrap();
    stage.pair.here.command(Command::RemoveUpTrack { up_track: stage.track });
    stage.pair.there.command(Command::AddRelay { id: stage.track, config });
    stage.pair.there.map(stage.slots[0], stage.track, "");
    stage.pair.settle();
    assert_eq!(stage.pair.there.engine.census().relays, 0);
    assert!(stage.pair.here.engine.describe_relay(stage.track, HERE).is_err());
}

#[test]
fn a_publisher_that_begins_anew_is_followed() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    stage.camera = Vp8::new(9000, "1", None);
    stage.frame(false, 3);
    assert_eq!(stage.seen(0), 9, "not before a keyframe");
    stage.film(2, 3);
    assert_eq!(stage.seen(0), 15);
}

#[test]
fn an_engine_that_is_lost_takes_its_tracks_with_it() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    stage.pair.there.engine.lose_engine(HERE);
    assert_eq!(stage.pair.there.engine.census().relays, 0);
    assert_eq!(stage.pair.there.engine.slot_stats(stage.slots[0]).unwrap().showing, None);
    stage.pair.here.engine.lose_engine(THERE);
    let before = stage.pair.here.counter("relay_sent");
    stage.film(3, 3);
    assert_eq!(stage.pair.here.counter("relay_sent"), before);
}

#[test]
fn an_engine_that_takes_nothing_costs_a_bounded_memory_and_a_keyframe() {
    let mut stage = Stage::new(1);
    stage.watch();
    stage.film(3, 3);
    stage.pair.run(1_000);
    stage.asked_for_keyframes();
    for _ in 0..1_000 {
        for packet in stage.camera.frame(false, 5) {
            stage.pair.here.send(stage.publisher, &packet);
        }
    }
    let dropped = stage.pair.here.counter("relay_dropped");
    assert_eq!(dropped, 5_000 - 4_096);
    stage.pair.settle();
    stage.frame(false, 1);
    assert_eq!(stage.pair.there.counter("relay_gaps"), 1);
    assert_eq!(stage.asked_for_keyframes(), 1);
}

#[test]
fn a_relay_of_a_relay_is_refused() {
    let mut stage = Stage::new(1);
    stage.watch();
    let refused = stage.pair.there.engine.describe_relay(stage.track, THERE);
    assert_eq!(refused, Err(CommandError::UnknownTrack));
}
