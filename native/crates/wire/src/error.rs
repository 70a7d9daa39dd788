//! Why bytes are not what they claim to be.

use std::error::Error;
use std::fmt;

/// Why a parser refused its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseError {
    /// The input ends before a field that must be there.
    TooShort,
    /// The RTP/RTCP version is not 2.
    BadVersion,
    /// A length field contradicts the input's length.
    BadLength,
    /// STUN: the magic cookie is missing.
    BadMagic,
    /// The message is of another type than the one asked for.
    BadType,
    /// STUN: the FINGERPRINT does not match, or is not the last attribute.
    BadFingerprint,
    /// STUN: an attribute's value is malformed.
    BadAttribute,
    /// STUN: an attribute that must be there is not.
    MissingAttribute,
    /// A MID or RID is empty, too long or has a forbidden character.
    BadIdentifier,
    /// The padding is longer than what it pads, or of length zero.
    BadPadding,
    /// A codec's payload descriptor is malformed.
    BadDescriptor,
}

impl ParseError {
    /// A short stable description.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooShort => "too short",
            Self::BadVersion => "bad version",
            Self::BadLength => "bad length",
            Self::BadMagic => "bad magic cookie",
            Self::BadType => "unexpected message type",
            Self::BadFingerprint => "bad fingerprint",
            Self::BadAttribute => "bad attribute",
            Self::MissingAttribute => "missing attribute",
            Self::BadIdentifier => "bad identifier",
            Self::BadPadding => "bad padding",
            Self::BadDescriptor => "bad payload descriptor",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error for ParseError {}
