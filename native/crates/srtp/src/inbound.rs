//! Unprotecting what is received.

use std::fmt;

use crate::error::Error;
use crate::kdf::{Master, Protocol};
use crate::packet::{self, RTP_HEADER_LEN, SRTCP_ENCRYPTED};
use crate::profile::Profile;
use crate::replay::{RtcpWindow, RtpWindow, estimate_index};
use crate::session::Session;
use crate::sources::Sources;

/// The receiving direction of one DTLS association.
pub struct Inbound {
    profile: Profile,
    rtp: Session,
    rtcp: Session,
    rtp_sources: Sources<RtpWindow>,
    /// SRTCP indices are counted per sender by most implementations (RFC 3711, 3.2.3).
    rtcp_sources: Sources<RtcpWindow>,
}

impl Inbound {
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
            rtp_sources: Sources::new(),
            rtcp_sources: Sources::new(),
        })
    }

    /// The profile it was made for.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// How many sources have sent authentic RTP.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.rtp_sources.len()
    }

    /// How many sources have sent authentic RTP, and how many RTCP: never fewer than before.
    #[inline]
    #[must_use]
    pub fn senders(&self) -> usize {
        self.rtp_sources.len() + self.rtcp_sources.len()
    }

    /// The SSRCs of those; one that has sent both is there twice.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> {
        self.rtp_sources.ssrcs().chain(self.rtcp_sources.ssrcs())
    }

    /// Authenticate and decrypt an RTP packet in place; returns the plain packet's
    /// length and its index, `ROC << 16 | SEQ`.
    ///
    /// `ssrc`, `sequence` and `header_len` (with CSRCs and extension) are those of the
    /// packet's header. Nothing but an authentic packet changes any state; after an
    /// error the packet's bytes are unspecified.
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::Replayed`], [`Error::AuthenticationFailed`],
    /// [`Error::TooManySources`] or [`Error::IndexExhausted`].
    pub fn unprotect_rtp(
        &mut self,
        packet: &mut [u8],
        ssrc: u32,
        sequence: u16,
        header_len: usize,
    ) -> Result<(usize, u64), Error> {
        if header_len < RTP_HEADER_LEN || packet.len() < header_len + self.profile.rtp_overhead() {
            return Err(Error::TooShort);
        }
        match self.rtp_sources.find(ssrc) {
            Ok(window) => {
                let index = estimate_index(window.highest(), sequence)?;
                window.check(index)?;
                let len = self.rtp.unprotect_rtp(packet, ssrc, header_len, index)?;
                window.accept(index);
                Ok((len, index))
            }
            Err(vacancy) => {
                let index = u64::from(sequence);
                let len = self.rtp.unprotect_rtp(packet, ssrc, header_len, index)?;
                self.rtp_sources.insert(vacancy, RtpWindow::new(index))?;
                Ok((len, index))
            }
        }
    }

    /// Authenticate and decrypt an SRTCP packet in place; returns the plain packet's
    /// length.
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::Replayed`], [`Error::AuthenticationFailed`],
    /// [`Error::NotEncrypted`] or [`Error::TooManySources`]; after an error the
    /// packet's bytes are unspecified.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Error> {
        let flagged = self.rtcp.rtcp_index(packet)?;
        let ssrc = packet::rtcp_ssrc(packet)?;
        let index = u64::from(flagged & !SRTCP_ENCRYPTED);
        match self.rtcp_sources.find(ssrc) {
            Ok(window) => {
                window.check(index)?;
                let len = self.rtcp.unprotect_rtcp(packet, ssrc, flagged)?;
                window.accept(index);
                Ok(len)
            }
            Err(vacancy) => {
                let len = self.rtcp.unprotect_rtcp(packet, ssrc, flagged)?;
                self.rtcp_sources.insert(vacancy, RtcpWindow::new(index))?;
                Ok(len)
            }
        }
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("profile", &self.profile)
            .field("sources", &self.sources())
            .finish_non_exhaustive()
    }
}
