//! Binding checks: who may, from where, and where to.

mod support;

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use support::world::World;
use support::{at, ms};
use trio_sfu_core::command::{Command, CommandError};
use trio_sfu_core::config::Config;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::TransportId;
use trio_sfu_core::transmit::Batch;
use trio_sfu_wire::stun::{BindingResponse, IntegrityKey};

fn outside(port: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], port))
}

#[test]
fn a_check_is_answered_with_the_address_it_came_from() {
    let mut world = World::new();
    let peer = world.invite();
    world.check(peer);
    world.settle();
    let answer = world.peers[peer].other.pop().expect("an answer");
    let response = BindingResponse::parse(&answer).expect("a binding response");
    assert!(response.verify(&IntegrityKey::new(&world.peers[peer].password)));
    assert_eq!(response.outcome, Ok(world.peers[peer].address));
    let (transport, remote) = (world.transport(peer), world.peers[peer].address);
    assert_eq!(world.take_events(), [Event::Connected { transport, remote: remote.into() }]);
    assert_eq!(world.engine.census().addresses, 1);
}

#[test]
fn ipv6_is_answered_as_well() {
    let mut world = World::new();
    let peer = world.invite();
    world.peers[peer].address = "[2001:db8::5]:4000".parse().expect("an address");
    world.check(peer);
    world.settle();
    let answer = world.peers[peer].other.pop().expect("an answer");
    let outcome = BindingResponse::parse(&answer).map(|response| response.outcome);
    assert_eq!(outcome, Ok(Ok(world.peers[peer].address)));
}

#[test]
fn wrong_credentials_get_no_answer() {
    let mut world = World::new();
    let peer = world.invite();
    let address = world.peers[peer].address;
    let mut wrong = world.peers[peer].check_with("0000000000000000000000", true);
    world.engine.handle_datagram(world.now, address, &mut wrong);
    world.peers[peer].ufrag = "nobody".to_owned();
    world.check(peer);
    world.settle();
    assert!(world.peers[peer].other.is_empty());
    assert!(world.take_events().is_empty());
    assert_eq!(world.engine.census().addresses, 0);
    assert_eq!((world.counter("drop_bad_integrity"), world.counter("drop_unknown_ufrag")), (1, 1));
}

#[test]
fn a_nomination_moves_the_peer_and_a_plain_check_does_not() {
    let mut world = World::new();
    let peer = world.invite();
    let transport = world.transport(peer);
    let first = world.peers[peer].address;
    let mut plain = world.peers[peer].check(false);
    world.engine.handle_datagram(world.now, first, &mut plain.clone());
    world.engine.handle_datagram(world.now, outside(1), &mut plain);
    let control = |world: &mut World| {
        let command = Command::SendControl { transport, datagram: vec![22, 1, 2, 3] };
        world.command(command);
        let mut batch = Batch::default();
        world.engine.flush(world.now, &mut batch);
        let last = batch.datagrams().last().map(|(to, datagram)| (to.address, datagram.to_vec()));
        last.expect("a datagram")
    };
    assert_eq!(control(&mut world), (first, vec![22, 1, 2, 3]));
    let mut nominate = world.peers[peer].check(true);
    world.engine.handle_datagram(world.now, outside(1), &mut nominate);
    assert_eq!(control(&mut world), (outside(1), vec![22, 1, 2, 3]));
    assert_eq!(
        world.take_events(),
        [
            Event::Connected { transport, remote: first.into() },
            Event::PathChanged { transport, remote: outside(1).into() },
        ]
    );
}

#[test]
fn a_peer_has_at_most_eight_addresses() {
    let mut world = World::new();
    let peer = world.invite();
    for port in 1..=100 {
        let mut check = world.peers[peer].check(false);
        world.engine.handle_datagram(world.now, outside(port), &mut check);
        world.now = world.now + ms(1);
    }
    assert_eq!(world.engine.census().addresses, 8);
    assert_eq!(world.counter("addresses_evicted"), 92);
    // Still the first one: it is the selected address.
    let mut datagram = [22, 0, 0, 0];
    world.engine.handle_datagram(world.now, outside(1), &mut datagram);
    assert_eq!(world.counter("control_received"), 1);
}

