//! Key derivation (RFC 3711, 4.3; RFC 6188 for 256-bit keys; RFC 7714, 11).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use crate::error::Error;
use crate::profile::Profile;

/// Bytes of an AES-CM initialization vector.
pub(crate) const IV_LEN: usize = 16;

/// What a session key is for, with RFC 3711's labels; RTCP's are three higher.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

/// The protocol a session key is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Protocol {
    Rtp,
    Rtcp,
}

/// One direction's master key and salt.
pub(crate) struct Master {
    cipher: EncryptingKey,
    /// The salt, padded on the right with zeros (RFC 7714, 11, pads 96 bits to 112).
    salt: [u8; IV_LEN],
}

impl Master {
    /// `keying` is the master key followed by the master salt.
    pub(crate) fn new(profile: Profile, keying: &[u8]) -> Result<Self, Error> {
        if keying.len() != profile.keying_len() {
            return Err(Error::BadKeys);
        }
        let (key, salt) = keying.split_at(profile.key_len());
        let mut padded = [0; IV_LEN];
        padded[..salt.len()].copy_from_slice(salt);
        Ok(Self { cipher: counter_mode(key)?, salt: padded })
    }

    /// The session key for a purpose; key derivation rate 0.
    pub(crate) fn derive<const LEN: usize>(
        &self,
        protocol: Protocol,
        purpose: Purpose,
    ) -> Result<[u8; LEN], Error> {
        let mut iv = self.salt;
        iv[7] ^= purpose as u8
            + match protocol {
                Protocol::Rtp => 0,
                Protocol::Rtcp => 3,
            };
        let mut key = [0; LEN];
        apply_key_stream(&self.cipher, iv, &mut key)?;
        Ok(key)
    }
}

/// AES in counter mode with a key of 16 or 32 bytes.
pub(crate) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, Error> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    UnboundCipherKey::new(algorithm, key)
        .and_then(EncryptingKey::ctr)
        .map_err(|_| Error::BadKeys)
}

/// XOR the key stream that starts at `iv` into `bytes`.
pub(crate) fn apply_key_stream(
    cipher: &EncryptingKey,
    iv: [u8; IV_LEN],
    bytes: &mut [u8],
) -> Result<(), Error> {
    cipher
        .less_safe_encrypt(bytes, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map(|_| ())
        .map_err(|_| Error::AuthenticationFailed)
}
