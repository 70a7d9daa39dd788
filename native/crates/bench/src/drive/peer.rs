//! A client whose ICE and DTLS another program has done: it receives, reports and stays.

use std::cell::Cell;
use std::collections::HashMap;
use std::error::Error;
use std::net::{SocketAddr, UdpSocket};

use trio_sfu_srtp::{Inbound, Outbound};
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtcp::twcc::Recorder;
use trio_sfu_wire::rtcp::{self, Packet, ReportBlock};
use trio_sfu_wire::rtp::extension::transport_cc;
use trio_sfu_wire::rtp::{Header, Ssrc};
use trio_sfu_wire::stun::{
    BindingRequest, IntegrityKey, RequestFields, binding_request, success_response,
};

use super::clock::{Clock, wall};
use super::plan::PeerPlan;
use super::received::{Received, Wanted};
use super::stamp::Stamp;
use super::stream::Stream;
use super::viewer::{Seen, Viewer};
use crate::batch::{Batch, Message, Wait};
use crate::socket;

/// Larger than whatever the server has: it gives in, should it want to be in control too
/// (RFC 8445, section 7.3.1.1).
const TIE_BREAKER: u64 = u64::MAX;
/// What reports name as the receiver where the peer sends nothing itself.
const SSRC: Ssrc = Ssrc(1);
/// Report blocks that one report holds.
const BLOCKS: usize = 31;

pub(crate) struct Peer {
    plan: PeerPlan,
    pub(crate) socket: UdpSocket,
    pub(crate) outbound: Outbound,
    inbound: Inbound,
    key: Option<(IntegrityKey, IntegrityKey)>,
    streams: Vec<Stream>,
    arrivals: Recorder,
    /// The transport-wide number of what it sends next.
    pub(crate) wide: Cell<u16>,
    /// Of one that wants other encodings.
    pub(crate) viewer: Option<Viewer>,
    /// Of a verified peer: the next index of each track.
    next: HashMap<u16, u64>,
    counted: u64,
    checks: u64,
}

impl Peer {
    pub(crate) fn new(plan: PeerPlan) -> Result<Self, Box<dyn Error>> {
        let socket = socket::inherited(plan.descriptor)?;
        socket.set_nonblocking(true)?;
        socket::tell_arrivals(&socket)?;
        let key = (plan.theirs.0 != "-")
            .then(|| (IntegrityKey::new(&plan.theirs.1), IntegrityKey::new(&plan.ours.1)));
        Ok(Self {
            socket,
            outbound: Outbound::new(plan.profile, &plan.keys_out)?,
            inbound: Inbound::new(plan.profile, &plan.keys_in)?,
            key,
            streams: Vec::new(),
            arrivals: Recorder::new(),
            wide: Cell::new(0),
            viewer: None,
            next: HashMap::new(),
            counted: 0,
            checks: 0,
            plan,
        })
    }

    pub(crate) fn server(&self) -> SocketAddr {
        self.plan.server
    }

    /// Whether it is the client of an SFU; the floor's are not, and cannot ask for anything.
    pub(crate) fn negotiated(&self) -> bool {
        self.key.is_some()
    }

