//! How a publisher's packets leave: stamped, encrypted, and in runs of one size.

use std::cell::Cell;
use std::error::Error;
use std::net::{SocketAddr, UdpSocket};

use trio_sfu_srtp::Outbound;
use trio_sfu_wire::rtp::Header;

use super::clock::wall;
use super::stamp::Stamp;
use crate::socket;

/// Datagrams of one GSO send at most, and their bytes.
const RUN_SEGMENTS: usize = 50;
const RUN_LEN: usize = 60_000;

/// Where a track's packets go, and how.
pub(crate) struct Way<'a> {
    pub(crate) socket: &'a UdpSocket,
    pub(crate) server: SocketAddr,
    pub(crate) outbound: &'a Outbound,
    /// The transport-wide number of the next packet: one for all tracks of a peer.
    pub(crate) wide: &'a Cell<u16>,
}

impl Way<'_> {
    /// The transport-wide number of a packet.
    pub(crate) fn number(&self) -> u16 {
        let number = self.wide.get();
        self.wide.set(number.wrapping_add(1));
        number
    }

    /// Stamp, encrypt and send the packets of a track that are back to back in `buffer` and end
    /// at `ends`. The first of them has such an index.
    pub(crate) fn send(
        &self,
        track: u16,
        first: u64,
        buffer: &[u8],
        ends: &[usize],
    ) -> Result<(), Box<dyn Error>> {
        let overhead = self.outbound.profile().rtp_overhead();
        let (mut run, mut segment, mut segments) = (Vec::new(), 0, 0);
        let sent = wall();
        let mut start = 0;
        let mut open = true; // whether the run can go on
        for (index, &end) in (first..).zip(ends) {
            let len = end - start;
            let fits = open && len + overhead <= segment && segments < RUN_SEGMENTS;
            if segments > 0 && !(fits && run.len() + len + overhead <= RUN_LEN) {
                socket::send(self.socket, &run, segment, self.server)?;
                run.clear();
                segments = 0;
            }
            if segments == 0 {
                segment = len + overhead;
            }
            let at = run.len();
            run.extend_from_slice(&buffer[start..end]);
            run.resize(at + len + overhead, 0);
            let packet = &mut run[at..];
            Stamp { track, index, sent }.write(&mut packet[..len]);
            let header = Header::parse(packet)?.len;
            self.outbound.protect_rtp(packet, header, len, index)?;
            segments += 1;
            // A shorter one ends its run.
            open = len + overhead == segment;
            start = end;
        }
        if segments > 0 {
            socket::send(self.socket, &run, segment, self.server)?;
        }
        Ok(())
    }
}
