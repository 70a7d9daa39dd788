//! RTP header extensions: RFC 8285's two forms, and the values of those we know.

use crate::ParseError;
use crate::bytes::array_at;

/// The profile of the one-byte form.
const ONE_BYTE: u16 = 0xbede;
/// The profile of the two-byte form, without its four application bits.
const TWO_BYTE: u16 = 0x1000;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $uri:literal;)*) => {
        /// The header extensions the engine understands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExtensionKind {
            $($(#[$doc])* $variant,)*
        }

        impl ExtensionKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The URI of `a=extmap` (RFC 8285 section 5).
            #[must_use]
            pub fn uri(self) -> &'static str {
                match self { $(Self::$variant => $uri,)* }
            }

            /// The name in the Python interface.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// The m-line (RFC 8843).
    Mid = "mid", "urn:ietf:params:rtp-hdrext:sdes:mid";
    /// The simulcast encoding (RFC 8852).
    Rid = "rid", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    /// The encoding a retransmission repairs (RFC 8852).
    RepairedRid = "repaired-rid", "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    /// Client-to-mixer audio level (RFC 6464).
    AudioLevel = "audio-level", "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    TransportCc = "transport-cc",
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    /// Departure time in 6.18 fixed-point seconds.
    AbsSendTime = "abs-send-time", "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    /// Coordination of video orientation (3GPP TS 26.114).
    VideoOrientation = "video-orientation", "urn:3gpp:video-orientation";
    /// The dependency descriptor (AV1 RTP specification, appendix A).
    DependencyDescriptor = "dependency-descriptor",
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
}

impl ExtensionKind {
    /// The kind with this URI.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.uri() == uri)
    }

    /// The kind with this name of the Python interface.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// The elements of a header extension: `(id, value)`.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    one_byte: bool,
}

impl<'a> Extensions<'a> {
    /// Elements of a block with this profile; of an unknown profile, none.
    #[must_use]
    pub fn new(profile: u16, block: &'a [u8]) -> Self {
        let one_byte = profile == ONE_BYTE;
        let known = one_byte || profile & 0xfff0 == TWO_BYTE;
        Self { rest: if known { block } else { &[] }, one_byte }
    }

    /// The id, the length of the value and of what precedes it; `None` ends the block.
    fn element(&self) -> Option<(u8, usize, usize)> {
        let first = *self.rest.first()?;
        if !self.one_byte {
            return Some((first, usize::from(*self.rest.get(1)?), 2));
        }
        let id = first >> 4;
        // RFC 8285 section 4.2: id 15, and id 0 with a length, end the processing.
        (id != 15 && id != 0).then(|| (id, usize::from(first & 0x0f) + 1, 1))
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let element = self.element().and_then(|(id, len, prefix)| {
            let (value, rest) = self.rest.get(prefix..)?.split_at_checked(len)?;
            Some((id, value, rest))
        });
        match element {
            Some((id, value, rest)) => {
                self.rest = rest;
                Some((id, value))
            }
            None => {
                self.rest = &[];
                None
            }
        }
    }
}

/// Bytes of elements an [`ExtensionWriter`] holds.
const CAPACITY: usize = 252;

/// Collects the elements of one header extension and writes the block.
///
/// The one-byte form is used while every id is 1..=14 and every value 1..=16 bytes long,
/// the two-byte form from the first element on that needs it. Holds up to 252 bytes; an
/// element that does not fit is refused. Meant to be kept and [`clear`](Self::clear)ed.
#[derive(Clone, Debug)]
pub struct ExtensionWriter {
    elements: [u8; CAPACITY],
    len: usize,
    two_byte: bool,
}

impl Default for ExtensionWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl ExtensionWriter {
    /// A writer without elements.
    #[must_use]
    pub const fn new() -> Self {
        Self { elements: [0; CAPACITY], len: 0, two_byte: false }
    }

    /// Forget all elements.
    pub fn clear(&mut self) {
        self.len = 0;
        self.two_byte = false;
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Add an element.
    ///
    /// # Errors
    /// `BadIdentifier` for id 0, `BadLength` when it does not fit any more.
    pub fn push(&mut self, id: u8, value: &[u8]) -> Result<(), ParseError> {
        if id == 0 {
            return Err(ParseError::BadIdentifier);
        }
        if !self.two_byte && (id > 14 || value.is_empty() || value.len() > 16) {
            self.widen(2 + value.len())?;
        }
        let mut prefix = [id, 0];
        let prefix = if self.two_byte {
            prefix[1] = u8::try_from(value.len()).map_err(|_| ParseError::BadLength)?;
            &prefix[..]
        } else {
            prefix[0] = id << 4 | (value.len() - 1) as u8;
            &prefix[..1]
        };
        let start = self.len + prefix.len();
        let end = start + value.len();
        if end > CAPACITY {
            return Err(ParseError::BadLength);
        }
        self.elements[self.len..start].copy_from_slice(prefix);
        self.elements[start..end].copy_from_slice(value);
        self.len = end;
        Ok(())
    }

    /// Turn the elements so far into the two-byte form, if `more` bytes fit after that.
    fn widen(&mut self, more: usize) -> Result<(), ParseError> {
        let narrow = self.elements;
        let elements = || Extensions::new(ONE_BYTE, &narrow[..self.len]);
        if self.len + elements().count() + more > CAPACITY {
            return Err(ParseError::BadLength);
        }
        let mut len = 0;
        for (id, value) in elements() {
            self.elements[len..len + 2].copy_from_slice(&[id, value.len() as u8]);
            self.elements[len + 2..len + 2 + value.len()].copy_from_slice(value);
            len += 2 + value.len();
        }
        self.len = len;
        self.two_byte = true;
        Ok(())
    }

    /// Append the block, padded to a multiple of four; returns its length in bytes.
    ///
    /// Nothing is appended when there are no elements.
    pub fn write(&self, out: &mut Vec<u8>) -> usize {
        if self.is_empty() {
            return 0;
        }
        let words = self.len.div_ceil(4);
        let profile = if self.two_byte { TWO_BYTE } else { ONE_BYTE };
        out.extend_from_slice(&profile.to_be_bytes());
        out.extend_from_slice(&(words as u16).to_be_bytes());
        out.extend_from_slice(&self.elements[..self.len]);
        out.extend_from_slice(&[0; 3][..words * 4 - self.len]);
        4 + words * 4
    }
}

/// The value of an audio level extension (RFC 6464 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the sender believes this to be voice.
    pub voice: bool,
    /// Level below full scale, in dB: 0 is the loudest, 127 is silence.
    pub level: u8,
}

impl AudioLevel {
    /// Parse the extension's value.
    ///
    /// # Errors
    /// `TooShort` when it is empty.
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let [byte] = array_at(value, 0)?;
        Ok(Self { voice: byte & 0x80 != 0, level: byte & 0x7f })
    }
}

/// Parse the transport-wide sequence number.
///
/// # Errors
/// `TooShort` when the value has less than two bytes.
pub fn transport_cc(value: &[u8]) -> Result<u16, ParseError> {
    array_at(value, 0).map(u16::from_be_bytes)
}

/// The abs-send-time value of a time in nanoseconds: seconds modulo 64, 6.18 fixed point.
#[must_use]
pub fn abs_send_time(nanos: u64) -> [u8; 3] {
    let seconds = (nanos / 1_000_000_000) % 64;
    let fraction = ((nanos % 1_000_000_000) << 18) / 1_000_000_000;
    let [.., a, b, c] = (seconds << 18 | fraction).to_be_bytes();
    [a, b, c]
}
