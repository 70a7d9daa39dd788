//! One publisher and its subscribers: sockets, keys, packets out, packets counted.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use trio_sfu_srtp::{Inbound, Outbound, Profile};
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtp::Header;
use trio_sfu_wire::stun::{BindingResponse, IntegrityKey, RequestFields, binding_request};

use crate::feedback::Feedback;
use crate::packets::{DESCRIPTOR_LEN, FILL, HEADER_LEN, PACKET_LEN, Packetizer};
use crate::socket::{self, MESSAGE_LEN, Poller, Waiting};

/// How long a binding request may go unanswered.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Between two messages of a subscriber's transport-wide feedback.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);
/// Of how many messages one is decrypted and looked at. Prime, so that every subscriber
/// has its turn.
const SAMPLE: u64 = 61;

/// Keying material of a client's directions: byte 0 of each is the client's number.
pub(crate) fn keying(profile: Profile, client: usize, to_server: bool) -> Vec<u8> {
    let mut keying = vec![if to_server { 0x11 } else { 0x22 }; profile.keying_len()];
    keying[0] = client as u8;
    keying[1] = (client >> 8) as u8;
    keying
}

/// A client's ICE credentials at the server.
pub(crate) fn credentials(client: usize) -> (String, String) {
    (format!("bench{client}"), format!("{client:0>24}"))
}

/// What the subscribers have got.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    /// RTP packets.
    pub(crate) packets: u64,
    /// Messages they came in, as GRO left them.
    pub(crate) messages: u64,
    /// Packets that were decrypted and looked at.
    pub(crate) checked: u64,
}

/// The publisher, client 0, and its subscribers, clients from 1.
pub(crate) struct Clients {
    server: SocketAddr,
    sockets: Vec<UdpSocket>,
    poller: Poller,
    outbound: Outbound,
    packetizer: Packetizer,
    inbound: Vec<Inbound>,
    /// One for each client that tells what has arrived.
    feedback: Vec<Feedback>,
    next_feedback: Instant,
    frame: Vec<u8>,
    buffer: Vec<u8>,
    /// What has arrived so far.
    pub(crate) received: Received,
}

impl Clients {
    pub(crate) fn new(
        profile: Profile,
        subscribers: usize,
        server: SocketAddr,
        tells: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let sockets =
            (0..=subscribers).map(|_| socket::bind()).collect::<io::Result<Vec<UdpSocket>>>()?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
        }
        let inbound = (0..=subscribers)
            .map(|client| Inbound::new(profile, &keying(profile, client, false)))
            .collect::<Result<_, _>>()?;
        let feedback = (0..=subscribers)
            .filter(|_| tells)
            .map(|client| Feedback::new(profile, client))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            server,
            feedback,
            next_feedback: Instant::now(),
            poller: Poller::new(&sockets)?,
            sockets,
            outbound: Outbound::new(profile, &keying(profile, 0, true))?,
            packetizer: Packetizer::default(),
            inbound,
            frame: Vec::new(),
            buffer: vec![0; MESSAGE_LEN],
            received: Received::default(),
        })
    }

    /// The subscribers' addresses, in order.
    pub(crate) fn subscribers(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets[1..].iter().map(UdpSocket::local_addr).collect()
    }

    /// Have each client's address learned by a binding request that is answered.
    pub(crate) fn connect(&mut self) -> Result<(), Box<dyn Error>> {
        for (client, socket) in self.sockets.iter().enumerate() {
            let (ufrag, password) = credentials(client);
            let key = IntegrityKey::new(&password);
            let fields = RequestFields {
                username: &format!("{ufrag}:client"),
                priority: 1,
                use_candidate: true,
                tie_breaker: client as u64,
                transaction_id: [client as u8; 12],
            };
            let mut request = Vec::new();
            binding_request(&fields, &key, &mut request);
            socket.set_nonblocking(false)?;
            socket.set_read_timeout(Some(ANSWER_WITHIN))?;
            socket::send(socket, &request, request.len(), self.server)?;
            let (len, _) = socket::receive(socket, &mut self.buffer, Waiting::ForOne)?;
            let response = BindingResponse::parse(&self.buffer[..len])?;
            if !response.verify(&key) || response.outcome.is_err() {
                return Err("a binding request was refused".into());
            }
            socket.set_nonblocking(true)?;
        }
        Ok(())
    }

    /// Send a frame of so many packets, in one piece.
    pub(crate) fn publish(&mut self, packets: usize) -> Result<(), Box<dyn Error>> {
        let overhead = self.outbound.profile().rtp_overhead();
        self.frame.clear();
        for position in 0..packets {
            let start = self.frame.len();
            let index = self.packetizer.index;
            self.packetizer.write(position, packets, &mut self.frame);
            self.frame.resize(start + PACKET_LEN + overhead, 0);
            let packet = &mut self.frame[start..];
            self.outbound.protect_rtp(packet, HEADER_LEN, PACKET_LEN, index)?;
        }
        socket::send(&self.sockets[0], &self.frame, PACKET_LEN + overhead, self.server)?;
        Ok(())
    }

    /// Receive what there is, waiting for something at most `timeout`; returns whether
    /// there was anything.
    pub(crate) fn receive(&mut self, timeout: Duration) -> Result<bool, Box<dyn Error>> {
        let mut any = false;
        for client in self.poller.wait(timeout)? {
            any = true;
            let (len, segment) =
                match socket::receive(&self.sockets[client], &mut self.buffer, Waiting::No) {
                    Ok(message) => message,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error.into()),
                };
            if client == 0 {
                continue; // reports and requests to the publisher
            }
            let mut sample = None;
            for (position, datagram) in self.buffer[..len].chunks(segment).enumerate() {
                if classify(datagram) == Some(Class::Rtp) {
                    self.received.packets += 1;
                    if let Some(feedback) = self.feedback.get_mut(client) {
                        feedback.arrived(datagram);
                    }
                    sample = Some(position * segment);
                }
            }
            let Some(sample) = sample else { continue };
            self.received.messages += 1;
            if self.received.messages.is_multiple_of(SAMPLE) {
                let end = len.min(sample + segment);
                check(&mut self.inbound[client], &mut self.buffer[sample..end])?;
                self.received.checked += 1;
            }
        }
        if Instant::now() >= self.next_feedback {
            self.next_feedback = Instant::now() + FEEDBACK_INTERVAL;
            for (socket, feedback) in self.sockets.iter().zip(&mut self.feedback) {
                feedback.send(socket, self.server)?;
            }
        }
        Ok(any)
    }
}

/// A packet decrypts and carries what the publisher put into it.
fn check(inbound: &mut Inbound, packet: &mut [u8]) -> Result<(), Box<dyn Error>> {
    let header = Header::parse(packet)?;
    let (len, _) = inbound.unprotect_rtp(packet, header.ssrc.0, header.sequence, header.len)?;
    let fill = packet.get(header.len + DESCRIPTOR_LEN..len).unwrap_or_default();
    if fill.len() < PACKET_LEN - HEADER_LEN - DESCRIPTOR_LEN || fill.iter().any(|b| *b != FILL) {
        return Err("a subscriber received something else than was published".into());
    }
    Ok(())
}
