//! What of a codec's payload a forwarder must know: keyframes, frame borders, layers, and
//! the numbers that must go on without a gap when the source changes.

pub mod av1;
mod bits;
pub mod dependency_descriptor;
pub mod h264;
pub mod red;
pub mod size;
pub mod vp8;
pub mod vp9;

/// The codecs that are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// The AV1 RTP specification of the Alliance for Open Media.
    Av1,
    /// RFC 2198, around Opus.
    Red,
}

impl Codec {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Opus, Self::Vp8, Self::Vp9, Self::H264, Self::Av1, Self::Red];

    /// The name in the Python interface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "vp8",
            Self::Vp9 => "vp9",
            Self::H264 => "h264",
            Self::Av1 => "av1",
            Self::Red => "red",
        }
    }

    /// What is encoded, however it is wrapped: a packet of redundant audio is one of Opus.
    #[must_use]
    pub fn wrapped(self) -> Self {
        if self == Self::Red { Self::Opus } else { self }
    }

    /// The codec with this name of the Python interface.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|codec| codec.as_str() == name)
    }
}

/// A number in a payload descriptor, and where it is, to be rewritten in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<T> {
    /// The number.
    pub value: T,
    /// Offset of its first byte in the payload.
    pub offset: u8,
}

/// A picture id of 7 or 15 bits, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// The id; less than 128 when it is not wide.
    pub value: u16,
    /// Whether it has 15 bits in two bytes, or 7 bits in one.
    pub wide: bool,
    /// Offset of its first byte in the payload.
    pub offset: u8,
}

impl PictureId {
    /// Read the id at `offset`, 7 or 15 bits by its first bit; returns it and its end.
    fn parse(payload: &[u8], offset: usize) -> Result<(Self, usize), crate::ParseError> {
        let first = crate::bytes::u8_at(payload, offset)?;
        let wide = first & 0x80 != 0;
        let (value, len) = if wide {
            (crate::bytes::u16_at(payload, offset)? & 0x7fff, 2)
        } else {
            (u16::from(first), 1)
        };
        Ok((Self { value, wide, offset: offset as u8 }, offset + len))
    }

    /// The bits it has.
    #[must_use]
    pub fn mask(self) -> u16 {
        if self.wide { 0x7fff } else { 0x7f }
    }

    /// Overwrite the id in `payload`, with as many bits as it has there.
    fn rewrite(self, payload: &mut [u8], value: u16) {
        let offset = usize::from(self.offset);
        if self.wide {
            if let Some(bytes) = payload.get_mut(offset..offset + 2) {
                bytes.copy_from_slice(&(0x8000 | value).to_be_bytes());
            }
        } else if let Some(byte) = payload.get_mut(offset) {
            *byte = value as u8 & 0x7f;
        }
    }
}

/// What is particular to a codec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing, or nothing that could be parsed.
    #[default]
    None,
    /// VP8's payload descriptor.
    Vp8(vp8::PayloadDescriptor),
    /// VP9's payload descriptor.
    Vp9(vp9::PayloadDescriptor),
    /// The dependency descriptor's mandatory fields.
    DependencyDescriptor(dependency_descriptor::Mandatory),
    /// The blocks of redundant audio.
    Red(red::Blocks),
}

/// What one packet's payload says about its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// This packet begins a keyframe: a decoder can start here, and a stream be spliced.
    /// H264's parameter sets and the slice behind them each say so, with one timestamp.
    pub keyframe: bool,
    /// First packet of a frame (of a layer frame, with spatial layers). For H264 and for
    /// AV1 without dependency descriptor: may be, as far as the payload tells.
    pub start_of_frame: bool,
    /// Last packet of a frame (of a layer frame, with spatial layers).
    pub end_of_frame: bool,
    /// Temporal layer, if the payload says so.
    pub temporal_id: Option<u8>,
    /// Spatial layer, if the payload says so.
    pub spatial_id: Option<u8>,
    /// From this frame on, a higher temporal layer may be decoded (VP8's Y, VP9's U).
    pub layer_sync: bool,
    /// No later frame depends on this one, so it may be dropped.
    pub non_reference: bool,
    /// A higher spatial layer may depend on this frame.
    pub upper_reference: bool,
    /// What is particular to the codec.
    pub detail: Detail,
}

impl Descriptor {
    /// The picture id of VP8 or VP9.
    #[must_use]
    pub fn picture_id(&self) -> Option<PictureId> {
        match self.detail {
            Detail::Vp8(descriptor) => descriptor.picture_id,
            Detail::Vp9(descriptor) => descriptor.picture_id,
            _ => None,
        }
    }

    /// The index of temporal base layer frames of VP8 or VP9.
    #[must_use]
    pub fn tl0_picture_index(&self) -> Option<Field<u8>> {
        match self.detail {
            Detail::Vp8(descriptor) => descriptor.tl0_picture_index,
            Detail::Vp9(descriptor) => descriptor.tl0_picture_index,
            _ => None,
        }
    }
}

/// Describe a packet by its payload (without RTP header and padding), its marker bit and
/// the value of its dependency descriptor extension. Unparsable: the default.
#[must_use]
pub fn describe(
    codec: Codec,
    payload: &[u8],
    marker: bool,
    dependency_descriptor: Option<&[u8]>,
) -> Descriptor {
    match codec {
        // Every packet of Opus is a frame that can be decoded by itself.
        Codec::Opus => Descriptor {
            keyframe: !payload.is_empty(),
            start_of_frame: true,
            end_of_frame: true,
            ..Descriptor::default()
        },
        Codec::Red => red::describe(payload),
        Codec::Vp8 => vp8::describe(payload, marker),
        Codec::Vp9 => vp9::describe(payload),
        Codec::H264 => h264::describe(payload, marker),
        Codec::Av1 => av1::describe(payload, marker, dependency_descriptor),
    }
}
