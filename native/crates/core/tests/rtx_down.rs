//! Packets lost on the way to a subscriber are sent again, within bounds.

mod support;

use support::media::Vp8;
use support::world::{World, count_rtcp, is_pli};
use support::{Rtp, VP8, VP8_RTX, codec, extensions};
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::ids::SlotId;
use trio_sfu_wire::codec::Codec;

fn playing(rtx: Option<u32>) -> (World, usize, usize, SlotId) {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, rtx);
    world.map(slot, track, "");
    let mut camera = Vp8::new(2000, "1", None);
    for number in 0..10 {
        for packet in camera.frame(number == 0, 3) {
            world.send(publisher, &packet);
        }
        world.run(33);
    }
    (world, publisher, viewer, slot)
}

#[test]
fn a_retransmission_restores_the_packet() {
    let (mut world, _, viewer, slot) = playing(Some(601));
    let original: Rtp = world.peers[viewer].of(600)[12].clone();
    world.nack(viewer, 600, &[original.sequence]);
    world.run(0);
    let repairs = world.peers[viewer].of(601);
    assert_eq!(repairs.len(), 1);
    let repair = repairs[0];
    assert_eq!(repair.payload_type, VP8_RTX);
    assert_eq!(repair.payload[..2], original.sequence.to_be_bytes());
    assert_eq!(repair.payload[2..], original.payload);
    assert_eq!(repair.timestamp, original.timestamp);
    assert_eq!(repair.marker, original.marker);
    assert_eq!(world.slot_stat(slot, "retransmitted"), 1);
    assert_eq!(world.slot_stat(slot, "nacked"), 1);
}

#[test]
fn the_same_packet_is_not_sent_twice_within_a_round_trip() {
    let (mut world, _, viewer, _) = playing(Some(601));
    let sequence = world.peers[viewer].of(600)[12].sequence;
    for _ in 0..10 {
        world.nack(viewer, 600, &[sequence]);
        world.run(1);
    }
    assert_eq!(world.peers[viewer].of(601).len(), 1);
    assert_eq!(world.counter("drop_nack_repeated"), 9);
    world.run(20);
    world.nack(viewer, 600, &[sequence]);
    world.run(0);
    let repairs = world.peers[viewer].of(601);
    assert_eq!(repairs.len(), 2);
    assert_eq!(repairs[1].sequence, repairs[0].sequence.wrapping_add(1));
}

#[test]
fn nobody_gets_more_than_half_again() {
    let (mut world, _, viewer, slot) = playing(Some(601));
    let sequences: Vec<u16> = world.peers[viewer].of(600).iter().map(|p| p.sequence).collect();
    for _ in 0..40 {
        world.nack(viewer, 600, &sequences);
        world.run(25);
    }
    let bytes: usize = world.peers[viewer].of(601).iter().map(|packet| packet.payload.len()).sum();
    let allowed = 64 * 1024 + usize::try_from(world.slot_stat(slot, "bytes")).unwrap_or(0) / 2;
    assert!(bytes < allowed + 3000, "{bytes} of {allowed}");
    assert!(world.counter("drop_nack_budget") > 300);
}

#[test]
fn without_rtx_the_very_same_bytes_are_repeated() {
    // A GCM nonce must never cover two different packets.
    let (mut world, _, viewer, _) = playing(None);
    let sequence = world.peers[viewer].of(600)[12].sequence;
    let sent = world.peers[viewer].raw.len();
    world.nack(viewer, 600, &[sequence]);
    world.run(5);
    let raw = &world.peers[viewer].raw;
    assert_eq!(raw.len(), sent + 1);
    assert_eq!(raw[sent], raw[12]);
}

