//! Two ends with the same keys, and packets to send between them.

use trio_sfu_srtp::{Error, Inbound, Outbound, Profile};

/// What leaves one end and what arrives at the other.
pub(crate) struct Ends {
    pub(crate) outbound: Outbound,
    pub(crate) inbound: Inbound,
}

impl Ends {
    pub(crate) fn new(profile: Profile) -> Self {
        let keying: Vec<u8> = (0..profile.keying_len()).map(|byte| byte as u8 ^ 0x5a).collect();
        Self {
            outbound: Outbound::new(profile, &keying).unwrap(),
            inbound: Inbound::new(profile, &keying).unwrap(),
        }
    }

    /// A protected packet of the source with the sequence number of the index.
    pub(crate) fn protected(&self, ssrc: u32, index: u64) -> Vec<u8> {
        let mut packet = plain(ssrc, index);
        let len = packet.len();
        packet.resize(len + self.outbound.profile().rtp_overhead(), 0);
        let end = self.outbound.protect_rtp(&mut packet, 12, len, index).unwrap();
        assert_eq!(end, packet.len());
        packet
    }

    /// What the receiving end makes of a packet.
    pub(crate) fn receive(&mut self, packet: &[u8]) -> Result<(Vec<u8>, u64), Error> {
        let mut packet = packet.to_vec();
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        let (len, index) = self.inbound.unprotect_rtp(&mut packet, ssrc, sequence, 12)?;
        packet.truncate(len);
        Ok((packet, index))
    }

    /// Send a packet over; it must arrive as it was, under its index.
    pub(crate) fn pass(&mut self, ssrc: u32, index: u64) {
        let packet = self.protected(ssrc, index);
        assert_eq!(self.receive(&packet), Ok((plain(ssrc, index), index)), "index {index:#x}");
    }
}

/// A plain RTP packet without CSRCs or extension, 112 bytes.
pub(crate) fn plain(ssrc: u32, index: u64) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(((index & 0xffff) as u16).to_be_bytes());
    packet.extend(1234u32.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..100).map(|byte| byte ^ index as u8));
    packet
}
