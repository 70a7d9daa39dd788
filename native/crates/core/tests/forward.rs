//! What a publisher sends reaches whoever shows it, under the slot's own numbers.

mod support;

use support::media::{Opus, Vp8, picture};
use support::world::World;
use support::{ABS_SEND_TIME, AUDIO_LEVEL, MID, TRANSPORT_CC};
use trio_sfu_core::command::Kind;
use trio_sfu_srtp::Profile;

#[test]
fn audio_goes_on_at_once_with_its_level() {
    let mut world = World::new();
    let (speaker, listener) = (world.join(), world.join());
    let track = world.track(speaker, Kind::Audio, "0", &[]);
    let slot = world.slot(listener, Kind::Audio, 500, None);
    world.map(slot, track, "");
    let mut microphone = Opus::new(1000, "0");
    for _ in 0..10 {
        world.send(speaker, &microphone.packet());
        world.run(20);
    }
    let heard = world.peers[listener].of(500);
    assert_eq!(heard.len(), 10);
    assert!(heard[0].marker && !heard[1].marker);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 960);
    }
    assert_eq!(heard[0].extension(AUDIO_LEVEL), Some(&[0x85][..]));
    assert_eq!(heard[0].extension(MID), Some(&b"s"[..]));
    assert_eq!(heard[0].extension(TRANSPORT_CC), Some(&[0, 0][..]));
    assert_eq!(heard[9].extension(TRANSPORT_CC), Some(&[0, 9][..]));
    assert_eq!(heard[0].extension(ABS_SEND_TIME).map(<[u8]>::len), Some(3));
    assert_eq!(heard[0].payload, [0xfc, 1, 2, 3]);
}

#[test]
fn video_begins_with_a_keyframe_and_goes_on_without_a_gap() {
    for profile in Profile::ALL {
        let mut world = World::new();
        let (publisher, viewer) = (world.join_with(profile), world.join_with(profile));
        let track = world.track(publisher, Kind::Video, "1", &[]);
        let slot = world.slot(viewer, Kind::Video, 600, Some(601));
        world.map(slot, track, "");
        let mut camera = Vp8::new(2000, "1", None);
        for number in 0..20 {
            for packet in camera.frame(number == 3 || number == 12, 4) {
                world.send(publisher, &packet);
            }
            world.run(33);
        }
        let seen = world.peers[viewer].of(600);
        assert_eq!(seen.len(), 17 * 4, "from the first keyframe on");
        for pair in seen.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        }
        for frames in seen.chunks(4).collect::<Vec<_>>().windows(2) {
            assert_eq!(frames[1][0].timestamp.wrapping_sub(frames[0][0].timestamp), 3000);
            assert!(frames[0][3].marker && !frames[0][0].marker);
            let ((id, tl0), (next_id, next_tl0)) = (picture(frames[0][0]), picture(frames[1][0]));
            assert_eq!(next_id, (id + 1) & 0x7fff);
            assert_eq!(next_tl0, tl0.wrapping_add(1));
        }
        assert_eq!(world.counter("rtp_forwarded"), 17 * 4);
    }
}

/// The control plane hears of a stream from its first packet, which is one of a keyframe.
#[test]
fn who_is_mapped_while_the_first_picture_arrives_sees_it() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    let mut screen = Vp8::new(2000, "1", None);
    let picture = screen.frame(true, 5);
    for (number, packet) in picture.iter().enumerate() {
        if number == 2 {
            world.map(slot, track, "");
        }
        world.send(publisher, packet);
        world.run(30);
    }
    for packet in screen.frame(false, 2) {
        world.send(publisher, &packet);
        world.run(30);
    }
    let numbers: Vec<u16> = world.peers[viewer].of(600).iter().map(|seen| seen.sequence).collect();
    assert_eq!(numbers.len(), 7);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    assert_eq!(world.counter("plis_sent"), 0, "the publisher was asked for another");
}

#[test]
fn a_first_picture_with_a_hole_or_of_some_time_ago_serves_nobody_who_comes_now() {
    for (lost, later) in [(Some(1), 0), (None, 500)] {
        let mut world = World::new();
        let (publisher, viewer) = (world.join(), world.join());
        let track = world.track(publisher, Kind::Video, "1", &[]);
        let slot = world.slot(viewer, Kind::Video, 600, Some(601));
        let mut camera = Vp8::new(2000, "1", None);
        for (number, packet) in camera.frame(true, 4).iter().enumerate() {
            if Some(number) != lost {
                world.send(publisher, packet);
            }
        }
        world.run(later);
        world.map(slot, track, "");
        world.run(20);
        assert_eq!(world.peers[viewer].of(600).len(), 0);
        assert_eq!(world.counter("plis_sent"), 1);
    }
}

#[test]
fn nobody_gets_what_was_not_mapped() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, None);
    let mut camera = Vp8::new(2000, "1", None);
    let mut send = |world: &mut World| {
        for packet in camera.frame(true, 2) {
            world.send(publisher, &packet);
        }
        world.run(33);
    };
    send(&mut world);
    assert!(world.peers[viewer].rtp.is_empty());
    world.run(300);
    world.map(slot, track, "");
    send(&mut world);
    world.unmap(slot);
    send(&mut world);
    world.run(300);
    world.map(slot, track, "");
    send(&mut world);
    let seen = world.peers[viewer].of(600);
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[2].sequence, seen[1].sequence.wrapping_add(1), "the pause leaves no gap");
    let pause = seen[2].timestamp.wrapping_sub(seen[1].timestamp);
    assert!((32_000..34_000).contains(&pause), "366 ms at 90 kHz: {pause}");
}

#[test]
fn reordered_packets_keep_their_numbers() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "");
    let mut camera = Vp8::new(65_530, "1", None);
    camera.sequence = 65_533;
    let frame = camera.frame(true, 6);
    for index in [0, 2, 1, 5, 4, 3] {
        world.send(publisher, &frame[index]);
    }
    world.run(5);
    let seen = world.peers[viewer].of(600);
    let first = seen[0].sequence;
    let order: Vec<u16> = seen.iter().map(|p| p.sequence.wrapping_sub(first)).collect();
    assert_eq!(order, [0, 2, 1, 5, 4, 3]);
}

#[test]
fn a_keyframe_whose_first_packet_comes_late_is_shown_whole() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "");
    let mut camera = Vp8::new(3000, "1", None);
    for packet in camera.frame(false, 1) {
        world.send(publisher, &packet);
    }
    let frame = camera.frame(true, 4);
    for index in [1, 2, 0, 3] {
        world.send(publisher, &frame[index]);
    }
    world.run(5);
    let seen = world.peers[viewer].of(600);
    let indices: Vec<u8> = seen.iter().map(|packet| packet.payload[6]).collect();
    assert_eq!(indices, [0, 1, 2, 3]);
}

#[test]
fn of_every_sixteenth_packet_of_a_slot_it_is_counted_how_long_it_was_here() {
    let mut world = World::new();
    let (speaker, one, other) = (world.join(), world.join(), world.join());
    let track = world.track(speaker, Kind::Audio, "0", &[]);
    for (listener, ssrc) in [(one, 500), (other, 600)] {
        let slot = world.slot(listener, Kind::Audio, ssrc, None);
        world.map(slot, track, "");
    }
    let mut microphone = Opus::new(1000, "0");
    for _ in 0..33 {
        world.send(speaker, &microphone.packet());
        world.run(20);
    }
    assert_eq!(world.counter("rtp_forwarded"), 66);
    assert_eq!(world.counter("forward_latency_100us"), 6, "nothing kept it waiting");
    assert_eq!(world.counter("forward_latency_more"), 0);
}
