//! An engine with peers around it.

use trio_sfu_core::command::{Command, Kind, SlotConfig, UpTrackConfig};
use trio_sfu_core::config::Config;
use trio_sfu_core::engine::Engine;
use trio_sfu_core::event::Event;
use trio_sfu_core::ids::{SlotId, TransportId, UpTrackId};
use trio_sfu_core::time::Instant;
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Profile;
use trio_sfu_wire::rtcp;
use trio_sfu_wire::rtp::{Rid, Ssrc};

use super::{Peer, Rtp, at, codecs, extensions, keying, mid, ms};

pub struct World {
    pub engine: Engine,
    pub now: Instant,
    pub peers: Vec<Peer>,
    pub events: Vec<Event>,
    batch: Batch,
    next_id: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(Config { ntp_epoch: 1000 << 32, ..Config::default() })
    }

    pub fn with(config: Config) -> Self {
        let now = at(10_000);
        Self {
            engine: Engine::new(config, now),
            now,
            peers: Vec::new(),
            events: Vec::new(),
            batch: Batch::default(),
            next_id: 1,
        }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub fn command(&mut self, command: Command) {
        self.engine.handle_command(self.now, command).unwrap();
    }

    /// A transport with credentials only; returns the peer's index.
    pub fn invite(&mut self) -> usize {
        self.invite_with(Profile::AeadAes128Gcm)
    }

    pub fn invite_with(&mut self, profile: Profile) -> usize {
        let number = self.peers.len() as u64 + 1;
        let peer = Peer::new(number, profile);
        self.command(Command::AddTransport {
            id: peer.id,
            ice_ufrag: peer.ufrag.clone(),
            ice_pwd: peer.password.clone(),
        });
        self.peers.push(peer);
        self.peers.len() - 1
    }

    pub fn key(&mut self, peer: usize, profile: Profile) {
        let seed = self.peers[peer].id.0 as u8;
        self.command(Command::SetSrtpKeys {
            transport: self.peers[peer].id,
            profile,
            inbound: keying(profile, seed),
            outbound: keying(profile, seed ^ 0x80),
        });
    }

    /// A connected peer with keys and everything negotiated.
    pub fn join(&mut self) -> usize {
        self.join_with(Profile::AeadAes128Gcm)
    }

    pub fn join_with(&mut self, profile: Profile) -> usize {
        let peer = self.invite_with(profile);
        self.command(Command::SetNegotiated {
            transport: self.peers[peer].id,
            extensions: extensions(),
            codecs: codecs(),
        });
        self.key(peer, profile);
        self.check(peer);
        peer
    }

    /// The peer's address is checked, as its browser does every few seconds.
    pub fn check(&mut self, peer: usize) {
        let mut request = self.peers[peer].check(true);
        self.engine.handle_datagram(self.now, self.peers[peer].address, &mut request);
    }

    pub fn track(&mut self, peer: usize, kind: Kind, name: &str, rids: &[&str]) -> UpTrackId {
        let id = UpTrackId(self.id());
        let config = UpTrackConfig {
            kind,
            mid: mid(name),
            rids: rids.iter().map(|name| Rid::new(name).unwrap()).collect(),
            ssrcs: Vec::new(),
        };
        self.command(Command::AddUpTrack { id, transport: self.peers[peer].id, config });
        id
    }

    pub fn slot(&mut self, peer: usize, kind: Kind, ssrc: u32, rtx: Option<u32>) -> SlotId {
        let id = SlotId(self.id());
        let config = SlotConfig {
            kind,
            mid: mid("s"),
            ssrc: Ssrc(ssrc),
            rtx_ssrc: rtx.map(Ssrc),
            cname: "cname".to_owned(),
        };
        self.command(Command::AddSlot { id, transport: self.peers[peer].id, config });
        id
    }

    pub fn map(&mut self, slot: SlotId, up_track: UpTrackId, rid: &str) {
        let rid = if rid.is_empty() { Rid::EMPTY } else { Rid::new(rid).unwrap() };
        self.command(Command::MapSlot { slot, source: Some((up_track, rid)) });
    }

    pub fn unmap(&mut self, slot: SlotId) {
        self.command(Command::MapSlot { slot, source: None });
    }

    pub fn send(&mut self, peer: usize, rtp: &Rtp) {
        let mut datagram = self.peers[peer].protect(rtp);
        self.engine.handle_datagram(self.now, self.peers[peer].address, &mut datagram);
    }

    pub fn send_rtcp(&mut self, peer: usize, compound: Vec<u8>) {
        let mut datagram = self.peers[peer].protect_rtcp(compound);
        self.engine.handle_datagram(self.now, self.peers[peer].address, &mut datagram);
    }

    pub fn nack(&mut self, peer: usize, media: u32, sequences: &[u16]) {
        let mut datagram = Vec::new();
        rtcp::receiver_report(&mut datagram, Ssrc(1), &[]);
        rtcp::nack(&mut datagram, Ssrc(1), Ssrc(media), sequences);
        self.send_rtcp(peer, datagram);
    }

    pub fn pli(&mut self, peer: usize, media: u32) {
        let mut datagram = Vec::new();
        rtcp::receiver_report(&mut datagram, Ssrc(1), &[]);
        rtcp::pli(&mut datagram, Ssrc(1), Ssrc(media));
        self.send_rtcp(peer, datagram);
    }

    /// Does what is due now and delivers everything.
    pub fn settle(&mut self) {
        self.engine.handle_deadline(self.now);
        self.deliver();
        self.engine.drain_events(&mut self.events);
    }

    fn deliver(&mut self) {
        loop {
            let more = self.engine.flush(self.now, &mut self.batch);
            for (destination, datagram) in self.batch.datagrams() {
                let peer = self.peers.iter_mut().find(|peer| destination == peer.address);
                if let Some(peer) = peer {
                    peer.receive(datagram);
                }
            }
            self.batch.clear();
            if !more {
                return;
            }
        }
    }

    /// What the engine sends now, for those who bring it on its way themselves.
    pub fn take_datagrams(&mut self) -> Vec<(std::net::SocketAddr, Vec<u8>)> {
        let mut taken = Vec::new();
        loop {
            let more = self.engine.flush(self.now, &mut self.batch);
            let datagrams = self.batch.datagrams();
            taken.extend(datagrams.map(|(to, datagram)| (to.address, datagram.to_vec())));
            self.batch.clear();
            if !more {
                return taken;
            }
        }
    }

    /// Lets time pass, waking the engine exactly when it asks for it.
    pub fn run(&mut self, millis: u64) {
        let end = self.now + ms(millis);
        self.settle();
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= end) {
            assert!(next > self.now, "a deadline that does not pass");
            self.now = next;
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    /// The same, with every peer's checks going on.
    pub fn run_alive(&mut self, millis: u64) {
        for _ in 0..millis.div_ceil(1000) {
            for peer in 0..self.peers.len() {
                self.check(peer);
            }
            self.run(millis.min(1000));
        }
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        self.engine.drain_events(&mut self.events);
        std::mem::take(&mut self.events)
    }

    pub fn counter(&self, name: &str) -> u64 {
        self.engine.counters().entries().find(|(other, _)| *other == name).unwrap().1
    }

    pub fn slot_stat(&self, slot: SlotId, name: &str) -> u64 {
        let stats = self.engine.slot_stats(slot).unwrap();
        stats.counters.iter().find(|(other, _)| *other == name).unwrap().1
    }

    pub fn transport(&self, peer: usize) -> TransportId {
        self.peers[peer].id
    }
}

/// How often `wanted` is in the compound datagrams.
pub fn count_rtcp(datagrams: &[Vec<u8>], wanted: impl Fn(&rtcp::Packet<'_>) -> bool) -> usize {
    datagrams
        .iter()
        .flat_map(|datagram| rtcp::packets(datagram))
        .filter(|packet| packet.as_ref().is_ok_and(&wanted))
        .count()
}

pub fn is_pli(packet: &rtcp::Packet<'_>) -> bool {
    matches!(packet, rtcp::Packet::Pli { .. })
}