#[test]
fn nobody_takes_over_the_address_of_a_living_peer() {
    let mut world = World::new();
    let (victim, thief) = (world.join(), world.join());
    let address = world.peers[victim].address;
    let mut forged = world.peers[thief].check(true);
    world.engine.handle_datagram(world.now, address, &mut forged);
    assert_eq!(world.counter("drop_address_taken"), 1);
    // A peer that is silent has left it: somebody else may come from the same NAT's port.
    world.run(4000);
    let mut check = world.peers[thief].check(true);
    world.engine.handle_datagram(world.now, address, &mut check);
    world.take_events();
    let mut hello = [22, 7];
    world.engine.handle_datagram(world.now, address, &mut hello);
    let transport = world.transport(thief);
    assert_eq!(world.take_events(), [Event::ControlDatagram { transport, data: vec![22, 7] }]);
}

/// The check with ICE-CONTROLLED instead of ICE-CONTROLLING, signed again.
fn controlled(check: &[u8], password: &str) -> Vec<u8> {
    // FINGERPRINT, which is optional, is the last 8 bytes; MESSAGE-INTEGRITY 24 before it.
    let mut message = check[..check.len() - 32].to_vec();
    let position = message.windows(2).position(|w| w == [0x80, 0x2a]).expect("the attribute");
    message[position + 1] = 0x29;
    let len = u16::try_from(message.len() + 24 - 20).expect("short");
    message[2..4].copy_from_slice(&len.to_be_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let tag = hmac::sign(&key, &message);
    message.extend([0, 8, 0, 20]);
    message.extend(tag.as_ref());
    message
}

#[test]
fn a_peer_that_takes_itself_for_controlled_is_told() {
    let mut world = World::new();
    let peer = world.invite();
    let mut check = controlled(&world.peers[peer].check(false), &world.peers[peer].password);
    world.engine.handle_datagram(world.now, world.peers[peer].address, &mut check);
    let mut batch = Batch::default();
    world.engine.flush(world.now, &mut batch);
    let outcome = BindingResponse::parse(&batch.buffer).map(|response| response.outcome);
    assert_eq!(outcome, Ok(Err(487)), "role conflict, RFC 8445 7.3.1.1");
    assert!(world.take_events().is_empty());
}

#[test]
fn dtls_reaches_the_control_plane_within_its_budget() {
    let mut world = World::new();
    let peer = world.invite();
    let address = world.peers[peer].address;
    world.engine.handle_datagram(world.now, address, &mut [22, 1]);
    assert_eq!(world.counter("drop_unknown_source"), 1, "not before a check");
    world.check(peer);
    world.take_events();
    for _ in 0..100 {
        world.engine.handle_datagram(world.now, address, &mut [22, 1]);
    }
    world.engine.handle_datagram(world.now, address, &mut [22; 2049]);
    assert_eq!(world.take_events().len(), 64);
    assert_eq!(world.counter("drop_control_budget"), 36);
    assert_eq!(world.counter("drop_control_oversize"), 1);
    world.engine.handle_datagram(world.now, address, &mut [22, 1]);
    assert_eq!(world.take_events().len(), 1, "fetching makes room");
}

#[test]
fn credentials_are_checked() {
    let mut world = World::with(Config { max_transports: 2, ..Config::default() });
    let mut add = |id, ufrag: &str, pwd: &str| {
        let (ice_ufrag, ice_pwd) = (ufrag.to_owned(), pwd.to_owned());
        let id = TransportId(id);
        world.engine.handle_command(at(0), Command::AddTransport { id, ice_ufrag, ice_pwd })
    };
    let pwd = "abcdefghijklmnopqrstuv";
    assert_eq!(add(1, "abc", pwd), Err(CommandError::BadCredentials));
    assert_eq!(add(1, "abcd", &pwd[1..]), Err(CommandError::BadCredentials));
    assert_eq!(add(1, "ab:d", pwd), Err(CommandError::BadCredentials));
    assert_eq!(add(1, "abcd", pwd), Ok(()));
    assert_eq!(add(2, "abcd", pwd), Err(CommandError::BadCredentials));
    assert_eq!(add(2, "abce", pwd), Ok(()));
    assert_eq!(add(3, "abcf", pwd), Err(CommandError::TooMany));
}
