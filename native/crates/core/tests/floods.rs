//! What strangers send, and what a peer sends too much of, costs little and changes nothing.

mod support;

use std::net::SocketAddr;

use support::world::World;
use support::{Peer, at};
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::stun::{BindingResponse, IntegrityKey};

const ATTACKER: [u8; 4] = [203, 0, 113, 66];

fn attacker(port: u16) -> SocketAddr {
    SocketAddr::from((ATTACKER, port))
}

/// Hands over `datagram` as often as `per_second` says, for a second, from many ports.
fn flood(world: &mut World, per_second: u64, source: impl Fn(u64) -> SocketAddr, datagram: &[u8]) {
    let start = world.now;
    for number in 0..per_second {
        world.now = Instant(start.0 + number * 1_000_000_000 / per_second);
        world.engine.handle_datagram(world.now, source(number), &mut datagram.to_vec());
    }
}

fn port(number: u64) -> u16 {
    u16::try_from(1_024 + number % 60_000).expect("a port")
}

#[test]
fn stun_of_one_unknown_address_is_hardly_looked_at() {
    let mut world = World::new();
    let mut stranger = Peer::new(99, Profile::AeadAes128Gcm);
    stranger.ufrag = "nobody".to_owned();
    flood(&mut world, 100_000, |number| attacker(port(number)), &stranger.check(true));
    let looked_at = world.counter("drop_unknown_ufrag");
    assert!((9_900..=10_000).contains(&looked_at), "{looked_at}");
    assert_eq!(world.counter("drop_stun_source_rate"), 100_000 - looked_at);
    assert!(world.take_events().is_empty());
    let mut batch = Batch::default();
    assert!(!world.engine.flush(world.now, &mut batch) && batch.runs.is_empty());
}

#[test]
fn others_join_during_a_flood_and_a_peer_of_the_same_address_goes_on() {
    let mut world = World::new();
    let neighbour = world.join();
    world.peers[neighbour].address = attacker(9);
    world.check(neighbour);
    let garbage = world.peers[neighbour].check_with("0000000000000000000000", true);
    for _ in 0..5 {
        flood(&mut world, 20_000, |number| attacker(port(number)), &garbage);
        // Known before the flood, from behind the address it comes from.
        let answered = world.counter("binding_requests");
        world.check(neighbour);
        assert_eq!(world.counter("binding_requests"), answered + 1);
        let before = world.engine.census().addresses;
        world.join();
        assert_eq!(world.engine.census().addresses, before + 1, "somebody elsewhere joins");
    }
}

#[test]
fn wrong_passwords_cost_a_bounded_number_of_hmacs() {
    let mut world = World::new();
    let (victim, other) = (world.invite(), world.invite());
    let wrong = world.peers[victim].check_with("0000000000000000000000", true);
    // From as many addresses as there are datagrams.
    let spoofed = |number: u64| {
        let [.., a, b, c] = number.to_be_bytes();
        SocketAddr::from(([11, a, b, c], 5000))
    };
    flood(&mut world, 100_000, spoofed, &wrong);
    let tried = world.counter("drop_bad_integrity");
    assert!((200..=250).contains(&tried), "{tried}");
    assert_eq!(world.counter("drop_stun_guess_rate"), 100_000 - tried);
    world.check(other);
    assert_eq!(world.counter("binding_requests"), 1, "another's password may be tried");
    // It refills: the victim itself gets in when the flood is over.
    world.now = Instant(world.now.0 + 100_000_000);
    world.check(victim);
    assert_eq!(world.counter("binding_requests"), 2);
}

#[test]
fn a_peer_may_not_try_passwords_of_others_from_its_own_address_either() {
    let mut world = World::new();
    let (hostile, victim) = (world.join(), world.invite());
    let from = world.peers[hostile].address;
    let wrong = world.peers[victim].check_with("0000000000000000000000", true);
    flood(&mut world, 100_000, |_| from, &wrong);
    assert!(world.counter("drop_bad_integrity") <= 250);
}

#[test]
fn a_peer_that_floods_is_answered_at_a_bounded_rate() {
    let mut world = World::new();
    let hostile = world.join();
    let from = world.peers[hostile].address;
    let check = world.peers[hostile].check(true);
    flood(&mut world, 100_000, |_| from, &check);
    let answered = world.counter("binding_requests");
    assert!((600..=700).contains(&answered), "{answered}");
    assert_eq!(world.counter("drop_stun_check_rate"), 100_001 - answered);
}

#[test]
fn a_peer_that_floods_its_dtls_reaches_the_control_plane_at_a_bounded_rate() {
    let mut world = World::new();
    let hostile = world.join();
    world.take_events();
    let from = world.peers[hostile].address;
    let mut reached = 0;
    for step in 0..10_000 {
        world.now = at(20_000 + step / 10);
        world.engine.handle_datagram(world.now, from, &mut [22, 254, 253]);
        reached += world.take_events().len();
    }
    assert!((740..=770).contains(&reached), "{reached} of 10,000 in a second");
    assert_eq!(world.counter("drop_control_rate"), 10_000 - reached as u64);
}

#[test]
fn nobody_unknown_is_sent_more_than_came_in_its_name() {
    let mut world = World::new();
    let peer = world.invite();
    let key = IntegrityKey::new(&world.peers[peer].password);
    // The shortest there is: no PRIORITY, no role, no FINGERPRINT, and something to object to.
    let username = format!("{}:c", world.peers[peer].ufrag);
    let check = shortest_check(&username, &world.peers[peer].password, Some(0x7f01));
    world.engine.handle_datagram(world.now, attacker(7), &mut check.clone());
    assert_eq!(world.counter("drop_stun_amplifying"), 1);
    let mut batch = Batch::default();
    world.engine.flush(world.now, &mut batch);
    assert_eq!(batch.datagrams().count(), 0);
    // What browsers send is long enough, over IPv6 too.
    for address in [attacker(8), "[2001:db8::7]:4000".parse().expect("an address")] {
        let mut browsers = world.peers[peer].check(false);
        let came = browsers.len();
        world.engine.handle_datagram(world.now, address, &mut browsers);
        batch.clear();
        world.engine.flush(world.now, &mut batch);
        let (to, answer) = batch.datagrams().next().expect("an answer");
        assert_eq!(to, address);
        assert!(answer.len() <= came);
        assert!(BindingResponse::parse(answer).expect("a response").verify(&key));
    }
}

fn shortest_check(username: &str, password: &str, unknown: Option<u16>) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend([5; 12]);
    let mut attribute = |kind: u16, value: &[u8]| {
        message.extend(kind.to_be_bytes());
        message.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
        message.extend(value);
        message.resize(message.len().next_multiple_of(4), 0);
    };
    attribute(6, username.as_bytes());
    if let Some(unknown) = unknown {
        attribute(unknown, &[]);
    }
    let len = u16::try_from(message.len() + 24 - 20).expect("short");
    message[2..4].copy_from_slice(&len.to_be_bytes());
    let key = aws_lc_rs::hmac::Key::new(
        aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        password.as_bytes(),
    );
    let tag = aws_lc_rs::hmac::sign(&key, &message);
    message.extend([0, 8, 0, 20]);
    message.extend(tag.as_ref());
    message
}
