//! A NAT that gives a peer another port: its packets are taken, and it is followed.

mod support;

use std::net::SocketAddr;

use support::media::Opus;
use support::ms;
use support::world::World;
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::rtcp;
use trio_sfu_wire::rtp::Ssrc;

/// Alice has a microphone that Bob hears, and Bob one that Alice hears.
struct Call {
    world: World,
    alice: usize,
    bob: usize,
    microphones: [Opus; 2],
    /// Where Alice's packets come from.
    source: SocketAddr,
}

impl Call {
    fn new() -> Self {
        let mut world = World::new();
        let (alice, bob) = (world.join(), world.join());
        let mut microphones = Vec::new();
        for (publisher, viewer, ssrc) in [(alice, bob, 7), (bob, alice, 8)] {
            let track = world.track(publisher, Kind::Audio, "0", &[]);
            let slot = world.slot(viewer, Kind::Audio, 100 + ssrc, None);
            world.map(slot, track, "");
            microphones.push(Opus::new(ssrc, "0"));
        }
        let microphones = microphones.try_into().unwrap_or_else(|_| unreachable!("two"));
        let source = world.peers[alice].address;
        let mut call = Self { world, alice, bob, microphones, source };
        call.talk(200);
        call.world.take_events();
        assert_eq!(call.heard(), [10, 10]);
        call
    }

    fn other_port(&self) -> SocketAddr {
        SocketAddr::new(self.source.ip(), self.source.port() + 1)
    }

    /// Both talk for so many milliseconds, Alice from where she is.
    fn talk(&mut self, millis: u64) {
        for _ in 0..millis / 20 {
            self.alice_says(self.source);
            let packet = self.microphones[1].packet();
            self.world.send(self.bob, &packet);
            self.world.run(20);
        }
    }

    fn alice_says(&mut self, source: SocketAddr) -> Vec<u8> {
        let packet = self.microphones[0].packet();
        let datagram = self.world.peers[self.alice].protect(&packet);
        self.world.engine.handle_datagram(self.world.now, source, &mut datagram.clone());
        datagram
    }

    /// How many packets Alice and Bob have got since the last time; hers where she is.
    fn heard(&mut self) -> [usize; 2] {
        [self.alice, self.bob].map(|peer| std::mem::take(&mut self.world.peers[peer].rtp).len())
    }

    /// What has been told of the ways that media takes.
    fn paths(&mut self) -> Vec<Event> {
        let told = self.world.take_events();
        told.into_iter().filter(|event| !matches!(event, Event::AudioLevel { .. })).collect()
    }

    /// Her NAT forgets her: from now on she is behind another port.
    fn rebind(&mut self) {
        self.source = self.other_port();
        self.world.peers[self.alice].address = self.source;
    }
}

#[test]
fn what_is_sent_from_another_port_is_lost_for_nobody_and_its_sender_is_followed() {
    let mut call = Call::new();
    call.rebind();
    call.talk(1_000);
    let [alice, bob] = call.heard();
    assert_eq!(bob, 50, "nothing of hers is lost");
    assert!((44..=46).contains(&alice), "a tenth of a second: {alice} of 50");
    let (transport, remote) = (call.world.transport(call.alice), call.source.into());
    assert_eq!(call.paths(), [Event::PathChanged { transport, remote }]);
    assert_eq!(call.world.counter("addresses_followed"), 1);
    call.world.check(call.alice);
    call.world.run(0);
    assert!(call.paths().is_empty(), "her check says nothing new");
}

#[test]
fn she_is_told_something_at_once_where_she_is_now() {
    let mut call = Call::new();
    call.rebind();
    call.world.run(200);
    let mut batch = Batch::default();
    call.world.engine.flush(call.world.now, &mut batch);
    batch.clear();
    call.alice_says(call.source);
    call.world.engine.flush(call.world.now, &mut batch);
    assert!(batch.datagrams().any(|(to, _)| to == call.source));
}

#[test]
fn reports_are_enough() {
    let mut call = Call::new();
    let mut report = Vec::new();
    rtcp::receiver_report(&mut report, Ssrc(1), &[]);
    call.world.send_rtcp(call.alice, report.clone());
    call.rebind();
    call.world.run(500);
    call.world.send_rtcp(call.alice, report);
    call.world.run(0);
    assert_eq!(call.world.counter("addresses_followed"), 1);
}

#[test]
fn who_is_still_heard_where_they_were_is_not_followed() {
    let mut call = Call::new();
    for _ in 0..50 {
        call.alice_says(call.other_port());
        call.talk(20);
    }
    assert_eq!(call.heard(), [50, 100], "authentic is authentic");
    assert_eq!(call.world.counter("addresses_followed"), 0);
}

#[test]
fn nobody_is_followed_to_another_address_before_a_check() {
    let mut call = Call::new();
    let elsewhere = SocketAddr::from(([198, 51, 100, 7], call.source.port()));
    for _ in 0..50 {
        call.alice_says(elsewhere);
        call.world.run(20);
    }
    assert_eq!(call.heard()[1], 0);
    assert_eq!(call.world.counter("drop_unknown_source"), 50);
}

#[test]
fn what_was_overheard_moves_nobody() {
    let mut call = Call::new();
    let overheard = call.alice_says(call.source);
    call.world.run(1_000);
    for _ in 0..10 {
        let (now, thief) = (call.world.now, call.other_port());
        call.world.engine.handle_datagram(now, thief, &mut overheard.clone());
    }
    assert_eq!(call.world.counter("drop_replay"), 10);
    assert_eq!(call.world.counter("addresses_followed"), 0);
}

#[test]
fn forged_packets_are_tried_two_hundred_at_once_and_fifty_a_second() {
    let mut call = Call::new();
    let thief = call.other_port();
    for _ in 0..1_000 {
        let mut forged = call.microphones[0].packet().write().0;
        forged.resize(forged.len() + 16, 0);
        call.world.engine.handle_datagram(call.world.now, thief, &mut forged);
        call.world.now = call.world.now + ms(1);
    }
    let tried = call.world.counter("drop_auth");
    assert!((245..=255).contains(&tried), "{tried}");
    assert_eq!(call.world.counter("drop_unknown_source"), 1_000 - tried);
    call.heard();
    call.talk(200);
    assert_eq!(call.heard(), [10, 10]);
}

#[test]
fn without_consent_only_a_check_helps() {
    let mut call = Call::new();
    call.world.run(20_000);
    call.rebind();
    call.talk(200);
    assert_eq!(call.heard(), [0, 0]);
    call.world.check(call.alice);
    call.world.check(call.bob);
    call.talk(200);
    assert_eq!(call.heard(), [10, 10]);
}

#[test]
fn the_same_keys_again_forget_nobody_and_others_do() {
    let mut call = Call::new();
    call.world.key(call.alice, Profile::AeadAes128Gcm);
    assert_eq!(call.world.engine.senders(), 2);
    call.world.key(call.alice, Profile::Aes128CmHmacSha1_80);
    assert_eq!(call.world.engine.senders(), 1);
}

#[test]
fn nothing_is_left_of_those_who_go() {
    let mut call = Call::new();
    assert_eq!(call.world.engine.senders(), 2);
    call.rebind();
    call.talk(200);
    assert_eq!(call.world.engine.census().addresses, 3);
    for peer in [call.alice, call.bob] {
        let transport = call.world.transport(peer);
        call.world.command(Command::RemoveTransport { transport });
    }
    let census = call.world.engine.census();
    assert_eq!((call.world.engine.senders(), census.addresses, census.transports), (0, 0, 0));
}
