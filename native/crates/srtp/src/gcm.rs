//! AES-GCM (RFC 7714, sections 8 and 9).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::error::Error;
use crate::kdf::{Master, Protocol, Purpose};
use crate::packet::{self, RTCP_HEADER_LEN, SRTCP_ENCRYPTED, SRTCP_INDEX_LEN};

/// Bytes of the tag.
pub(crate) const TAG_LEN: usize = 16;
const NONCE_LEN: usize = 12;
/// What SRTCP authenticates beside the ciphertext: the clear header, then the index.
const RTCP_ASSOCIATED_LEN: usize = RTCP_HEADER_LEN + SRTCP_INDEX_LEN;

/// The session keys of RTP or of RTCP.
pub(crate) struct Gcm {
    key: LessSafeKey,
    salt: [u8; NONCE_LEN],
}

impl Gcm {
    /// `KEY_LEN` is 16 or 32.
    pub(crate) fn derive<const KEY_LEN: usize>(
        master: &Master,
        protocol: Protocol,
    ) -> Result<Self, Error> {
        let key: [u8; KEY_LEN] = master.derive(protocol, Purpose::Encryption)?;
        Self::new(&key, master.derive(protocol, Purpose::Salt)?)
    }

    /// From session keys; `key` is 16 or 32 bytes.
    pub(crate) fn new(key: &[u8], salt: [u8; NONCE_LEN]) -> Result<Self, Error> {
        let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, key).map_err(|_| Error::BadKeys)?;
        Ok(Self { key: LessSafeKey::new(key), salt })
    }

    /// See [`crate::Outbound::protect_rtp`]; `buffer` is exactly the packet and the tag.
    pub(crate) fn protect_rtp(
        &self,
        buffer: &mut [u8],
        header_len: usize,
        index: u64,
    ) -> Result<(), Error> {
        let nonce = self.nonce(packet::rtp_ssrc(buffer)?, index);
        let (packet, tag) =
            buffer.split_at_mut_checked(buffer.len() - TAG_LEN).ok_or(Error::NoRoom)?;
        let (header, payload) = packet.split_at_mut_checked(header_len).ok_or(Error::TooShort)?;
        self.key
            .seal_in_place_scatter(nonce, Aad::from(&*header), payload, &[], tag)
            .map_err(|_| Error::NoRoom)
    }

    /// See [`crate::Inbound::unprotect_rtp`].
    pub(crate) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        header_len: usize,
        index: u64,
    ) -> Result<usize, Error> {
        let (header, sealed) = packet.split_at_mut_checked(header_len).ok_or(Error::TooShort)?;
        let payload = self
            .key
            .open_in_place(self.nonce(ssrc, index), Aad::from(&*header), sealed)
            .map_err(|_| Error::AuthenticationFailed)?;
        Ok(header_len + payload.len())
    }

    /// See [`crate::Outbound::protect_rtcp`].
    pub(crate) fn protect_rtcp(
        &self,
        buffer: &mut Vec<u8>,
        ssrc: u32,
        index: u32,
    ) -> Result<(), Error> {
        let flagged = index | SRTCP_ENCRYPTED;
        let associated = associated(buffer, flagged);
        let nonce = self.nonce(ssrc, u64::from(index));
        let tag = self
            .key
            .seal_in_place_separate_tag(
                nonce,
                Aad::from(associated),
                &mut buffer[RTCP_HEADER_LEN..],
            )
            .map_err(|_| Error::NoRoom)?;
        buffer.extend_from_slice(tag.as_ref());
        buffer.extend_from_slice(&flagged.to_be_bytes());
        Ok(())
    }

    /// The E flag and index of an SRTCP packet, not yet authenticated.
    pub(crate) fn rtcp_index(packet: &[u8]) -> Result<u32, Error> {
        if packet.len() < RTCP_HEADER_LEN + TAG_LEN + SRTCP_INDEX_LEN {
            return Err(Error::TooShort);
        }
        packet::u32_at(packet, packet.len() - SRTCP_INDEX_LEN)
    }

    /// See [`crate::Inbound::unprotect_rtcp`]; `flagged` is what `rtcp_index` gave.
    pub(crate) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        flagged: u32,
    ) -> Result<usize, Error> {
        // Without the E flag the whole packet is associated data (RFC 7714, 9.3); that
        // is refused whether or not it is authentic.
        if flagged & SRTCP_ENCRYPTED == 0 {
            return Err(Error::NotEncrypted);
        }
        let associated = associated(packet, flagged);
        let nonce = self.nonce(ssrc, u64::from(flagged & !SRTCP_ENCRYPTED));
        let end = packet.len() - SRTCP_INDEX_LEN;
        let payload = self
            .key
            .open_in_place(nonce, Aad::from(associated), &mut packet[RTCP_HEADER_LEN..end])
            .map_err(|_| Error::AuthenticationFailed)?;
        Ok(RTCP_HEADER_LEN + payload.len())
    }

    /// RFC 7714, 8.1 and 9.1: two zero bytes, the SSRC, the index in 48 bits, salted.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
        nonce[6..].copy_from_slice(&index.to_be_bytes()[2..]);
        for (byte, salt) in nonce.iter_mut().zip(&self.salt) {
            *byte ^= salt;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

fn associated(packet: &[u8], flagged: u32) -> [u8; RTCP_ASSOCIATED_LEN] {
    let mut associated = [0; RTCP_ASSOCIATED_LEN];
    associated[..RTCP_HEADER_LEN].copy_from_slice(&packet[..RTCP_HEADER_LEN]);
    associated[RTCP_HEADER_LEN..].copy_from_slice(&flagged.to_be_bytes());
    associated
}
