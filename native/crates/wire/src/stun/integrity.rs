//! MESSAGE-INTEGRITY with short-term credentials (RFC 8489 sections 9.1 and 14.5).

use std::fmt;

use aws_lc_rs::hmac;

/// Bytes of a MESSAGE-INTEGRITY value.
pub(super) const MAC_LEN: usize = 20;

/// An ICE password, ready to authenticate messages.
#[derive(Clone)]
pub struct IntegrityKey(hmac::Key);

impl fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrityKey(..)")
    }
}

impl IntegrityKey {
    /// The key of a password (`ice-pwd`); ICE characters need no further preparation.
    #[must_use]
    pub fn new(password: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()))
    }

    /// The MAC over a message up to its MESSAGE-INTEGRITY attribute at `position`.
    ///
    /// The header's length counts as if that attribute were the last one.
    pub(super) fn sign(&self, message: &[u8], position: usize) -> hmac::Tag {
        let len = position.saturating_sub(20).saturating_add(4 + MAC_LEN);
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&message[..2]);
        context.update(&(len as u16).to_be_bytes());
        context.update(&message[4..position]);
        context.sign()
    }

    /// Whether `mac` is right, compared in constant time.
    pub(super) fn verify(&self, message: &[u8], position: usize, mac: &[u8; MAC_LEN]) -> bool {
        let expected = self.sign(message, position);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), mac).is_ok()
    }
}
