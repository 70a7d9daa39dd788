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
        Self::from_parts(key, salt)
    }

    fn from_parts(key: &[u8], salt: &[u8]) -> Result<Self, Error> {
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
    UnboundCipherKey::new(algorithm, key).and_then(EncryptingKey::ctr).map_err(|_| Error::BadKeys)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::bytes;

    #[test]
    fn aes_cm_key_stream_of_rfc_3711_b_2() {
        let cipher = counter_mode(&bytes("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
        let salt = "f0f1f2f3f4f5f6f7f8f9fafbfcfd";
        for (counter, expected) in [
            ("0000", "e03ead0935c95e80e166b16dd92b4eb4"),
            ("0001", "d23513162b02d0f72a43a2fe4a5f97ab"),
            ("0002", "41e95b3bb0a2e8dd477901e4fca894c0"),
            ("feff", "ec8cdf7398607cb0f2d21675ea9ea1e4"),
            ("ff00", "362b7c3c6773516318a077d7fc5073ae"),
            ("ff01", "6a2cc3787889374fbeb4c81b17ba6c44"),
        ] {
            let iv = bytes(&format!("{salt}{counter}")).try_into().unwrap();
            let mut stream = [0; 16];
            apply_key_stream(&cipher, iv, &mut stream).unwrap();
            assert_eq!(stream.to_vec(), bytes(expected));
        }
    }

    #[test]
    fn session_keys_of_rfc_3711_b_3() {
        let master = Master::new(
            Profile::Aes128CmHmacSha1_80,
            &bytes("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"),
        )
        .unwrap();
        let cipher: [u8; 16] = master.derive(Protocol::Rtp, Purpose::Encryption).unwrap();
        let salt: [u8; 14] = master.derive(Protocol::Rtp, Purpose::Salt).unwrap();
        let authentication: [u8; 94] =
            master.derive(Protocol::Rtp, Purpose::Authentication).unwrap();
        assert_eq!(cipher.to_vec(), bytes("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(salt.to_vec(), bytes("30cbbc08863d8c85d49db34a9ae1"));
        assert_eq!(
            authentication.to_vec(),
            bytes(
                "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327a\
                 d175578ef72270986371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e47403576\
                 6b68642c59bbfc2f34db60dbdfb2"
            )
        );
    }

    #[test]
    fn session_keys_of_rfc_6188_7_2() {
        let master = Master::from_parts(
            &bytes("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"),
            &bytes("3b04803de51ee7c96423ab5b78d2"),
        )
        .unwrap();
        let cipher: [u8; 32] = master.derive(Protocol::Rtp, Purpose::Encryption).unwrap();
        let salt: [u8; 14] = master.derive(Protocol::Rtp, Purpose::Salt).unwrap();
        let authentication: [u8; 20] =
            master.derive(Protocol::Rtp, Purpose::Authentication).unwrap();
        assert_eq!(
            cipher.to_vec(),
            bytes("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
        );
        assert_eq!(salt.to_vec(), bytes("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(authentication.to_vec(), bytes("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }

    #[test]
    fn keying_material_of_another_length_is_refused() {
        for profile in Profile::ALL {
            for len in [0, profile.keying_len() - 1, profile.keying_len() + 1] {
                assert_eq!(Master::new(profile, &vec![0; len]).err(), Some(Error::BadKeys));
            }
        }
    }
}
