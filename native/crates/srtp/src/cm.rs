//! AES-CM with HMAC-SHA1-80 (RFC 3711, 4.1.1 and 4.2.1).

use aws_lc_rs::cipher::EncryptingKey;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use crate::error::Error;
use crate::kdf::{IV_LEN, Master, Protocol, Purpose, apply_key_stream, counter_mode};
use crate::packet::{self, RTCP_HEADER_LEN, SRTCP_ENCRYPTED, SRTCP_INDEX_LEN};

/// Bytes of the truncated HMAC.
pub(crate) const TAG_LEN: usize = 10;
const KEY_LEN: usize = 16;
const SALT_LEN: usize = 14;
const AUTHENTICATION_KEY_LEN: usize = 20;

/// The session keys of RTP or of RTCP.
pub(crate) struct CounterMode {
    cipher: EncryptingKey,
    salt: [u8; SALT_LEN],
    /// Holds the midstates of the key's two blocks, so a packet costs only its own.
    authentication: hmac::Key,
}

impl CounterMode {
    pub(crate) fn derive(master: &Master, protocol: Protocol) -> Result<Self, Error> {
        let key: [u8; KEY_LEN] = master.derive(protocol, Purpose::Encryption)?;
        let authentication: [u8; AUTHENTICATION_KEY_LEN] =
            master.derive(protocol, Purpose::Authentication)?;
        Ok(Self {
            cipher: counter_mode(&key)?,
            salt: master.derive(protocol, Purpose::Salt)?,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
        })
    }

    /// See [`crate::Outbound::protect_rtp`]; `buffer` is exactly the packet and the tag.
    pub(crate) fn protect_rtp(
        &self,
        buffer: &mut [u8],
        header_len: usize,
        index: u64,
    ) -> Result<(), Error> {
        let (packet, tag) =
            buffer.split_at_mut_checked(buffer.len() - TAG_LEN).ok_or(Error::NoRoom)?;
        let iv = self.iv(packet::rtp_ssrc(packet)?, index);
        apply_key_stream(&self.cipher, iv, packet.get_mut(header_len..).ok_or(Error::TooShort)?)?;
        tag.copy_from_slice(&self.tag(packet, packet::rollover_counter(index)));
        Ok(())
    }

    /// See [`crate::Inbound::unprotect_rtp`].
    pub(crate) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        header_len: usize,
        index: u64,
    ) -> Result<usize, Error> {
        let len = packet.len().checked_sub(TAG_LEN).ok_or(Error::TooShort)?;
        let (packet, tag) = packet.split_at_mut(len);
        verify_slices_are_equal(&self.tag(packet, packet::rollover_counter(index)), tag)
            .map_err(|_| Error::AuthenticationFailed)?;
        let payload = packet.get_mut(header_len..).ok_or(Error::TooShort)?;
        apply_key_stream(&self.cipher, self.iv(ssrc, index), payload)?;
        Ok(len)
    }

    /// See [`crate::Outbound::protect_rtcp`].
    pub(crate) fn protect_rtcp(
        &self,
        buffer: &mut Vec<u8>,
        ssrc: u32,
        index: u32,
    ) -> Result<(), Error> {
        let iv = self.iv(ssrc, u64::from(index));
        apply_key_stream(&self.cipher, iv, &mut buffer[RTCP_HEADER_LEN..])?;
        let flagged = index | SRTCP_ENCRYPTED;
        let tag = self.tag(buffer, flagged);
        buffer.extend_from_slice(&flagged.to_be_bytes());
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// The E flag and index of an SRTCP packet, not yet authenticated.
    pub(crate) fn rtcp_index(packet: &[u8]) -> Result<u32, Error> {
        let at = packet.len().checked_sub(TAG_LEN + SRTCP_INDEX_LEN).ok_or(Error::TooShort)?;
        if at < RTCP_HEADER_LEN {
            return Err(Error::TooShort);
        }
        packet::u32_at(packet, at)
    }

    /// See [`crate::Inbound::unprotect_rtcp`]; `flagged` is what `rtcp_index` gave.
    pub(crate) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        flagged: u32,
    ) -> Result<usize, Error> {
        let len = packet.len() - TAG_LEN - SRTCP_INDEX_LEN;
        let (packet, trailer) = packet.split_at_mut(len);
        let tag = self.tag(packet, flagged);
        verify_slices_are_equal(&tag, &trailer[SRTCP_INDEX_LEN..])
            .map_err(|_| Error::AuthenticationFailed)?;
        if flagged & SRTCP_ENCRYPTED == 0 {
            return Err(Error::NotEncrypted);
        }
        let iv = self.iv(ssrc, u64::from(flagged & !SRTCP_ENCRYPTED));
        apply_key_stream(&self.cipher, iv, &mut packet[RTCP_HEADER_LEN..])?;
        Ok(len)
    }

    /// The index and tag of an SRTCP packet that is left in the clear.
    #[cfg(test)]
    pub(crate) fn authenticated_only(&self, packet: &[u8], index: u32) -> Vec<u8> {
        [&index.to_be_bytes()[..], &self.tag(packet, index)].concat()
    }

    fn iv(&self, ssrc: u32, index: u64) -> [u8; IV_LEN] {
        let mut iv = [0; IV_LEN];
        iv[4..8].copy_from_slice(&ssrc.to_be_bytes());
        iv[8..14].copy_from_slice(&index.to_be_bytes()[2..]);
        for (byte, salt) in iv.iter_mut().zip(&self.salt) {
            *byte ^= salt;
        }
        iv
    }

    /// HMAC over the packet and what is appended to it for this: RTP's rollover
    /// counter, RTCP's flagged index.
    fn tag(&self, packet: &[u8], appended: u32) -> [u8; TAG_LEN] {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(packet);
        context.update(&appended.to_be_bytes());
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG_LEN]);
        tag
    }
}
