//! Signs of life: consent (RFC 7675), silence, and what stops without them.

mod support;

use support::media::Opus;
use support::world::World;
use trio_sfu_core::command::Kind;
use trio_sfu_core::event::Event;

#[test]
fn silence_comes_first_then_consent_is_gone() {
    let mut world = World::new();
    let peer = world.join();
    let transport = world.transport(peer);
    world.run(0);
    world.take_events();
    world.run(2999);
    assert!(world.take_events().is_empty());
    world.run(1);
    assert_eq!(world.take_events(), [Event::Silent { transport }]);
    world.run(11_999);
    assert!(world.take_events().is_empty());
    world.run(1);
    assert_eq!(world.take_events(), [Event::ConsentExpired { transport }]);
    world.run(100_000);
    assert!(world.take_events().is_empty(), "each is said once");
    world.check(peer);
    world.run(0);
    assert_eq!(world.take_events(), [Event::Heard { transport }]);
}

#[test]
fn media_alone_is_a_sign_of_life_and_of_consent_for_ten_seconds() {
    let mut world = World::new();
    let peer = world.join();
    let transport = world.transport(peer);
    world.track(peer, Kind::Audio, "0", &[]);
    let mut microphone = Opus::new(7, "0");
    for _ in 0..40 {
        world.run(1000);
        world.send(peer, &microphone.packet());
    }
    world.run(0);
    let events = world.take_events();
    assert!(!events.contains(&Event::Silent { transport }));
    assert!(!events.contains(&Event::ConsentExpired { transport }));
    world.run(9_999);
    let events = world.take_events();
    assert!(events.contains(&Event::Silent { transport }));
    assert!(!events.contains(&Event::ConsentExpired { transport }));
    world.run(1);
    assert_eq!(world.take_events(), [Event::ConsentExpired { transport }]);
}

#[test]
fn forged_packets_are_no_sign_of_life() {
    let mut world = World::new();
    let peer = world.join();
    let address = world.peers[peer].address;
    for _ in 0..4 {
        world.run(1000);
        let mut forged = [0x80; 60];
        forged[1] = 111;
        world.engine.handle_datagram(world.now, address, &mut forged);
        world.engine.handle_datagram(world.now, address, &mut [22, 0, 0]);
    }
    let transport = world.transport(peer);
    assert!(world.take_events().contains(&Event::Silent { transport }));
    assert_eq!(world.counter("drop_auth"), 4);
}

#[test]
fn without_consent_nothing_is_sent_and_a_new_check_brings_it_back() {
    let mut world = World::new();
    let (speaker, listener) = (world.join(), world.join());
    let track = world.track(speaker, Kind::Audio, "0", &[]);
    let slot = world.slot(listener, Kind::Audio, 500, None);
    world.map(slot, track, "");
    let mut microphone = Opus::new(1000, "0");
    let mut speak = |world: &mut World| {
        world.send(speaker, &microphone.packet());
        world.run(20);
        world.peers[listener].rtp.len()
    };
    assert_eq!(speak(&mut world), 1);
    for _ in 0..16 {
        world.check(speaker);
        world.run(1000);
    }
    let rtcp = world.peers[listener].rtcp.len();
    assert_eq!(speak(&mut world), 1);
    world.check(speaker);
    world.run(3000);
    assert_eq!(world.peers[listener].rtcp.len(), rtcp, "no RTCP either");
    world.check(listener);
    assert_eq!(speak(&mut world), 2);
    let heard = world.peers[listener].of(500);
    assert_eq!(heard[1].sequence, heard[0].sequence.wrapping_add(1));
}

#[test]
fn who_checks_every_five_seconds_is_not_lost_in_between() {
    let mut world = World::new();
    let peer = world.join();
    let transport = world.transport(peer);
    for _ in 0..3 {
        world.run(5_000);
        world.check(peer);
        world.run(0);
        let told = world.take_events();
        assert!(told.contains(&Event::Silent { transport }), "nobody knows it yet");
    }
    for interval in [5_000, 6_000, 4_000, 5_000, 4_500, 6_000] {
        world.run(interval);
        world.check(peer);
        world.run(0);
        assert_eq!(world.take_events(), [], "after {interval} ms");
    }
    world.run(7_199);
    assert_eq!(world.take_events(), []);
    world.run(1);
    assert_eq!(world.take_events(), [Event::Silent { transport }]);
}

#[test]
fn a_while_without_a_network_makes_nobody_patient() {
    let mut world = World::new();
    let peer = world.join();
    let transport = world.transport(peer);
    for interval in [2_500, 9_000, 2_500, 9_000, 9_000] {
        world.run(interval);
        world.check(peer);
    }
    world.run(0);
    world.take_events();
    world.run(3_000);
    assert_eq!(world.take_events(), [Event::Silent { transport }]);
}
