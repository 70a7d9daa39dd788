//! Identifiers of RTP streams, as values that are cheap to copy and compare.

use std::fmt;

use crate::ParseError;

/// A synchronization source (RFC 3550 section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A payload type, 0..=127 (RFC 3550 section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(pub u8);

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The longest MID or RID a one-byte header extension can carry.
const MAX_LEN: usize = 16;

macro_rules! inline_identifier {
    ($(#[$doc:meta])* $name:ident, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            bytes: [u8; MAX_LEN],
            len: u8,
        }

        impl $name {
            /// No identifier.
            pub const EMPTY: Self = Self { bytes: [0; MAX_LEN], len: 0 };

            /// Check and copy an identifier of 1 to 16 characters.
            ///
            /// # Errors
            /// [`ParseError::BadIdentifier`] when it is empty, longer, or has a character
            /// its grammar forbids.
            pub fn new(text: &str) -> Result<Self, ParseError> {
                Self::from_bytes(text.as_bytes())
            }

            /// The same, from a header extension's value.
            ///
            /// # Errors
            /// As [`Self::new`].
            pub fn from_bytes(value: &[u8]) -> Result<Self, ParseError> {
                let allowed: fn(&u8) -> bool = $allowed;
                if value.is_empty() || value.len() > MAX_LEN || !value.iter().all(allowed) {
                    return Err(ParseError::BadIdentifier);
                }
                let mut id = Self::EMPTY;
                id.bytes[..value.len()].copy_from_slice(value);
                id.len = value.len() as u8;
                Ok(id)
            }

            /// The identifier; "" for [`Self::EMPTY`].
            #[must_use]
            pub fn as_str(&self) -> &str {
                // Only ASCII was let in.
                std::str::from_utf8(self.as_bytes()).unwrap_or_default()
            }

            /// The identifier as the value of a header extension.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.bytes[..usize::from(self.len)]
            }

            /// Whether this is [`Self::EMPTY`].
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }
    };
}

inline_identifier!(
    /// Identifies an m-line of a bundle (RFC 8843 section 15); a token of RFC 8866.
    Mid,
    |c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(c)
);
inline_identifier!(
    /// Identifies a simulcast encoding (RFC 8851 section 4): letters, digits, `-`, `_`.
    Rid,
    |c| c.is_ascii_alphanumeric() || b"-_".contains(c)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_grammars_allow_comes_back_unchanged() {
        for text in ["0", "audio-1", "a!#$%&'*+-.^_`{|", "abcdefghijklmnop"] {
            assert_eq!(Mid::new(text).map(|id| id.as_str().to_owned()).as_deref(), Ok(text));
        }
        assert_eq!(Rid::new("hi_2-x").map(|id| id.to_string()).as_deref(), Ok("hi_2-x"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "a b", "é", "a\0", "abcdefghijklmnopq", "a:b"] {
            assert_eq!(Mid::new(text), Err(ParseError::BadIdentifier), "{text:?}");
            assert_eq!(Rid::new(text), Err(ParseError::BadIdentifier), "{text:?}");
        }
        assert_eq!(Rid::new("a.b"), Err(ParseError::BadIdentifier));
    }

    #[test]
    fn empty_means_none() {
        assert!(Rid::EMPTY.is_empty());
        assert_eq!(Rid::EMPTY.as_str(), "");
        assert_eq!(Rid::default(), Rid::EMPTY);
        assert_eq!(format!("{:?} {:>3}", Mid::EMPTY, Mid::EMPTY), "Mid(\"\")    ");
    }
}
