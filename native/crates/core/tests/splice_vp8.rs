//! A slot that changes what it shows does so at a keyframe, without a gap or a black frame.

mod support;

use support::media::{Vp8, is_keyframe_start, picture};
use support::world::{World, count_rtcp, is_pli};
use trio_sfu_core::command::Kind;
use trio_sfu_core::event::Event;
use trio_sfu_wire::rtp::Rid;

/// A presenter with a camera and a screen, and a viewer whose slot shows the camera.
fn stage() -> (World, usize, usize, [trio_sfu_core::ids::UpTrackId; 2], trio_sfu_core::ids::SlotId)
{
    let mut world = World::new();
    let (presenter, viewer) = (world.join(), world.join());
    let camera = world.track(presenter, Kind::Video, "1", &[]);
    let screen = world.track(presenter, Kind::Video, "2", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, camera, "");
    (world, presenter, viewer, [camera, screen], slot)
}

#[test]
fn the_old_picture_stays_until_the_new_one_can_begin() {
    let (mut world, presenter, viewer, [_, screen], slot) = stage();
    let mut camera = Vp8::new(2000, "1", None);
    let mut shared = Vp8::new(47_000, "2", None);
    let mut sent_from_screen = 0;
    for number in 0..12 {
        if number == 4 {
            world.map(slot, screen, "");
        }
        for packet in camera.frame(number == 0, 3) {
            world.send(presenter, &packet);
        }
        if number >= 2 {
            for packet in shared.frame(number == 8, 2) {
                world.send(presenter, &packet);
                sent_from_screen += 1;
            }
        }
        world.run(33);
    }
    assert!(sent_from_screen > 8);
    let pictures: Vec<_> = world.peers[viewer].of(600);
    // Frames 0..8 of the camera, frame 8 of it once more (it came first), then the screen.
    assert_eq!(pictures.len(), 9 * 3 + 4 * 2);
    let first_of_screen = pictures[27];
    assert!(is_keyframe_start(first_of_screen));
    for pair in pictures.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let (step, same) = (
            pair[1].timestamp.wrapping_sub(pair[0].timestamp),
            pair[1].timestamp == pair[0].timestamp,
        );
        assert!(step < 0x8000_0000);
        let ((id, tl0), (next_id, next_tl0)) = (picture(pair[0]), picture(pair[1]));
        let one = u16::from(!same);
        assert_eq!(next_id, (id + one) & 0x7fff, "picture ids go on");
        assert_eq!(next_tl0, tl0.wrapping_add(u8::from(!same)));
    }
    let switched = world.take_events();
    let switches: Vec<_> =
        switched.iter().filter(|event| matches!(event, Event::SlotSwitched { .. })).collect();
    assert_eq!(switches.len(), 2);
    assert_eq!(*switches[1], Event::SlotSwitched { slot, up_track: screen, rid: Rid::EMPTY });
}

#[test]
fn the_keyframe_is_asked_for_at_once() {
    let (mut world, presenter, _, [_, screen], slot) = stage();
    let mut shared = Vp8::new(47_000, "2", None);
    world.send(presenter, &shared.frame(true, 1)[0]);
    world.run(400);
    world.peers[presenter].rtcp.clear();
    world.send(presenter, &shared.frame(false, 1)[0]);
    world.map(slot, screen, "");
    world.run(0);
    assert_eq!(count_rtcp(&world.peers[presenter].rtcp, is_pli), 1);
}

#[test]
fn a_slot_goes_dark_with_its_track_and_shows_the_next() {
    let (mut world, presenter, viewer, [camera_track, screen], slot) = stage();
    let mut camera = Vp8::new(2000, "1", None);
    world.send(presenter, &camera.frame(true, 1)[0]);
    world.run(33);
    world.command(trio_sfu_core::command::Command::RemoveUpTrack { up_track: camera_track });
    world.send(presenter, &camera.frame(true, 1)[0]);
    world.run(33);
    assert_eq!(world.peers[viewer].of(600).len(), 1);
    assert_eq!(world.engine.slot_stats(slot).expect("stats").showing, None);
    world.map(slot, screen, "");
    let mut shared = Vp8::new(47_000, "2", None);
    world.send(presenter, &shared.frame(true, 1)[0]);
    world.run(33);
    let seen = world.peers[viewer].of(600);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].sequence, seen[0].sequence.wrapping_add(1));
}

#[test]
fn removing_what_is_waited_for_darkens_the_slot_too() {
    let (mut world, presenter, viewer, [_, screen], slot) = stage();
    let mut camera = Vp8::new(2000, "1", None);
    world.send(presenter, &camera.frame(true, 1)[0]);
    world.map(slot, screen, "");
    world.command(trio_sfu_core::command::Command::RemoveUpTrack { up_track: screen });
    world.send(presenter, &camera.frame(true, 1)[0]);
    world.run(33);
    assert_eq!(world.peers[viewer].of(600).len(), 1);
}

#[test]
fn late_packets_from_before_the_splice_are_left_out() {
    let (mut world, presenter, viewer, [_, screen], slot) = stage();
    let mut camera = Vp8::new(2000, "1", None);
    let mut shared = Vp8::new(47_000, "2", None);
    world.send(presenter, &camera.frame(true, 1)[0]);
    let late_camera = camera.frame(false, 1).remove(0);
    world.map(slot, screen, "");
    let late_shared = shared.frame(false, 1).remove(0);
    let keyframe = shared.frame(true, 2);
    world.send(presenter, &keyframe[0]);
    world.send(presenter, &late_camera);
    world.send(presenter, &late_shared);
    world.send(presenter, &keyframe[1]);
    world.run(10);
    let seen = world.peers[viewer].of(600);
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2].sequence, seen[0].sequence.wrapping_add(2));
}
