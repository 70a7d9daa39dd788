//! Simulcast: a viewer moves between the encodings of one camera.

mod support;

use support::media::Vp8;
use support::world::World;
use trio_sfu_core::command::Kind;
use trio_sfu_wire::rtcp::{self, SenderInfo};
use trio_sfu_wire::rtp::Ssrc;

fn sender_report(world: &mut World, peer: usize, ssrc: u32, ntp_ms: u64, rtp: u32) {
    let info = SenderInfo { ntp: (ntp_ms << 32) / 1000, rtp_timestamp: rtp, packets: 1, bytes: 1 };
    let mut compound = Vec::new();
    rtcp::sender_report(&mut compound, Ssrc(ssrc), &info, &[]);
    world.send_rtcp(peer, compound);
}

#[test]
fn layers_are_aligned_by_the_publishers_own_clock() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q", "f"]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "q");
    let mut low = Vp8::new(100, "1", Some("q"));
    let mut high = Vp8::new(30_000, "1", Some("f"));
    // Both layers' frame n was captured at 5,000 ms + n/30 s of the publisher's clock.
    let (low_zero, high_zero) = (low.timestamp, high.timestamp);
    for number in 0..20u64 {
        let keyframe = number == 0 || number == 16;
        for packet in low.frame(keyframe, 1) {
            world.send(publisher, &packet);
        }
        // The upper layer takes longer to encode: time on the wire would mislead.
        world.run(20);
        for packet in high.frame(keyframe, 2) {
            world.send(publisher, &packet);
        }
        world.run(13);
        if number == 1 {
            sender_report(&mut world, publisher, 100, 5000, low_zero);
            sender_report(&mut world, publisher, 30_000, 5000, high_zero);
        }
        if number == 14 {
            world.map(slot, track, "f");
        }
    }
    let seen = world.peers[viewer].of(600);
    // Frames 0..=16 low, then 16..20 high: the same moment, so the least possible step.
    assert_eq!(seen.len(), 17 + 4 * 2);
    let splice = &seen[16..18];
    assert_eq!(splice[1].timestamp.wrapping_sub(splice[0].timestamp), 1);
    assert_eq!(seen[19].timestamp.wrapping_sub(seen[16].timestamp), 3001);
}

#[test]
fn without_reports_the_time_that_passed_counts() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q", "f"]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "q");
    let mut low = Vp8::new(100, "1", Some("q"));
    let mut high = Vp8::new(30_000, "1", Some("f"));
    world.send(publisher, &low.frame(true, 1)[0]);
    world.map(slot, track, "f");
    world.run(100);
    world.send(publisher, &high.frame(true, 1)[0]);
    world.run(0);
    let seen = world.peers[viewer].of(600);
    assert_eq!(seen[1].timestamp.wrapping_sub(seen[0].timestamp), 9000);
}

#[test]
fn an_encoding_that_has_not_started_is_waited_for() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q", "f"]);
    let slot = world.slot(viewer, Kind::Video, 600, None);
    world.map(slot, track, "f");
    world.run(1000);
    assert_eq!(world.counter("plis_sent"), 0, "there is nobody to ask yet");
    let mut high = Vp8::new(30_000, "1", Some("f"));
    world.send(publisher, &high.frame(false, 1)[0]);
    world.run(0);
    assert_eq!(world.counter("plis_sent"), 1);
    world.send(publisher, &high.frame(true, 1)[0]);
    world.run(0);
    assert_eq!(world.peers[viewer].of(600).len(), 1);
}

#[test]
fn a_change_of_mind_before_the_splice_costs_nothing() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q", "f"]);
    let slot = world.slot(viewer, Kind::Video, 600, None);
    world.map(slot, track, "q");
    let mut low = Vp8::new(100, "1", Some("q"));
    let mut high = Vp8::new(30_000, "1", Some("f"));
    world.send(publisher, &low.frame(true, 1)[0]);
    world.map(slot, track, "f");
    world.map(slot, track, "q");
    world.send(publisher, &high.frame(true, 1)[0]);
    world.send(publisher, &low.frame(false, 1)[0]);
    world.run(0);
    assert_eq!(world.peers[viewer].of(600).len(), 2);
    assert_eq!(world.slot_stat(slot, "switches"), 1);
}
