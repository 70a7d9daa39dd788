//! Why a packet or a key was refused.

use std::fmt;

/// Why a packet or a key was refused. Never says more than its kind: what arrives from
/// the network is counted, not described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The keying material does not have the profile's length.
    BadKeys,
    /// Too short for its header, its tag or its index.
    TooShort,
    /// The buffer has no room for the tag.
    NoRoom,
    /// The sequence number in the header is not the index's.
    IndexMismatch,
    /// No index is left under this key: 2^48 for RTP, 2^31 for RTCP (RFC 3711, 9.2).
    IndexExhausted,
    /// The tag does not fit the packet: forged, damaged, or under another key.
    AuthenticationFailed,
    /// Seen before, or older than the replay window reaches back.
    Replayed,
    /// An authentic SRTCP packet that is not encrypted, which WebRTC never negotiates.
    NotEncrypted,
    /// An authentic packet of one source more than are kept.
    TooManySources,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadKeys => "keying material of the wrong length",
            Self::TooShort => "packet too short",
            Self::NoRoom => "no room for the authentication tag",
            Self::IndexMismatch => "sequence number and index differ",
            Self::IndexExhausted => "no packet index left under this key",
            Self::AuthenticationFailed => "authentication failed",
            Self::Replayed => "replayed or too old",
            Self::NotEncrypted => "SRTCP packet not encrypted",
            Self::TooManySources => "too many sources",
        })
    }
}

impl std::error::Error for Error {}
