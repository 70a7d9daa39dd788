//! The floor as a program of its own: it decrypts, copies, encrypts and sends, knows everybody
//! from its plan, and does nothing else. A client gets what the first `SLOTS` others of its room
//! send; rooms have numbers from 0 on.
//!
//! ```text
//! socket FD
//! client ADDRESS PROFILE KEYS_IN KEYS_OUT SLOTS ROOM
//! go
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead, Read};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::process;
use std::thread;

use trio_sfu_srtp::{Inbound, Outbound};
use trio_sfu_wire::demux::{Class, classify};
use trio_sfu_wire::rtp::Header;

use crate::batch::{Batch, Wait};
use crate::drive::plan::{hexadecimal, next, profile};
use crate::socket;

/// Datagrams of one GSO send at most, and their bytes.
const RUN_SEGMENTS: usize = 64;
const RUN_LEN: usize = 65_000;

struct Client {
    address: SocketAddrV4,
    inbound: Inbound,
    outbound: Outbound,
    slots: usize,
    room: usize,
    /// Its number in its room.
    place: usize,
}

impl Client {
    /// Whether what a client of the same room sends is for it.
    fn sees(&self, other: &Self) -> bool {
        let before = other.place - usize::from(self.place < other.place);
        self.place != other.place && before < self.slots
    }
}

/// A decrypted packet.
struct Packet<'a> {
    sender: usize,
    index: u64,
    header_len: usize,
    plain: &'a [u8],
}

/// Encrypted packets of one size, the last may be shorter, for one client.
struct Run {
    client: usize,
    start: usize,
    end: usize,
    segment: usize,
    segments: usize,
}

/// Forward until standard input ends.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let (mut socket, mut clients) = (None, Vec::<Client>::new());
    let mut places = HashMap::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("socket") => socket = Some(socket::inherited(next(&mut words)?)?),
            Some("client") => {
                let address = next(&mut words)?;
                let profile = profile(&mut words)?;
                let mut client = Client {
                    address,
                    inbound: Inbound::new(profile, &hexadecimal(&mut words)?)?,
                    outbound: Outbound::new(profile, &hexadecimal(&mut words)?)?,
                    slots: next(&mut words)?,
                    room: next(&mut words)?,
                    place: 0,
                };
                let place = places.entry(client.room).or_insert(0);
                client.place = *place;
                *place += 1;
                clients.push(client);
            }
            Some("go") => break,
            word => return Err(format!("{word:?} is no word of a floor's plan").into()),
        }
    }
    let socket = socket.ok_or("a floor needs a socket")?;
    thread::spawn(|| {
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    forward(&socket, &mut clients)
}

fn forward(socket: &UdpSocket, clients: &mut [Client]) -> Result<(), Box<dyn Error>> {
    let by_address: HashMap<SocketAddrV4, usize> =
        clients.iter().enumerate().map(|(number, client)| (client.address, number)).collect();
    let last = clients.iter().map(|client| client.room).max().unwrap_or(0);
    let mut receivers = vec![Vec::new(); last + 1];
    for (number, client) in clients.iter().enumerate().filter(|(_, client)| client.slots > 0) {
        receivers[client.room].push(number);
    }
    let mut rooms = Vec::new();
    let mut batch = Batch::new();
    let (mut out, mut runs) = (Vec::new(), Vec::new());
    loop {
        batch.receive(socket, Wait::ForOne)?;
        let mut packets = Vec::with_capacity(64);
        for (message, bytes) in batch.all() {
            let Some(&sender) = by_address.get(&message.from) else { continue };
            let inbound = &mut clients[sender].inbound;
            for packet in bytes.chunks_mut(message.segment) {
                packets.extend(decrypt(inbound, sender, packet));
            }
        }
        // Two steps, as in the engine: everything is encrypted, then everything is sent.
        out.clear();
        runs.clear();
        rooms.clear();
        rooms.extend(packets.iter().map(|packet| clients[packet.sender].room));
        rooms.sort_unstable();
        rooms.dedup();
        for &room in &rooms {
            let theirs = |packet: &&Packet<'_>| clients[packet.sender].room == room;
            for &number in &receivers[room] {
                let client = &clients[number];
                let seen = |packet: &&Packet<'_>| client.sees(&clients[packet.sender]);
                for packet in packets.iter().filter(theirs).filter(seen) {
                    append(number, &client.outbound, packet, &mut out, &mut runs);
                }
            }
        }
        for run in &runs {
            let to = SocketAddr::V4(clients[run.client].address);
            let _ = socket::send(socket, &out[run.start..run.end], run.segment, to);
        }
    }
}

fn decrypt<'a>(inbound: &mut Inbound, sender: usize, packet: &'a mut [u8]) -> Option<Packet<'a>> {
    if classify(packet) != Some(Class::Rtp) {
        return None;
    }
    let header = Header::parse(packet).ok()?;
    let (len, index) =
        inbound.unprotect_rtp(packet, header.ssrc.0, header.sequence, header.len).ok()?;
    Some(Packet { sender, index, header_len: header.len, plain: &packet[..len] })
}

/// Encrypt a packet for a client, into its last run or into a new one.
fn append(
    client: usize,
    outbound: &Outbound,
    packet: &Packet<'_>,
    out: &mut Vec<u8>,
    runs: &mut Vec<Run>,
) {
    let (start, len) = (out.len(), packet.plain.len());
    let whole = len + outbound.profile().rtp_overhead();
    out.extend_from_slice(packet.plain);
    out.resize(start + whole, 0);
    // The publisher's SSRC stays, so that no two packets have one nonce.
    if outbound.protect_rtp(&mut out[start..], packet.header_len, len, packet.index).is_err() {
        out.truncate(start);
        return;
    }
    match runs.last_mut() {
        Some(run)
            if run.client == client
                && run.end - run.start == run.segment * run.segments
                && whole <= run.segment
                && run.segments < RUN_SEGMENTS
                && out.len() - run.start <= RUN_LEN =>
        {
            run.end = out.len();
            run.segments += 1;
        }
        _ => runs.push(Run { client, start, end: out.len(), segment: whole, segments: 1 }),
    }
}
