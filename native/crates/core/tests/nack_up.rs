//! Packets lost on the way from a publisher are asked for again.

mod support;

use support::media::Vp8;
use support::world::World;
use support::{REPAIRED_RID, Rtp, VP8_RTX};
use trio_sfu_core::command::Kind;
use trio_sfu_core::ids::UpTrackId;
use trio_sfu_wire::rtcp::{self, Packet};

fn asked(world: &mut World, peer: usize) -> Vec<u16> {
    let datagrams = std::mem::take(&mut world.peers[peer].rtcp);
    let nacks = datagrams.iter().flat_map(|datagram| rtcp::packets(datagram));
    nacks
        .filter_map(|packet| match packet {
            Ok(Packet::Nack { media, sequences, .. }) => {
                assert_eq!(media.0, 2000);
                Some(sequences.collect::<Vec<_>>())
            }
            _ => None,
        })
        .flatten()
        .collect()
}

fn watched() -> (World, usize, usize, UpTrackId) {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q"]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "q");
    (world, publisher, viewer, track)
}

#[test]
fn a_gap_is_asked_for_repaired_and_shown_in_its_place() {
    let (mut world, publisher, viewer, track) = watched();
    let mut camera = Vp8::new(2000, "1", Some("q"));
    let frame = camera.frame(true, 6);
    for index in [0, 1, 4, 5] {
        world.send(publisher, &frame[index]);
    }
    world.run(15);
    assert_eq!(asked(&mut world, publisher), [frame[2].sequence, frame[3].sequence]);
    // One as a retransmission, the other by itself.
    let mut payload = frame[2].sequence.to_be_bytes().to_vec();
    payload.extend(&frame[2].payload);
    let repair =
        Rtp { ssrc: 2001, payload_type: VP8_RTX, sequence: 9, payload, ..frame[2].clone() };
    world.send(publisher, &repair.with(REPAIRED_RID, b"q"));
    world.send(publisher, &frame[3]);
    world.run(500);
    assert!(asked(&mut world, publisher).is_empty());
    let mut seen: Vec<Rtp> = world.peers[viewer].of(600).into_iter().cloned().collect();
    seen.sort_by_key(|packet| packet.sequence);
    let payloads: Vec<u8> = seen.iter().map(|packet| packet.payload[6]).collect();
    assert_eq!(payloads, [0, 1, 2, 3, 4, 5]);
    assert!(seen.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    let stats = world.engine.up_track_stats(track).expect("stats");
    assert!(stats[0].counters.contains(&("lost", 0)));
}

#[test]
fn reordering_is_no_loss() {
    let (mut world, publisher, _, _) = watched();
    let mut camera = Vp8::new(2000, "1", Some("q"));
    let frame = camera.frame(true, 3);
    for index in [0, 2, 1] {
        world.send(publisher, &frame[index]);
        world.run(4);
    }
    world.run(100);
    assert!(asked(&mut world, publisher).is_empty());
}

#[test]
fn asking_is_patient_bounded_and_ends_with_a_keyframe_request() {
    let (mut world, publisher, _, _) = watched();
    let mut camera = Vp8::new(2000, "1", Some("q"));
    let frame = camera.frame(true, 3);
    world.send(publisher, &frame[0]);
    world.send(publisher, &frame[2]);
    world.run(3000);
    let times = asked(&mut world, publisher).len();
    assert!((5..=10).contains(&times), "{times}");
    assert_eq!(world.counter("nacks_given_up"), 1);
    assert_eq!(world.counter("plis_sent"), 1);
}

#[test]
fn a_long_outage_asks_for_a_keyframe_instead() {
    let (mut world, publisher, _, _) = watched();
    let mut camera = Vp8::new(2000, "1", Some("q"));
    world.send(publisher, &camera.frame(true, 1)[0]);
    camera.sequence = camera.sequence.wrapping_add(1000);
    world.send(publisher, &camera.frame(false, 1)[0]);
    world.run(100);
    assert!(asked(&mut world, publisher).is_empty());
    assert_eq!(world.counter("plis_sent"), 1);
}

#[test]
fn what_nobody_watches_is_not_asked_for() {
    let mut world = World::new();
    let publisher = world.join();
    world.track(publisher, Kind::Video, "1", &[]);
    let mut camera = Vp8::new(2000, "1", None);
    let frame = camera.frame(true, 3);
    world.send(publisher, &frame[0]);
    world.send(publisher, &frame[2]);
    world.run(1000);
    assert_eq!(world.counter("nacks_sent"), 0);
}

#[test]
fn what_a_keyframe_made_up_for_asks_for_no_other() {
    let (mut world, publisher, _, _) = watched();
    let mut camera = Vp8::new(2000, "1", Some("q"));
    let frame = camera.frame(true, 3);
    world.send(publisher, &frame[0]);
    world.send(publisher, &frame[2]);
    world.run(100);
    world.send(publisher, &camera.frame(true, 1)[0]);
    world.run(1500);
    assert_eq!(world.counter("nacks_given_up"), 1);
    assert_eq!(world.counter("plis_sent"), 0);
}

#[test]
fn another_ssrc_is_not_asked_for_the_numbers_of_the_first() {
    let (mut world, publisher, _, _) = watched();
    let mut camera = Vp8::new(1999, "1", Some("q"));
    let frame = camera.frame(true, 3);
    world.send(publisher, &frame[0]);
    world.send(publisher, &frame[2]);
    let mut again = Vp8::new(2000, "1", Some("q"));
    for packet in again.frame(true, 2) {
        world.send(publisher, &packet);
    }
    world.run(100);
    assert!(asked(&mut world, publisher).is_empty());
}
