//! Garbage, forgeries, replays: counted, dropped, harmless to the others.

mod support;

use support::media::{Opus, Vp8};
use support::world::World;
use support::{Rtp, VP8_RTX};
use trio_sfu_core::command::Kind;

#[test]
fn every_kind_of_garbage_has_its_counter() {
    let mut world = World::new();
    let peer = world.join();
    let address = world.peers[peer].address;
    let mut feed = |datagram: &[u8], name: &str| {
        let before = world.counter(name);
        world.engine.handle_datagram(world.now, address, &mut datagram.to_vec());
        assert_eq!(world.counter(name), before + 1, "{name} for {datagram:02x?}");
    };
    feed(&[], "drop_unknown_class");
    feed(&[255; 50], "drop_unknown_class");
    feed(&[0; 20], "drop_bad_stun");
    feed(&[0x80, 96, 0], "drop_malformed_rtp");
    feed(&[0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff], "drop_malformed_rtp");
    feed(&[0x80; 100], "drop_auth");
    let mut rtcp = [0x80; 100];
    rtcp[1] = 200;
    feed(&rtcp, "drop_auth");
    world.peers[peer].address = "192.0.2.200:9".parse().expect("an address");
    let stranger = world.peers[peer].address;
    world.engine.handle_datagram(world.now, stranger, &mut [0x80; 100]);
    assert_eq!(world.counter("drop_unknown_source"), 1);
}

#[test]
fn media_before_the_keys_is_dropped() {
    let mut world = World::new();
    let peer = world.invite();
    world.check(peer);
    world.send(peer, &Opus::new(5, "0").packet());
    assert_eq!(world.counter("drop_no_keys"), 1);
}

#[test]
fn replays_and_damaged_copies_reach_nobody() {
    let mut world = World::new();
    let (speaker, listener) = (world.join(), world.join());
    let track = world.track(speaker, Kind::Audio, "0", &[]);
    let slot = world.slot(listener, Kind::Audio, 500, None);
    world.map(slot, track, "");
    let mut microphone = Opus::new(1000, "0");
    let address = world.peers[speaker].address;
    for number in 0..100usize {
        let datagram = world.peers[speaker].protect(&microphone.packet());
        let mut damaged = datagram.clone();
        let position = 12 + number % (damaged.len() - 12);
        damaged[position] ^= 0x10;
        world.engine.handle_datagram(world.now, address, &mut damaged);
        world.engine.handle_datagram(world.now, address, &mut datagram.clone());
        world.engine.handle_datagram(world.now, address, &mut datagram.clone());
    }
    world.run(0);
    assert_eq!(world.peers[listener].of(500).len(), 100);
    assert_eq!(world.counter("drop_replay"), 100);
}

#[test]
fn a_flood_of_sources_is_bounded() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Audio, "0", &[]);
    for ssrc in 1..5000 {
        world.send(peer, &Opus::new(ssrc, "0").packet());
    }
    assert!(world.counter("drop_too_many_ssrcs") > 3000);
    assert_eq!(world.engine.census().encodings, 1);
}

#[test]
fn retransmissions_of_nothing_are_dropped() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Video, "1", &[]);
    let rtx = |sequence: u16, payload: &[u8]| {
        let rtp = Rtp { ssrc: 9, payload_type: VP8_RTX, sequence, ..Rtp::default() };
        Rtp { payload: payload.to_vec(), ..rtp }
    };
    world.send(peer, &rtx(1, &[1]));
    world.send(peer, &rtx(2, &[0, 5, 1, 2, 3]));
    world.send(peer, &rtx(3, &[0, 5]));
    let mut camera = Vp8::new(2000, "1", None);
    let packet = camera.frame(true, 1).remove(0);
    world.send(peer, &packet);
    // Of a packet that was received, and of one that was not sent yet.
    let mut copy = packet.sequence.to_be_bytes().to_vec();
    copy.extend(&packet.payload);
    world.send(peer, &rtx(4, &copy));
    world.send(peer, &rtx(5, &packet.sequence.wrapping_add(7).to_be_bytes()));
    assert_eq!(world.counter("drop_bad_rtx"), 4);
    assert_eq!(world.counter("rtx_redundant"), 1);
}

#[test]
fn oversize_packets_are_not_kept() {
    let mut world = World::new();
    let peer = world.join();
    world.track(peer, Kind::Audio, "0", &[]);
    let packet = Rtp { payload: vec![0; 5000], ..Opus::new(1, "0").packet() };
    world.send(peer, &packet);
    assert_eq!(world.counter("drop_oversize_rtp"), 1);
}
