//! Paths over TCP connections: chosen, filled, blocked, ended.

mod support;

use std::net::SocketAddr;
use std::num::NonZeroU32;

use support::media::{Opus, Vp8};
use support::ms;
use support::world::World;
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::remote::Remote;
use trio_sfu_core::transmit::Batch;

fn stream(number: u32) -> Remote {
    let address = SocketAddr::from(([203, 0, 113, 5], 4000));
    Remote::stream(address, NonZeroU32::new(number).expect("not zero"))
}

fn check(world: &mut World, peer: usize, from: impl Into<Remote>, nominate: bool) {
    let mut check = world.peers[peer].check(nominate);
    world.engine.handle_datagram(world.now, from, &mut check);
}

/// What is sent now, and where to.
fn sent(world: &mut World) -> Vec<(Remote, Vec<u8>)> {
    let mut sent = Vec::new();
    let mut batch = Batch::default();
    while world.engine.flush(world.now, &mut batch) {
        assert!(batch.datagrams().count() < 10_000, "no end of it");
    }
    sent.extend(batch.datagrams().map(|(to, datagram)| (to, datagram.to_vec())));
    sent
}

fn media(sent: &[(Remote, Vec<u8>)]) -> usize {
    sent.iter().filter(|(to, datagram)| *to == stream(1) && datagram[0] >= 0x80).count()
}

/// Somebody who hears and sees another over TCP.
struct Call {
    world: World,
    speaker: usize,
    viewer: usize,
    microphone: Opus,
    camera: Vp8,
}

impl Call {
    fn over_tcp() -> Self {
        let mut world = World::new();
        let (speaker, viewer) = (world.join(), world.join());
        check(&mut world, viewer, stream(1), true);
        for (kind, mid, ssrc) in [(Kind::Audio, "0", 500), (Kind::Video, "1", 600)] {
            let track = world.track(speaker, kind, mid, &[]);
            let slot = world.slot(viewer, kind, ssrc, None);
            world.map(slot, track, "");
        }
        let (microphone, mut camera) = (Opus::new(1000, "0"), Vp8::new(2000, "1", None));
        camera.size = 1000;
        let mut call = Self { world, speaker, viewer, microphone, camera };
        sent(&mut call.world);
        call.world.take_events();
        call
    }

    fn speak(&mut self) {
        self.world.send(self.speaker, &self.microphone.packet());
    }

    fn film(&mut self, keyframe: bool, packets: usize) {
        for packet in self.camera.frame(keyframe, packets) {
            self.world.send(self.speaker, &packet);
        }
    }
}

#[test]
fn media_goes_into_the_nominated_connection_alone() {
    let mut call = Call::over_tcp();
    call.speak();
    call.film(true, 3);
    let sent = sent(&mut call.world);
    assert_eq!(media(&sent), 4);
    let elsewhere = call.world.peers[call.viewer].address;
    assert!(!sent.iter().any(|(to, _)| *to == elsewhere));
    let transport = call.world.transport(call.viewer);
    let stats = call.world.engine.transport_stats(call.world.now, transport).expect("there");
    assert!(stats.contains(&("tcp", 1)));
}

#[test]
fn the_same_address_without_the_connection_is_a_stranger() {
    let mut call = Call::over_tcp();
    let before = call.world.counter("drop_unknown_source");
    for from in [stream(2), stream(1).address.into()] {
        call.world.engine.handle_datagram(call.world.now, from, &mut [0x80; 40]);
    }
    assert_eq!(call.world.counter("drop_unknown_source"), before + 2);
}

#[test]
fn a_full_connection_is_given_no_more_than_it_takes() {
    let mut call = Call::over_tcp();
    call.world.engine.set_stream_room(stream(1), 2_500);
    call.film(true, 10);
    assert_eq!(media(&sent(&mut call.world)), 3, "whole packets, until there is no room");
    assert_eq!(media(&sent(&mut call.world)), 0);
    call.speak();
    assert_eq!(media(&sent(&mut call.world)), 0);
    assert!(call.world.engine.set_stream_room(stream(1), 40));
    let next = sent(&mut call.world);
    assert_eq!(media(&next), 1);
    assert!(next[0].1.len() < 200, "sound overtakes the video that waits");
    call.world.engine.set_stream_room(stream(1), 100_000);
    assert_eq!(media(&sent(&mut call.world)), 7);
}

#[test]
fn sound_that_has_waited_too_long_is_left_out() {
    let mut call = Call::over_tcp();
    call.world.engine.set_stream_room(stream(1), 0);
    for _ in 0..50 {
        call.speak();
        assert_eq!(media(&sent(&mut call.world)), 0);
        call.world.now = call.world.now + ms(20);
    }
    call.world.engine.set_stream_room(stream(1), 100_000);
    assert_eq!(media(&sent(&mut call.world)), 20, "the last 400 ms");
    assert_eq!(call.world.counter("drop_sound_too_late"), 30);
}

#[test]
fn what_waits_for_a_blocked_connection_is_bounded() {
    let mut call = Call::over_tcp();
    call.world.engine.set_stream_room(stream(1), 0);
    for number in 0..3_000 {
        call.film(number % 100 == 0, 4);
        call.world.now = call.world.now + ms(33);
        check(&mut call.world, call.viewer, stream(1), true);
        call.world.check(call.speaker);
        sent(&mut call.world);
    }
    assert!(call.world.counter("drop_path_too_slow") > 0);
    call.world.engine.set_stream_room(stream(1), 10_000_000);
    assert!(
        sent(&mut call.world).iter().map(|(_, datagram)| datagram.len()).sum::<usize>() < 150_000
    );
}

#[test]
fn when_the_connection_ends_media_goes_where_the_peer_was_last_heard() {
    let mut call = Call::over_tcp();
    let transport = call.world.transport(call.viewer);
    let remote = call.world.peers[call.viewer].address;
    call.world.engine.stream_ended(stream(1));
    let moved = Event::PathChanged { transport, remote: remote.into() };
    assert_eq!(call.world.take_events(), [moved]);
    call.speak();
    assert!(sent(&mut call.world).iter().any(|(to, _)| *to == remote));
}

#[test]
fn who_has_one_connection_alone_is_lost_with_it_until_the_next() {
    let mut world = World::new();
    let peer = world.invite();
    check(&mut world, peer, stream(1), true);
    world.engine.stream_ended(stream(1));
    assert_eq!(world.engine.census().addresses, 0);
    world.take_events();
    check(&mut world, peer, stream(2), false);
    let transport = world.transport(peer);
    assert_eq!(world.take_events(), [Event::PathChanged { transport, remote: stream(2) }]);
}

#[test]
fn a_transport_that_is_removed_leaves_its_connections_to_be_closed() {
    let mut call = Call::over_tcp();
    check(&mut call.world, call.viewer, stream(7), false);
    let transport = call.world.transport(call.viewer);
    call.world.command(Command::RemoveTransport { transport });
    let mut orphans = Vec::new();
    call.world.engine.drain_orphans(&mut orphans);
    orphans.sort_by_key(|orphan| orphan.stream);
    assert_eq!(orphans, [stream(1), stream(7)]);
    call.world.engine.drain_orphans(&mut orphans);
    assert_eq!(orphans.len(), 2, "each once");
    assert!(!call.world.engine.knows(stream(1)));
}
