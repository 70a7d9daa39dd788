//! The DTLS-SRTP protection profiles (RFC 5764, 4.1.2; RFC 7714, 14.2).

/// A DTLS-SRTP protection profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `AEAD_AES_128_GCM` (RFC 7714).
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM` (RFC 7714).
    AeadAes256Gcm,
    /// `AES128_CM_HMAC_SHA1_80` (RFC 3711, RFC 5764).
    Aes128CmHmacSha1_80,
}

impl Profile {
    /// Every profile, the preferred one first.
    pub const ALL: [Self; 3] =
        [Self::AeadAes128Gcm, Self::AeadAes256Gcm, Self::Aes128CmHmacSha1_80];

    /// Its number in the `use_srtp` extension of DTLS.
    #[must_use]
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128CmHmacSha1_80 => 0x0001,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// The profile with that number in the `use_srtp` extension of DTLS.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.id() == id)
    }

    /// Its name in the Python interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::Aes128CmHmacSha1_80 => "AES128_CM_HMAC_SHA1_80",
        }
    }

    /// The profile with that name in the Python interface.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Bytes of the master key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::Aes128CmHmacSha1_80 => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Bytes of the master salt.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmHmacSha1_80 => 14,
        }
    }

    /// Bytes of one direction's keying material: master key, then master salt.
    #[must_use]
    pub const fn keying_len(self) -> usize {
        self.key_len() + self.salt_len()
    }

    /// Bytes an RTP packet grows by: the tag.
    #[must_use]
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => crate::gcm::TAG_LEN,
            Self::Aes128CmHmacSha1_80 => crate::cm::TAG_LEN,
        }
    }

    /// Bytes an RTCP packet grows by: the tag and the SRTCP index.
    #[must_use]
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + crate::packet::SRTCP_INDEX_LEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for profile in Profile::ALL {
            assert_eq!(Profile::from_id(profile.id()), Some(profile));
            assert_eq!(Profile::from_name(profile.name()), Some(profile));
        }
        assert_eq!(Profile::from_id(0x0002), None);
        assert_eq!(Profile::from_name("AES_CM_128_HMAC_SHA1_80"), None);
    }
}
