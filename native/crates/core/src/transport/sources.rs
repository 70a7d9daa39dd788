//! Which SSRC of a peer is which encoding.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use trio_sfu_wire::rtp::Ssrc;

use crate::receive::encoding::EncodingKey;

/// What an SSRC carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) encoding: EncodingKey,
    /// Retransmissions (RFC 4588) of it.
    pub(crate) rtx: bool,
}

/// Multiplies: peers choose the keys, but every table is bounded and a peer can only make
/// its own slow.
#[derive(Default)]
pub(crate) struct SsrcHasher(u64);

impl Hasher for SsrcHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        let mixed = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// A map by SSRC.
pub(crate) type SsrcMap<V> = HashMap<Ssrc, V, BuildHasherDefault<SsrcHasher>>;

/// SSRCs of a peer's encodings. Bounded by them: each has one, and one for retransmissions.
#[derive(Default)]
pub(crate) struct Sources {
    by_ssrc: SsrcMap<Source>,
}

impl Sources {
    #[inline]
    pub(crate) fn get(&self, ssrc: Ssrc) -> Option<Source> {
        self.by_ssrc.get(&ssrc).copied()
    }

    pub(crate) fn insert(&mut self, ssrc: Ssrc, source: Source) {
        self.by_ssrc.insert(ssrc, source);
    }

    pub(crate) fn remove(&mut self, ssrc: Ssrc) {
        self.by_ssrc.remove(&ssrc);
    }
}
