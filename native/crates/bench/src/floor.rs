//! The floor: a thread that decrypts, copies, rewrites, encrypts and sends, and does
//! nothing else. No forwarder with these protocols and system calls can cost less.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use trio_sfu_srtp::{Inbound, Outbound, Profile};
use trio_sfu_wire::rtp::Header;

use crate::clients::keying;
use crate::packets::PACKET_LEN;
use crate::socket::{self, MESSAGE_LEN};

/// The name of its thread.
pub(crate) const THREAD: &str = "floor";
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
        let thread = Builder::new().name(THREAD.into()).spawn(move || forwarder.run(&end))?;
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
        let mut message = vec![0; MESSAGE_LEN];
        let mut batch = Vec::new();
        while !ending.load(Ordering::Acquire) {
            // A time-out, and the end of clients that went before us, are nothing.
            if let Ok((len, segment)) = socket::receive(&self.socket, &mut message) {
                self.forward(&mut message[..len], segment, &mut batch);
            }
        }
    }

    /// Two steps, as in the engine: everything is encrypted, then everything is sent.
    fn forward(&mut self, message: &mut [u8], segment: usize, batch: &mut Vec<u8>) {
        let plain = segment.min(PACKET_LEN);
        let mut packets = Vec::with_capacity(64);
        for packet in message.chunks_mut(segment) {
            let Ok(header) = Header::parse(packet) else { continue };
            let (ssrc, sequence) = (header.ssrc.0, header.sequence);
            if let Ok((_, index)) = self.inbound.unprotect_rtp(packet, ssrc, sequence, header.len) {
                packets.push((index, header.len, &packet[..plain]));
            }
        }
        batch.clear();
        for (_, keys) in &self.subscribers {
            for (index, header_len, packet) in &packets {
                let start = batch.len();
                batch.extend_from_slice(packet);
                batch.resize(batch.len() + keys.profile().rtp_overhead(), 0);
                batch[start + 8..start + 12].copy_from_slice(&0x5151_0002u32.to_be_bytes());
                let out = &mut batch[start..];
                if keys.protect_rtp(out, *header_len, plain, *index).is_err() {
                    batch.truncate(start);
                }
            }
        }
        let run = packets.len() * segment;
        if run > 0 {
            for ((to, _), run) in self.subscribers.iter().zip(batch.chunks(run)) {
                let _ = socket::send(&self.socket, run, segment, *to);
            }
        }
    }
}
