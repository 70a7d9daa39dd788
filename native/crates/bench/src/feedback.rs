//! Transport-wide feedback, as browsers send it.

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use trio_sfu_srtp::{Outbound, Profile};
use trio_sfu_wire::rtcp::{self, twcc::Recorder};
use trio_sfu_wire::rtp::Header;
use trio_sfu_wire::rtp::extension::transport_cc;

use crate::clients::keying;
use crate::packets::{SSRC, TRANSPORT_CC_ID};
use crate::socket;

/// What a subscriber says of what has arrived, as browsers do.
pub(crate) struct Feedback {
    outbound: Outbound,
    arrivals: Recorder,
    since: Instant,
}

impl Feedback {
    pub(crate) fn new(profile: Profile, client: usize) -> Result<Self, trio_sfu_srtp::Error> {
        let outbound = Outbound::new(profile, &keying(profile, client, true))?;
        Ok(Self { outbound, arrivals: Recorder::new(), since: Instant::now() })
    }

    pub(crate) fn arrived(&mut self, datagram: &[u8]) {
        let Ok(header) = Header::parse(datagram) else { return };
        let wide = header.extensions(datagram).find(|(id, _)| *id == TRANSPORT_CC_ID);
        if let Some(Ok(sequence)) = wide.map(|(_, value)| transport_cc(value)) {
            self.arrivals.record(sequence, self.since.elapsed().as_nanos() as u64);
        }
    }

    pub(crate) fn send(
        &mut self,
        socket: &UdpSocket,
        server: SocketAddr,
    ) -> Result<(), Box<dyn Error>> {
        loop {
            let mut datagram = Vec::new();
            rtcp::receiver_report(&mut datagram, SSRC, &[]);
            if !self.arrivals.take(SSRC, SSRC, &mut datagram) {
                return Ok(());
            }
            self.outbound.protect_rtcp(&mut datagram)?;
            socket::send(socket, &datagram, datagram.len(), server)?;
        }
    }
}
