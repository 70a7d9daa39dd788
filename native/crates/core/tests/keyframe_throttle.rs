//! However many want a keyframe, the publisher is asked sparingly, but until it comes.

mod support;

use support::media::Vp8;
use support::world::{World, count_rtcp, is_pli};
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_wire::rtp::Rid;

#[test]
fn fifty_newcomers_make_one_request() {
    let mut world = World::new();
    let publisher = world.join();
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let mut camera = Vp8::new(2000, "1", None);
    world.send(publisher, &camera.frame(false, 1)[0]);
    for number in 0..50 {
        let viewer = world.join();
        let slot = world.slot(viewer, Kind::Video, 600 + number, None);
        world.map(slot, track, "");
        world.run(1);
    }
    assert_eq!(count_rtcp(&world.peers[publisher].rtcp, is_pli), 1);
    assert_eq!(world.counter("plis_throttled"), 49);
    world.send(publisher, &camera.frame(true, 1)[0]);
    world.run(1000);
    assert_eq!(world.counter("slots_switched"), 50);
    assert_eq!(world.counter("plis_sent"), 1, "the keyframe answered them all");
}

#[test]
fn the_request_is_repeated_while_somebody_waits() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, None);
    let mut camera = Vp8::new(2000, "1", None);
    world.send(publisher, &camera.frame(false, 1)[0]);
    world.map(slot, track, "");
    let mut times = Vec::new();
    for step in 0..400u64 {
        let before = world.counter("plis_sent");
        if step % 3 == 0 {
            world.send(publisher, &camera.frame(false, 1)[0]);
        }
        if step % 100 == 0 {
            world.check(publisher);
            world.check(viewer);
        }
        world.run(10);
        if world.counter("plis_sent") > before {
            times.push(step * 10);
        }
    }
    assert_eq!(times, [0, 490, 1490, 2490, 3490]);
    world.unmap(slot);
    world.run(1900);
    assert_eq!(world.counter("plis_sent"), 5, "nobody waits any more");
}

#[test]
fn viewers_pictures_losses_are_passed_on_within_the_throttle() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, None);
    world.map(slot, track, "");
    let mut camera = Vp8::new(2000, "1", None);
    world.send(publisher, &camera.frame(true, 1)[0]);
    world.run(400);
    for _ in 0..100 {
        world.pli(viewer, 600);
        world.run(1);
    }
    assert_eq!(world.counter("plis_received"), 100);
    assert_eq!(world.counter("plis_sent"), 1);
    world.run(250);
    assert_eq!(world.counter("plis_sent"), 2, "the later ones, once the throttle allows");
    world.send(publisher, &camera.frame(false, 1)[0]);
    world.run(1000);
    let rid = Rid::EMPTY;
    world.command(Command::RequestKeyframe { up_track: track, rid });
    world.run(0);
    assert_eq!(world.counter("plis_sent"), 3);
}
