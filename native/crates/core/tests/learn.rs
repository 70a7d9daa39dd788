//! Which SSRC is which encoding: by announcement, by MID and RID, by nothing else.

mod support;

use support::media::{Opus, Vp8};
use support::world::World;
use support::{REPAIRED_RID, RID, Rtp, VP8_RTX, mid};
use trio_sfu_core::command::{Command, Kind, UpTrackConfig};
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::UpTrackId;
use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{Rid, Ssrc};

fn started(up_track: UpTrackId, rid: &str, ssrc: u32) -> Event {
    let rid = if rid.is_empty() { Rid::EMPTY } else { support::rid(rid) };
    Event::EncodingStarted { up_track, rid, ssrc: Ssrc(ssrc), codec: Codec::Vp8 }
}

fn starts(world: &mut World) -> Vec<Event> {
    let events = world.take_events().into_iter();
    events.filter(|event| matches!(event, Event::EncodingStarted { .. })).collect()
}

fn plain(mut rtp: Rtp) -> Rtp {
    rtp.extensions.clear();
    rtp
}

#[test]
fn three_layers_are_told_apart_and_remembered() {
    let mut world = World::new();
    let peer = world.join();
    let track = world.track(peer, Kind::Video, "1", &["q", "h", "f"]);
    world.track(peer, Kind::Video, "2", &[]);
    let mut layers = ["q", "h", "f"].map(|rid| Vp8::new(rid.as_bytes()[0].into(), "1", Some(rid)));
    for layer in &mut layers {
        world.send(peer, &layer.frame(true, 1)[0]);
    }
    let expected = ["q", "h", "f"].map(|rid| started(track, rid, rid.as_bytes()[0].into()));
    assert_eq!(starts(&mut world), expected);
    // Browsers leave the extensions out once they have been heard.
    for layer in &mut layers {
        world.send(peer, &plain(layer.frame(false, 1).remove(0)));
    }
    let stats = world.engine.up_track_stats(track).expect("stats");
    assert!(stats.iter().all(|encoding| encoding.counters.contains(&("packets", 2))));
    assert_eq!(world.counter("drop_unknown_ssrc"), 0);
}

#[test]
fn what_cannot_be_told_apart_is_dropped() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Video, "1", &["q", "h"]);
    world.track(peer, Kind::Video, "2", &[]);
    let mut camera = Vp8::new(9, "1", None);
    world.send(peer, &plain(camera.frame(true, 1).remove(0)));
    world.send(peer, &camera.frame(true, 1)[0]);
    camera.rid = Some("x".to_owned());
    world.send(peer, &camera.frame(true, 1)[0]);
    camera.mid = "7".to_owned();
    world.send(peer, &camera.frame(true, 1)[0]);
    assert_eq!(world.counter("drop_unknown_ssrc"), 4);
    // Two microphones, and neither a MID nor a RID to tell them apart.
    world.track(peer, Kind::Audio, "3", &[]);
    world.track(peer, Kind::Audio, "4", &[]);
    world.send(peer, &plain(Opus::new(77, "").packet()));
    assert_eq!(world.counter("drop_unknown_ssrc"), 5);
    assert!(starts(&mut world).is_empty());
}

#[test]
fn the_only_track_of_a_kind_needs_no_mid() {
    let mut world = World::new();
    let peer = world.join();
    let track = world.track(peer, Kind::Video, "1", &[]);
    world.track(peer, Kind::Audio, "0", &[]);
    world.send(peer, &plain(Vp8::new(9, "1", None).frame(true, 1).remove(0)));
    assert_eq!(starts(&mut world), [started(track, "", 9)]);
}

#[test]
fn announced_ssrcs_need_no_extensions() {
    let mut world = World::new();
    let peer = world.join();
    let transport = world.transport(peer);
    let add = |id, name, ssrcs: &[(u32, u32)]| Command::AddUpTrack {
        id: UpTrackId(id),
        transport,
        config: UpTrackConfig {
            kind: Kind::Video,
            mid: mid(name),
            rids: Vec::new(),
            ssrcs: ssrcs.iter().map(|(ssrc, rtx)| (Ssrc(*ssrc), Some(Ssrc(*rtx)))).collect(),
        },
    };
    world.command(add(71, "1", &[(10, 11)]));
    world.command(add(72, "2", &[(20, 21)]));
    world.send(peer, &plain(Vp8::new(20, "", None).frame(true, 1).remove(0)));
    assert_eq!(starts(&mut world), [started(UpTrackId(72), "", 20)]);
    let refused = world.engine.handle_command(world.now, add(73, "3", &[(21, 30)]));
    assert_eq!(refused.map_err(|error| error.code()), Err("bad-ssrc"));
    assert_eq!(world.engine.census().up_tracks, 2, "a refused command changes nothing");
    assert_eq!(world.engine.census().encodings, 2);
}

#[test]
fn repairs_are_learned_by_their_repaired_rid() {
    let mut world = World::new();
    let peer = world.join();
    let track = world.track(peer, Kind::Video, "1", &["q", "h"]);
    let mut low = Vp8::new(100, "1", Some("q"));
    let frame = low.frame(true, 3);
    world.send(peer, &frame[0]);
    world.send(peer, &frame[2]);
    let mut payload = frame[1].sequence.to_be_bytes().to_vec();
    payload.extend(&frame[1].payload);
    let repair = Rtp { ssrc: 101, payload_type: VP8_RTX, sequence: 5, payload, ..frame[1].clone() };
    let mut unnamed = repair.clone();
    unnamed.extensions.retain(|(id, _)| *id != RID);
    world.send(peer, &unnamed);
    assert_eq!(world.counter("drop_unknown_ssrc"), 1);
    world.send(peer, &Rtp { sequence: 6, ..unnamed.with(REPAIRED_RID, b"q") });
    assert_eq!(world.counter("rtx_received"), 1);
    let stats = world.engine.up_track_stats(track).expect("stats");
    assert!(stats[0].counters.contains(&("repaired", 1)));
    assert!(stats[0].counters.contains(&("lost", 0)));
}

#[test]
fn a_layer_that_restarts_with_another_ssrc_goes_on() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &["q", "h"]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "q");
    let mut camera = Vp8::new(40_000, "1", Some("q"));
    for packet in camera.frame(true, 2) {
        world.send(publisher, &packet);
    }
    world.run(33);
    let mut again = Vp8::new(3, "1", Some("q"));
    for keyframe in [false, true, false] {
        for packet in again.frame(keyframe, 2) {
            world.send(publisher, &packet);
        }
        world.run(33);
    }
    let seen = world.peers[viewer].of(600);
    assert_eq!(seen.len(), 6, "the new stream from its keyframe on");
    for pair in seen.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!(step < 10_000, "{step}");
    }
    assert_eq!(world.slot_stat(slot, "switches"), 2);
}

#[test]
fn audio_on_a_video_track_is_refused() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Video, "1", &[]);
    world.send(peer, &Opus::new(5, "1").packet());
    assert_eq!(world.counter("drop_unknown_ssrc"), 1);
    world.send(peer, &Vp8::new(6, "1", None).frame(true, 1)[0]);
    let mut disguised = Opus::new(6, "1").packet();
    disguised.sequence = 100;
    world.send(peer, &disguised);
    assert_eq!(world.counter("drop_wrong_kind"), 1);
}