    /// Receive all there is. Pushes the SSRCs of tracks that a keyframe is wanted of.
    pub(crate) fn receive(
        &mut self,
        batch: &mut Batch,
        clock: &Clock,
        sample: u64,
        received: &mut Received,
        wanted: &mut Vec<Wanted>,
    ) -> Result<(), Box<dyn Error>> {
        loop {
            let (count, more) = batch.receive(&self.socket, Wait::No)?;
            for position in 0..count {
                let (message, bytes) = batch.message(position);
                let mut any = false;
                for datagram in bytes.chunks_mut(message.segment) {
                    match classify(datagram) {
                        Some(Class::Rtp) => {
                            any |= self.rtp(datagram, &message, clock, sample, received);
                        }
                        Some(Class::Rtcp) => self.rtcp(datagram, clock, received, wanted),
                        Some(Class::Stun) => self.stun(datagram, &message)?,
                        Some(Class::Dtls) | None => {}
                    }
                }
                received.messages += u64::from(any);
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Returns whether it was media.
    fn rtp(
        &mut self,
        packet: &mut [u8],
        message: &Message,
        clock: &Clock,
        sample: u64,
        received: &mut Received,
    ) -> bool {
        let Ok(header) = Header::parse(packet) else { return false };
        let arrived = message.arrived.unwrap_or_else(wall);
        if self.plan.transport_cc != 0 {
            let mut extensions = header.extensions(packet);
            let wide = extensions.find(|(id, _)| *id == self.plan.transport_cc);
            if let Some(Ok(sequence)) = wide.map(|(_, value)| transport_cc(value)) {
                self.arrivals.record(sequence, clock.since_began(arrived));
            }
        }
        if !self.plan.payload_types.contains(&header.payload_type.0) {
            received.besides += 1;
            return false;
        }
        received.packets += 1;
        received.bytes += packet.len() as u64;
        self.counted += 1;
        let known = self.streams.iter_mut().find(|stream| stream.ssrc == header.ssrc.0);
        let new = known.is_none();
        match known {
            Some(stream) => stream.received(header.sequence),
            None => self.streams.push(Stream::new(header.ssrc.0, header.sequence)),
        }
        let waits = self.viewer.as_ref().is_some_and(Viewer::waits);
        if new || waits || self.plan.verified || self.counted.is_multiple_of(sample) {
            self.look(packet, &header, arrived, received);
        }
        true
    }

    fn look(&mut self, packet: &mut [u8], header: &Header, arrived: u64, received: &mut Received) {
        received.checked += 1;
        let opened = self.inbound.unprotect_rtp(packet, header.ssrc.0, header.sequence, header.len);
        let Ok((len, _)) = opened else {
            received.wrong += 1;
            return;
        };
        let packet = &packet[..len];
        let end = header.payload_end(packet).unwrap_or(len);
        if end <= header.len {
            // Padding alone, or an empty packet that takes the number of one left out.
            received.besides += 1;
            return;
        }
        let Some(stamp) = Stamp::read(&packet[header.len..end]) else {
            received.wrong += 1;
            return;
        };
        received.latencies.push(arrived.saturating_sub(stamp.sent));
        let seen = self.viewer.as_mut().map_or(Seen::Same, |viewer| {
            let payload = &packet[header.len..end];
            viewer.shown(stamp.track, payload, arrived, &mut received.changes)
        });
        if self.plan.verified {
            let next = self.next.entry(stamp.track).or_insert(stamp.index);
            if seen == Seen::Other {
                // What was sent while it showed another encoding was not for this viewer.
                *next = stamp.index;
            }
            if stamp.index < *next {
                received.disordered += 1;
                received.missing = received.missing.saturating_sub(1);
            } else {
                received.missing += stamp.index - *next;
                *next = stamp.index + 1;
            }
        }
    }

    fn rtcp(
        &mut self,
        datagram: &mut [u8],
        clock: &Clock,
        received: &mut Received,
        wanted: &mut Vec<Wanted>,
    ) {
        let Ok(len) = self.inbound.unprotect_rtcp(datagram) else {
            received.wrong += 1;
            return;
        };
        for packet in rtcp::packets(&datagram[..len]).flatten() {
            match packet {
                Packet::SenderReport { ssrc, info, .. } => {
                    let stream = self.streams.iter_mut().find(|stream| stream.ssrc == ssrc.0);
                    if let Some(stream) = stream {
                        stream.reported(info.ntp, clock.now());
                    }
                }
                Packet::Pli { media, .. } => wanted.push(Wanted(media.0)),
                Packet::Fir { entries, .. } => {
                    wanted.extend(entries.map(|(media, _)| Wanted(media.0)));
                }
                Packet::Nack { sequences, .. } => received.nacks += sequences.count() as u64,
                _ => {}
            }
        }
    }

    /// Answer a check of the server's.
    fn stun(&mut self, datagram: &[u8], message: &Message) -> Result<(), Box<dyn Error>> {
        let Some((_, ours)) = &self.key else { return Ok(()) };
        let Ok(request) = BindingRequest::parse(datagram) else { return Ok(()) };
        if request.verify(ours) {
            let mut answer = Vec::new();
            success_response(&request.transaction_id, message.from.into(), ours, &mut answer);
            socket::send(&self.socket, &answer, answer.len(), message.from.into())?;
        }
        Ok(())
    }

    /// Tell the server that the peer is still there (RFC 7675).
    pub(crate) fn consent(&mut self) -> Result<(), Box<dyn Error>> {
        let Some((theirs, _)) = &self.key else { return Ok(()) };
        self.checks += 1;
        let mut transaction_id = [0; 12];
        transaction_id[..4].copy_from_slice(&self.plan.descriptor.to_be_bytes());
        transaction_id[4..].copy_from_slice(&self.checks.to_be_bytes());
        let fields = RequestFields {
            username: &format!("{}:{}", self.plan.theirs.0, self.plan.ours.0),
            priority: 1 << 24,
            use_candidate: true,
            tie_breaker: TIE_BREAKER,
            transaction_id,
        };
        let mut request = Vec::new();
        binding_request(&fields, theirs, &mut request);
        self.send(&request)
    }

    /// Report what has been received (RFC 3550, section 6.4.2).
    pub(crate) fn report(&mut self, clock: &Clock) -> Result<(), Box<dyn Error>> {
        let blocks: Vec<ReportBlock> =
            self.streams.iter_mut().map(|stream| stream.block(clock.now())).collect();
        for blocks in blocks.chunks(BLOCKS) {
            let mut datagram = Vec::new();
            rtcp::receiver_report(&mut datagram, SSRC, blocks);
            self.send_rtcp(datagram)?;
        }
        Ok(())
    }

    /// Say when packets have arrived, where that was negotiated.
    pub(crate) fn feed_back(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            let mut datagram = Vec::new();
            let media = Ssrc(self.streams.first().map_or(0, |stream| stream.ssrc));
            if !self.arrivals.take(SSRC, media, &mut datagram) {
                return Ok(());
            }
            self.send_rtcp(datagram)?;
        }
    }

    pub(crate) fn send_rtcp(&mut self, mut datagram: Vec<u8>) -> Result<(), Box<dyn Error>> {
        self.outbound.protect_rtcp(&mut datagram)?;
        self.send(&datagram)
    }

    fn send(&self, datagram: &[u8]) -> Result<(), Box<dyn Error>> {
        match socket::send(&self.socket, datagram, datagram.len(), self.plan.server) {
            // The server has gone, which what it uses tells as well.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(()),
            sent => Ok(sent?),
        }
    }

    /// Packets that are missing in what the server has numbered.
    pub(crate) fn gaps(&self) -> u64 {
        self.streams.iter().map(Stream::missing).sum()
    }
}
