//! The floor: a thread that decrypts, copies, rewrites, encrypts and sends, and does
//! nothing else. No forwarder with these protocols and system calls can cost less.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use trio_sfu_srtp::{Inbound, Outbound, Profile};
use trio_sfu_wire::rtp::Header;

use crate::clients::keying;
use crate::socket::{self, MESSAGE_LEN, Waiting};

/// The name of its thread.
pub(crate) const THREAD: &str = "floor";
/// The SSRC it writes into all it sends.
const SSRC: u32 = 0x5151_0002;
/// Messages it receives before it sends, if so many wait; an engine's turn is like that.
const MESSAGES_PER_TURN: usize = 8;
/// Datagrams of one GSO send at most, and their bytes.
const RUN_SEGMENTS: usize = 64;
const RUN_LEN: usize = 65_000;
/// How often it looks whether it should end.
const LOOK: Duration = Duration::from_millis(200);

/// A running floor. Dropping it ends its thread.
pub(crate) struct Floor {
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread owns.
struct Forwarder {
    socket: UdpSocket,
    inbound: Inbound,
    subscribers: Vec<(SocketAddr, Outbound)>,
}

/// A decrypted packet.
struct Packet<'a> {
    index: u64,
    header_len: usize,
    plain: &'a [u8],
}

impl Floor {
    /// A socket for it, so that its address is known before the clients are.
    pub(crate) fn bind() -> io::Result<UdpSocket> {
        let socket = socket::bind()?;
        socket.set_read_timeout(Some(LOOK))?;
        Ok(socket)
    }

    pub(crate) fn start(
        socket: UdpSocket,
        profile: Profile,
        subscribers: &[SocketAddr],
    ) -> Result<Self, Box<dyn Error>> {
        let subscribers = subscribers
            .iter()
            .zip(1..)
            .map(|(to, client)| Ok((*to, Outbound::new(profile, &keying(profile, client, false))?)))
            .collect::<Result<_, trio_sfu_srtp::Error>>()?;
        let inbound = Inbound::new(profile, &keying(profile, 0, true))?;
        let mut forwarder = Forwarder { socket, inbound, subscribers };
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ending);
        let (runs, running) = sync_channel(1);
        let thread = Builder::new().name(THREAD.into()).spawn(move || {
            let _ = runs.send(()); // the thread has its name now
            forwarder.run(&end);
        })?;
        running.recv()?;
        Ok(Self { ending, thread: Some(thread) })
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Forwarder {
    fn run(&mut self, ending: &AtomicBool) {
        let mut messages = vec![0; MESSAGES_PER_TURN * MESSAGE_LEN];
        let mut batch = Vec::new();
        while !ending.load(Ordering::Acquire) {
            let mut packets = Vec::with_capacity(MESSAGES_PER_TURN * RUN_SEGMENTS);
            let mut waiting = Waiting::ForOne;
            for message in messages.chunks_mut(MESSAGE_LEN) {
                // A time-out, and the end of clients that went before us, are nothing.
                let received = socket::receive(&self.socket, message, waiting);
                let Ok((len, segment)) = received else { break };
                waiting = Waiting::No;
                self.decrypt(&mut message[..len], segment, &mut packets);
            }
            self.forward(&packets, &mut batch);
        }
    }

    fn decrypt<'a>(
        &mut self,
        message: &'a mut [u8],
        segment: usize,
        packets: &mut Vec<Packet<'a>>,
    ) {
        for packet in message.chunks_mut(segment) {
            let Ok(header) = Header::parse(packet) else { continue };
            let (ssrc, sequence) = (header.ssrc.0, header.sequence);
            if let Ok((len, index)) = self.inbound.unprotect_rtp(packet, ssrc, sequence, header.len)
            {
                packets.push(Packet { index, header_len: header.len, plain: &packet[..len] });
            }
        }
    }

    /// Two steps, as in the engine: everything is encrypted, then everything is sent.
    fn forward(&self, packets: &[Packet<'_>], batch: &mut Vec<u8>) {
        batch.clear();
        for (_, keys) in &self.subscribers {
            for packet in packets {
                let start = batch.len();
                batch.extend_from_slice(packet.plain);
                batch.resize(batch.len() + keys.profile().rtp_overhead(), 0);
                batch[start + 8..start + 12].copy_from_slice(&SSRC.to_be_bytes());
                let len = packet.plain.len();
                let sealed =
                    keys.protect_rtp(&mut batch[start..], packet.header_len, len, packet.index);
                if sealed.is_err() {
                    batch.truncate(start);
                }
            }
        }
        let Some(first) = packets.first() else { return };
        let segment = first.plain.len() + self.inbound.profile().rtp_overhead();
        let run = segment * RUN_SEGMENTS.min(RUN_LEN / segment);
        for ((to, _), theirs) in self.subscribers.iter().zip(batch.chunks(packets.len() * segment))
        {
            for run in theirs.chunks(run) {
                let _ = socket::send(&self.socket, run, segment, *to);
            }
        }
    }
}
