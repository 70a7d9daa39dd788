//! New credentials for a living transport: the new path is made before the old one breaks.

mod support;

use std::net::SocketAddr;

use support::media::Vp8;
use support::world::World;
use trio_sfu_core::command::{Command, CommandError, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::transmit::Batch;
use trio_sfu_wire::stun::{BindingResponse, IntegrityKey};

const NEW: (&str, &str) = ("fresh1", "thePasswordAfterARestart1");
const NEWER: (&str, &str) = ("fresh2", "thePasswordAfterARestart2");

fn elsewhere(port: u16) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], port))
}

fn restart(world: &mut World, peer: usize, (ufrag, pwd): (&str, &str)) -> Result<(), CommandError> {
    let transport = world.transport(peer);
    let (ice_ufrag, ice_pwd) = (ufrag.to_owned(), pwd.to_owned());
    world.engine.handle_command(world.now, Command::RestartIce { transport, ice_ufrag, ice_pwd })
}

/// Whether a check with these credentials is answered, and with them.
fn check(
    world: &mut World,
    peer: usize,
    from: SocketAddr,
    (ufrag, pwd): (&str, &str),
    nominate: bool,
) -> bool {
    let own = std::mem::replace(&mut world.peers[peer].ufrag, ufrag.to_owned());
    let mut request = world.peers[peer].check_with(pwd, nominate);
    world.peers[peer].ufrag = own;
    world.settle();
    world.engine.handle_datagram(world.now, from, &mut request);
    let mut batch = Batch::default();
    world.engine.flush(world.now, &mut batch);
    batch.datagrams().any(|(to, datagram)| {
        BindingResponse::parse(datagram).is_ok_and(|response| {
            to == from && response.outcome == Ok(from) && response.verify(&IntegrityKey::new(pwd))
        })
    })
}

fn old(world: &World, peer: usize) -> (String, String) {
    (world.peers[peer].ufrag.clone(), world.peers[peer].password.clone())
}

/// Where a datagram to the peer goes.
fn destination(world: &mut World, peer: usize) -> Option<SocketAddr> {
    let transport = world.transport(peer);
    world.command(Command::SendControl { transport, datagram: vec![22, 1] });
    let mut batch = Batch::default();
    world.engine.flush(world.now, &mut batch);
    batch.datagrams().last().map(|(to, _)| to.address)
}

#[test]
fn the_old_credentials_answer_until_the_new_ones_nominate() {
    let mut world = World::new();
    let peer = world.join();
    let (ufrag, pwd) = old(&world, peer);
    let former = (ufrag.as_str(), pwd.as_str());
    let home = world.peers[peer].address;
    world.take_events();
    restart(&mut world, peer, NEW).expect("a restart");

    assert!(check(&mut world, peer, home, former, true), "consent goes on");
    assert!(check(&mut world, peer, elsewhere(1), NEW, false), "a new pair is tried");
    assert_eq!(destination(&mut world, peer), Some(home), "which changes nothing yet");
    assert!(check(&mut world, peer, home, former, true), "nor does it end the old one");

    assert!(check(&mut world, peer, elsewhere(1), NEW, true));
    assert_eq!(destination(&mut world, peer), Some(elsewhere(1)));
    let transport = world.transport(peer);
    assert_eq!(
        world.take_events(),
        [Event::PathChanged { transport, remote: elsewhere(1).into() }]
    );
    assert_eq!(world.counter("ice_restarts"), 1);

    assert!(!check(&mut world, peer, home, former, true), "now the old ones are gone");
    assert_eq!(world.counter("drop_unknown_ufrag"), 1);
    assert_eq!(destination(&mut world, peer), Some(elsewhere(1)));
}

#[test]
fn a_restart_on_the_same_path_is_no_event() {
    let mut world = World::new();
    let peer = world.join();
    let home = world.peers[peer].address;
    world.take_events();
    restart(&mut world, peer, NEW).expect("a restart");
    assert!(check(&mut world, peer, home, NEW, true));
    assert_eq!(world.counter("ice_restarts"), 1);
    assert!(world.take_events().is_empty());
    assert_eq!(world.engine.census().addresses, 1);
}

#[test]
fn media_goes_on_through_a_restart_with_the_keys_it_had() {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Video, "v", &["f"]);
    let slot = world.slot(viewer, Kind::Video, 900, None);
    world.map(slot, track, "f");
    let mut camera = Vp8::new(77, "v", Some("f"));
    let mut film = |world: &mut World, keyframe: bool| {
        for packet in camera.frame(keyframe, 1) {
            world.send(publisher, &packet);
        }
    };
    film(&mut world, true);
    for (number, peer) in [(1, publisher), (2, viewer)] {
        let (ufrag, pwd) = (format!("fresh{number}"), format!("thePasswordAfterARestart{number}"));
        restart(&mut world, peer, (&ufrag, &pwd)).expect("a restart");
        film(&mut world, false);
        world.settle();
        assert!(check(&mut world, peer, elsewhere(number), (&ufrag, &pwd), true));
        world.peers[peer].address = elsewhere(number);
        film(&mut world, false);
        world.settle();
    }
    let sequences: Vec<u16> = world.peers[viewer].of(900).iter().map(|p| p.sequence).collect();
    assert_eq!(sequences.len(), 5, "every frame arrived, decrypted");
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
}

#[test]
fn of_restarts_that_came_to_nothing_only_the_last_is_answered() {
    let mut world = World::new();
    let peer = world.join();
    let (ufrag, pwd) = old(&world, peer);
    let home = world.peers[peer].address;
    restart(&mut world, peer, NEW).expect("a restart");
    restart(&mut world, peer, NEWER).expect("another");
    assert!(!check(&mut world, peer, home, NEW, true));
    assert!(check(&mut world, peer, home, (&ufrag, &pwd), false), "what worked still works");
    assert!(check(&mut world, peer, home, NEWER, true));
    assert!(!check(&mut world, peer, home, (&ufrag, &pwd), false));
}

#[test]
fn each_ufrag_goes_with_its_own_password() {
    let mut world = World::new();
    let peer = world.join();
    let (ufrag, pwd) = old(&world, peer);
    let home = world.peers[peer].address;
    restart(&mut world, peer, NEW).expect("a restart");
    assert!(!check(&mut world, peer, home, (NEW.0, &pwd), true));
    assert!(!check(&mut world, peer, home, (&ufrag, NEW.1), true));
    assert_eq!(world.counter("drop_bad_integrity"), 2);
    assert_eq!(world.counter("ice_restarts"), 0);
}

#[test]
fn bad_credentials_change_nothing_and_a_transport_takes_all_of_its_own_with_it() {
    let mut world = World::new();
    let (peer, other) = (world.join(), world.join());
    let taken = world.peers[other].ufrag.clone();
    for bad in [("abc", NEW.1), ("fresh1", "short"), ("fre:h", NEW.1), (taken.as_str(), NEW.1)] {
        assert_eq!(restart(&mut world, peer, bad), Err(CommandError::BadCredentials));
    }
    world.check(peer);
    restart(&mut world, peer, NEW).expect("a restart");
    let transport = world.transport(peer);
    let (ufrag, pwd) = old(&world, peer);
    world.command(Command::RemoveTransport { transport });
    assert_eq!(restart(&mut world, peer, NEWER), Err(CommandError::UnknownTransport));
    // Nothing of either is left: somebody else may have them.
    for credentials in [NEW, (ufrag.as_str(), pwd.as_str())] {
        assert_eq!(restart(&mut world, other, credentials), Ok(()));
    }
}
