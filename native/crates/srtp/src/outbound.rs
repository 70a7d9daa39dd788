//! Protecting what is sent.

use std::fmt;

use crate::error::Error;
use crate::kdf::{Master, Protocol};
use crate::packet::{self, RTCP_HEADER_LEN, RTP_HEADER_LEN, RTP_INDEX_END, SRTCP_ENCRYPTED};
use crate::profile::Profile;
use crate::session::Session;

/// The sending direction of one DTLS association.
pub struct Outbound {
    profile: Profile,
    rtp: Session,
    rtcp: Session,
    /// The next SRTCP index: one count for all senders, so no index comes twice.
    rtcp_index: u32,
}

impl Outbound {
    /// `keying` is the master key followed by the master salt, as DTLS exported them
    /// for this direction (RFC 5764, 4.2).
    ///
    /// # Errors
    /// [`Error::BadKeys`] when it has not [`Profile::keying_len`] bytes.
    pub fn new(profile: Profile, keying: &[u8]) -> Result<Self, Error> {
        let master = Master::new(profile, keying)?;
        Ok(Self {
            profile,
            rtp: Session::derive(profile, &master, Protocol::Rtp)?,
            rtcp: Session::derive(profile, &master, Protocol::Rtcp)?,
            rtcp_index: 0,
        })
    }

    /// The profile it was made for.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Encrypt and authenticate an RTP packet in place; returns its new length.
    ///
    /// `buffer[..len]` is the plain packet, whose header with CSRCs and extension is
    /// `header_len` bytes; [`Profile::rtp_overhead`] bytes after it are overwritten.
    /// `index` is the rollover counter and the sequence number, `ROC << 16 | SEQ`.
    ///
    /// The caller never gives two different packets the same SSRC and index: that
    /// would reveal both, and with GCM the authentication key as well.
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::NoRoom`], [`Error::IndexMismatch`] or
    /// [`Error::IndexExhausted`]; the packet must not be sent then.
    pub fn protect_rtp(
        &self,
        buffer: &mut [u8],
        header_len: usize,
        len: usize,
        index: u64,
    ) -> Result<usize, Error> {
        if header_len < RTP_HEADER_LEN || len < header_len {
            return Err(Error::TooShort);
        }
        if index >= RTP_INDEX_END {
            return Err(Error::IndexExhausted);
        }
        let end = len + self.profile.rtp_overhead();
        let buffer = buffer.get_mut(..end).ok_or(Error::NoRoom)?;
        if u64::from(packet::rtp_sequence(buffer)?) != index & 0xffff {
            return Err(Error::IndexMismatch);
        }
        self.rtp.protect_rtp(buffer, header_len, index)?;
        Ok(end)
    }

    /// Encrypt and authenticate an RTCP packet, compound or reduced-size, in place;
    /// it grows by [`Profile::rtcp_overhead`] bytes.
    ///
    /// # Errors
    /// [`Error::TooShort`] or [`Error::IndexExhausted`]; the packet must not be sent
    /// then.
    pub fn protect_rtcp(&mut self, buffer: &mut Vec<u8>) -> Result<(), Error> {
        if buffer.len() < RTCP_HEADER_LEN {
            return Err(Error::TooShort);
        }
        if self.rtcp_index >= SRTCP_ENCRYPTED {
            return Err(Error::IndexExhausted);
        }
        let index = self.rtcp_index;
        self.rtcp_index += 1;
        self.rtcp.protect_rtcp(buffer, index)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("profile", &self.profile).finish_non_exhaustive()
    }
}