#[test]
fn without_rtx_nothing_is_repeated_after_a_new_negotiation() {
    let (mut world, _, viewer, _) = playing(None);
    let [queued, asked_later] = [12, 13].map(|index| world.peers[viewer].of(600)[index].sequence);
    let sent = world.peers[viewer].raw.len();
    let transport = world.transport(viewer);
    world.nack(viewer, 600, &[queued]);
    let mut extensions = extensions();
    extensions.swap_remove(0);
    let codecs = vec![codec(VP8, Codec::Vp8, None)];
    world.command(Command::SetNegotiated { transport, extensions, codecs });
    world.nack(viewer, 600, &[asked_later]);
    world.run(5);
    assert_eq!(world.peers[viewer].raw.len(), sent);
}

#[test]
fn what_was_never_sent_or_is_long_gone_is_ignored() {
    let (mut world, _, viewer, _) = playing(Some(601));
    let last = world.peers[viewer].of(600)[29].sequence;
    world.nack(viewer, 600, &[last.wrapping_add(1), last.wrapping_sub(30), last ^ 0x8000]);
    world.nack(viewer, 601, &[1]);
    world.nack(viewer, 12345, &[last]);
    world.run(5);
    assert!(world.peers[viewer].of(601).is_empty());
    assert_eq!(world.counter("drop_nack_not_cached"), 3);
}

#[test]
fn what_a_keyframe_has_overtaken_is_not_sent_again() {
    let (mut world, publisher, viewer, slot) = playing(Some(601));
    let original: Rtp = world.peers[viewer].of(600)[28].clone();
    let screen = world.track(publisher, Kind::Video, "2", &[]);
    world.map(slot, screen, "");
    let mut shared = Vp8::new(9000, "2", None);
    for packet in shared.frame(true, 2) {
        world.send(publisher, &packet);
    }
    world.nack(viewer, 600, &[original.sequence]);
    world.run(5);
    assert_eq!(world.counter("drop_nack_too_late"), 1);
    let (shown, first) =
        (world.peers[viewer].of(600).len(), world.peers[viewer].of(600)[30].sequence);
    for packet in shared.frame(true, 2) {
        world.send(publisher, &packet);
    }
    world.run(5);
    assert_eq!(world.peers[viewer].of(600).len(), shown + 2);
    world.nack(viewer, 600, &[first]);
    world.run(5);
    assert_eq!(world.counter("drop_nack_too_late"), 2, "of the same encoding");
    assert!(world.peers[viewer].of(601).is_empty());
}

#[test]
fn what_is_too_old_to_be_shown_is_not_sent_again() {
    let (mut world, _, viewer, _) = playing(Some(601));
    let sequence = world.peers[viewer].of(600)[29].sequence;
    world.run(900);
    world.nack(viewer, 600, &[sequence]);
    world.run(200);
    assert_eq!(world.peers[viewer].of(601).len(), 1);
    world.nack(viewer, 600, &[sequence]);
    world.run(5);
    assert_eq!(world.peers[viewer].of(601).len(), 1);
    assert_eq!(world.counter("drop_nack_too_late"), 1);
}

#[test]
fn a_keyframe_is_asked_for_when_what_is_missed_comes_no_more() {
    let (mut world, publisher, viewer, slot) = playing(Some(601));
    let missed = world.peers[viewer].of(600)[28].sequence;
    let asked = count_rtcp(&world.peers[publisher].rtcp, is_pli);
    let pictures = |world: &World| count_rtcp(&world.peers[publisher].rtcp, is_pli) - asked;
    world.nack(viewer, 600, &[missed]);
    world.run(400);
    assert_eq!(pictures(&world), 0, "it is sent again");
    world.run(800);
    // As browsers do: again and again.
    for _ in 0..10 {
        world.nack(viewer, 600, &[missed]);
        world.run(20);
    }
    assert_eq!(pictures(&world), 1);
    assert_eq!(world.slot_stat(slot, "plis"), 0);
    let mut camera = Vp8::new(2000, "1", None);
    for _ in 0..10 {
        camera.frame(false, 3);
    }
    for packet in camera.frame(true, 3) {
        world.send(publisher, &packet);
    }
    world.run(1000);
    for _ in 0..10 {
        world.nack(viewer, 600, &[missed]);
        world.run(20);
    }
    assert_eq!(pictures(&world), 1, "the keyframe has overtaken it");
}
