//! The session keys of one protocol in one direction, whichever the profile.

use crate::cm::CounterMode;
use crate::error::Error;
use crate::gcm::Gcm;
use crate::kdf::{Master, Protocol};
use crate::packet;
use crate::profile::Profile;

/// The session keys of RTP or of RTCP in one direction.
pub(crate) enum Session {
    Gcm(Gcm),
    CounterMode(Box<CounterMode>),
}

impl Session {
    pub(crate) fn derive(
        profile: Profile,
        master: &Master,
        protocol: Protocol,
    ) -> Result<Self, Error> {
        Ok(match profile {
            Profile::AeadAes128Gcm => Self::Gcm(Gcm::derive::<16>(master, protocol)?),
            Profile::AeadAes256Gcm => Self::Gcm(Gcm::derive::<32>(master, protocol)?),
            Profile::Aes128CmHmacSha1_80 => {
                Self::CounterMode(Box::new(CounterMode::derive(master, protocol)?))
            }
        })
    }

    pub(crate) fn protect_rtp(
        &self,
        buffer: &mut [u8],
        header_len: usize,
        index: u64,
    ) -> Result<(), Error> {
        match self {
            Self::Gcm(keys) => keys.protect_rtp(buffer, header_len, index),
            Self::CounterMode(keys) => keys.protect_rtp(buffer, header_len, index),
        }
    }

    pub(crate) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        header_len: usize,
        index: u64,
    ) -> Result<usize, Error> {
        match self {
            Self::Gcm(keys) => keys.unprotect_rtp(packet, ssrc, header_len, index),
            Self::CounterMode(keys) => keys.unprotect_rtp(packet, ssrc, header_len, index),
        }
    }

    pub(crate) fn protect_rtcp(&self, buffer: &mut Vec<u8>, index: u32) -> Result<(), Error> {
        let ssrc = packet::rtcp_ssrc(buffer)?;
        match self {
            Self::Gcm(keys) => keys.protect_rtcp(buffer, ssrc, index),
            Self::CounterMode(keys) => keys.protect_rtcp(buffer, ssrc, index),
        }
    }

    /// The E flag and index of an SRTCP packet, not yet authenticated.
    pub(crate) fn rtcp_index(&self, packet: &[u8]) -> Result<u32, Error> {
        match self {
            Self::Gcm(_) => Gcm::rtcp_index(packet),
            Self::CounterMode(_) => CounterMode::rtcp_index(packet),
        }
    }

    pub(crate) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        flagged: u32,
    ) -> Result<usize, Error> {
        match self {
            Self::Gcm(keys) => keys.unprotect_rtcp(packet, ssrc, flagged),
            Self::CounterMode(keys) => keys.unprotect_rtcp(packet, ssrc, flagged),
        }
    }
}
