//! What must hold of everything the engine sends.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use trio_sfu_core::engine::Engine;
use trio_sfu_core::transmit::Batch;
use trio_sfu_srtp::Error;
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtp::{Header, Ssrc};

use super::peer::{PEERS, Peer};
use super::rights::Rights;
use super::stamp;

/// What Linux accepts of one GSO send.
const MAX_SEGMENTS: usize = 64;
const MAX_RUN_LEN: usize = 65_507;
/// STUN, DTLS and RTCP datagrams that may wait for one transport.
const MAX_CONTROL: usize = 64;

/// Remembers what was sent under which keys.
#[derive(Default)]
pub(super) struct Output {
    /// The peer that each SSRC of a slot was announced to.
    announced: HashMap<Ssrc, usize>,
    /// The same SSRCs in order, each with the sequence number sent last.
    latest: Vec<(Ssrc, u16)>,
    /// Packets by keys, SSRC and sequence number. A session is too short for a rollover
    /// to bring the same sequence number twice.
    sent: HashMap<(u32, Ssrc, u16), Vec<u8>>,
    /// Which peers proved from which addresses who they are.
    proved: HashSet<(SocketAddr, usize)>,
    /// Datagrams and bytes since the start.
    pub(super) datagrams: u64,
    pub(super) bytes: u64,
    /// What of it was no media, since the latest input.
    control: usize,
    /// Stamped media packets that reached whom they were for.
    pub(super) recognized: u64,
}

impl Output {
    pub(super) fn slot_added(&mut self, ssrc: Ssrc, peer: usize) {
        self.announced.insert(ssrc, peer);
        self.latest.push((ssrc, 0));
    }

    pub(super) fn proved(&mut self, address: SocketAddr, peer: usize) {
        self.proved.insert((address, peer));
    }

    /// An SSRC that was announced, the peer it was announced to, and what it sent last.
    pub(super) fn announced(&self, choice: u8) -> Option<(usize, Ssrc, u16)> {
        let (ssrc, sequence) = self.latest.get(usize::from(choice) % self.latest.len().max(1))?;
        Some((*self.announced.get(ssrc)?, *ssrc, *sequence))
    }

    /// Something was handed to the engine: what is sent from now on waited in its queues.
    pub(super) fn begin(&mut self) {
        self.control = 0;
    }

    /// Looks at one flush; `exact` says that publishers keep to one rollover period, so
    /// that every receiver can decrypt everything.
    pub(super) fn check(
        &mut self,
        batch: &Batch,
        peers: &mut [Peer],
        rights: &Rights,
        engine: &Engine,
        exact: bool,
    ) {
        for run in &batch.runs {
            assert!(run.len > 0 && run.segment > 0, "an empty run");
            assert!(run.len <= MAX_RUN_LEN && run.len.div_ceil(run.segment) <= MAX_SEGMENTS);
            let address = run.destination.address;
            let known = (0..PEERS).any(|peer| self.proved.contains(&(address, peer)));
            assert!(known, "sent to nobody");
        }
        for (remote, datagram) in batch.datagrams() {
            let destination = remote.address;
            self.datagrams += 1;
            self.bytes += datagram.len() as u64;
            if classify(datagram) == Some(Class::Rtp) {
                self.check_rtp(destination, datagram, peers, rights, engine, exact);
            } else {
                self.control += 1;
            }
        }
        assert!(self.control <= PEERS * MAX_CONTROL, "an outbox is not bounded");
    }

    /// No key encrypts two different packets under one nonce; a packet goes to whom its SSRC
    /// was announced, who can decrypt it, and has the media of somebody it may see.
    fn check_rtp(
        &mut self,
        destination: SocketAddr,
        datagram: &[u8],
        peers: &mut [Peer],
        rights: &Rights,
        engine: &Engine,
        exact: bool,
    ) {
        let header = Header::parse(datagram).expect("RTP is well-formed");
        let peer = *self.announced.get(&header.ssrc).expect("an SSRC that was announced");
        assert!(self.proved.contains(&(destination, peer)), "sent to somebody else");
        let key = (peers[peer].generation, header.ssrc, header.sequence);
        let mut again = true;
        if let Some((_, latest)) = self.latest.iter_mut().find(|(ssrc, _)| *ssrc == header.ssrc) {
            *latest = header.sequence;
        }
        let first = self.sent.entry(key).or_insert_with(|| {
            again = false;
            datagram.to_vec()
        });
        assert!(first == datagram, "one nonce, two packets: {key:?}");
        let Some(keys) = &mut peers[peer].inbound else { panic!("sent without keys") };
        let mut plain = datagram.to_vec();
        match keys.unprotect_rtp(&mut plain, header.ssrc.0, header.sequence, header.len) {
            Ok((len, _)) => {
                // Retransmissions are announced second.
                let repair = header.ssrc.0 >= super::commands::FIRST_RTX_SSRC;
                if let Some(publisher) = stamp::read(&plain[header.len..len]) {
                    self.recognized += 1;
                    rights.sent(engine, header.ssrc, publisher, again || repair);
                }
            }
            // Sent again, or so late that the receiver's window has gone on.
            Err(Error::Replayed | Error::TooManySources) => {}
            Err(error) => assert!(!exact, "the receiver cannot decrypt: {error}"),
        }
    }
}
