//! Nothing grows without bound, and nothing is left behind.

mod support;

use support::media::{Opus, Vp8};
use support::world::World;
use support::{keying, mid};
use trio_sfu_core::census::Census;
use trio_sfu_core::command::{Command, CommandError, Kind, SlotConfig, UpTrackConfig};
use trio_sfu_core::config::Config;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::rtp::Ssrc;

#[test]
fn after_removing_everything_nothing_is_left() {
    let mut world = World::new();
    let peers: Vec<usize> = (0..5).map(|_| world.join()).collect();
    let mut ids = 0;
    for &peer in &peers {
        let track = world.track(peer, Kind::Video, "1", &["q", "h", "f"]);
        world.track(peer, Kind::Audio, "0", &[]);
        for &viewer in &peers {
            ids += 2;
            let slot = world.slot(viewer, Kind::Video, 10_000 + ids, Some(10_001 + ids));
            world.map(slot, track, "q");
        }
        let mut camera = Vp8::new(77, "1", Some("q"));
        world.send(peer, &camera.frame(true, 3)[0]);
    }
    world.run(500);
    let full = world.engine.census();
    assert_eq!(
        full,
        Census { transports: 5, addresses: 5, up_tracks: 10, encodings: 20, slots: 25, relays: 0 }
    );
    for peer in peers {
        let transport = world.transport(peer);
        world.command(Command::RemoveTransport { transport });
        world.command(Command::RemoveTransport { transport });
    }
    assert_eq!(world.engine.census(), Census::default());
    assert_eq!(world.engine.senders(), 0);
    world.run(20_000);
    assert_eq!(world.engine.next_deadline(), None, "and nothing is planned any more");
}

#[test]
fn a_transport_has_so_many_tracks_and_no_more() {
    let mut world = World::with(Config { max_tracks_per_transport: 3, ..Config::default() });
    let peer = world.join();
    let transport = world.transport(peer);
    let mut refused = Vec::new();
    for id in 0..5 {
        let config =
            UpTrackConfig { kind: Kind::Audio, mid: mid("0"), rids: Vec::new(), ssrcs: Vec::new() };
        let id = UpTrackId(id);
        let command = Command::AddUpTrack { id, transport, config };
        refused.extend(world.engine.handle_command(world.now, command).err());
    }
    for id in 0..5 {
        let config = SlotConfig {
            kind: Kind::Audio,
            mid: mid("0"),
            ssrc: Ssrc(100 + u32::try_from(id).expect("small")),
            rtx_ssrc: None,
            cname: String::new(),
        };
        let command = Command::AddSlot { id: SlotId(id), transport, config };
        refused.extend(world.engine.handle_command(world.now, command).err());
    }
    assert_eq!(refused, [CommandError::TooMany; 4]);
    assert_eq!((world.engine.census().up_tracks, world.engine.census().slots), (3, 3));
}

#[test]
fn events_nobody_fetches_make_room_for_newer_ones() {
    let mut world = World::with(Config { max_events: 10, ..Config::default() });
    let peer = world.invite();
    world.check(peer);
    let address = world.peers[peer].address;
    for number in 0..30 {
        world.engine.handle_datagram(world.now, address, &mut [22, number]);
    }
    let events = world.take_events();
    assert_eq!(events[0], Event::EventsLost { count: 21 });
    assert_eq!(events.len(), 11);
    let transport = world.transport(peer);
    let last = Event::ControlDatagram { transport, data: vec![22, 29] };
    assert_eq!(events.last(), Some(&last));
    for number in 0..9 {
        world.engine.handle_datagram(world.now, address, &mut [22, number]);
    }
    assert_eq!(world.take_events().len(), 9, "lost ones no longer count for the budget");
}

#[test]
fn queues_that_are_never_flushed_stay_small() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "1", &[]);
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, track, "");
    world.settle();
    let mut camera = Vp8::new(2000, "1", None);
    for number in 0..1000 {
        for packet in camera.frame(number == 0, 5) {
            world.send(publisher, &packet);
        }
        if number < 300 {
            world.check(viewer);
        }
    }
    assert_eq!(world.counter("drop_queue_full"), 5000 - 2048);
    assert_eq!(world.counter("drop_outbox_full"), 300 - 64);
    let mut batch = Batch::default();
    while world.engine.flush(world.now, &mut batch) {}
    let media = batch.datagrams().filter(|(_, datagram)| datagram[0] >= 0x80).count();
    assert_eq!(media as u64 + world.counter("drop_cache_missed"), 2048);
}

#[test]
fn one_flush_is_a_bounded_turn_and_equal_packets_share_a_run() {
    let mut world = World::new();
    let publisher = world.join();
    let track = world.track(publisher, Kind::Video, "1", &[]);
    for number in 0..40 {
        let viewer = world.join();
        let slot = world.slot(viewer, Kind::Video, 600 + number, None);
        world.map(slot, track, "");
    }
    world.settle();
    let mut camera = Vp8::new(2000, "1", None);
    camera.size = 1100;
    for packet in camera.frame(true, 32) {
        world.send(publisher, &packet);
    }
    let mut batch = Batch::default();
    assert!(world.engine.flush(world.now, &mut batch), "there is more");
    assert!(batch.buffer.len() < 1024 * 1024 + 2048);
    let full = batch.runs.iter().filter(|run| run.len == 32 * run.segment).count();
    assert!(full >= batch.runs.len() - 1, "{full} of {}", batch.runs.len());
    while world.engine.flush(world.now, &mut batch) {}
    assert_eq!(batch.datagrams().count(), 40 * 32);
}

#[test]
fn an_ssrc_that_is_used_again_goes_on_where_it_stopped() {
    // Beginning again would use SRTP nonces twice.
    let mut world = World::new();
    let (speaker, listener) = (world.join(), world.join());
    let track = world.track(speaker, Kind::Audio, "0", &[]);
    let mut microphone = Opus::new(1000, "0");
    for _ in 0..3 {
        let slot = world.slot(listener, Kind::Audio, 500, None);
        world.map(slot, track, "");
        for _ in 0..3 {
            world.send(speaker, &microphone.packet());
        }
        // Long enough for reports: their numbers must not begin again either.
        world.run_alive(1500);
        world.command(Command::RemoveSlot { slot });
        world.key(listener, Profile::AeadAes128Gcm);
    }
    let heard = world.peers[listener].of(500);
    assert_eq!(heard.len(), 9);
    assert!(heard.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
}

#[test]
fn bad_keys_change_nothing() {
    let mut world = World::new();
    let peer = world.join();
    let command = Command::SetSrtpKeys {
        transport: world.transport(peer),
        profile: Profile::AeadAes256Gcm,
        inbound: keying(Profile::AeadAes256Gcm, 1),
        outbound: vec![0; 5],
    };
    let refused = world.engine.handle_command(world.now, command);
    assert_eq!(refused, Err(CommandError::BadKeys));
    world.track(peer, Kind::Audio, "0", &[]);
    world.send(peer, &Opus::new(1, "0").packet());
    assert_eq!(world.counter("rtp_received"), 1, "the old keys still work");
}
