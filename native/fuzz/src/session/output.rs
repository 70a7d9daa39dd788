//! What must hold of everything the engine sends.

use std::collections::HashMap;

use trio_sfu_core::transmit::Batch;
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtp::{Header, Ssrc};

use super::peer::{Peer, address};

/// What Linux accepts of one GSO send.
const MAX_SEGMENTS: usize = 64;
const MAX_RUN_LEN: usize = 65_507;

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
}

impl Output {
    pub(super) fn slot_added(&mut self, ssrc: Ssrc, peer: usize) {
        self.announced.insert(ssrc, peer);
        self.latest.push((ssrc, 0));
    }

    /// An SSRC that was announced, the peer it was announced to, and what it sent last.
    pub(super) fn announced(&self, choice: u8) -> Option<(usize, Ssrc, u16)> {
        let (ssrc, sequence) = self.latest.get(usize::from(choice) % self.latest.len().max(1))?;
        Some((*self.announced.get(ssrc)?, *ssrc, *sequence))
    }

    pub(super) fn check(&mut self, batch: &Batch, peers: &[Peer]) {
        for run in &batch.runs {
            assert!(run.len > 0 && run.segment > 0, "an empty run");
            assert!(run.len <= MAX_RUN_LEN && run.len.div_ceil(run.segment) <= MAX_SEGMENTS);
            assert!((0..5).any(|number| address(number) == run.destination), "sent to nobody");
        }
        for (_, datagram) in batch.datagrams() {
            match classify(datagram) {
                Some(Class::Rtp) => self.check_rtp(datagram, peers),
                Some(_) => {}
                // Control datagrams are the fuzzer's own bytes.
                None => {}
            }
        }
    }

    /// No key encrypts two different packets under one nonce.
    fn check_rtp(&mut self, datagram: &[u8], peers: &[Peer]) {
        let Ok(header) = Header::parse(datagram) else { return };
        let Some(&peer) = self.announced.get(&header.ssrc) else { return };
        let key = (peers[peer].generation, header.ssrc, header.sequence);
        if let Some((_, latest)) = self.latest.iter_mut().find(|(ssrc, _)| *ssrc == header.ssrc) {
            *latest = header.sequence;
        }
        let first = self.sent.entry(key).or_insert_with(|| datagram.to_vec());
        assert!(first == datagram, "one nonce, two packets: {key:?}");
    }
}
