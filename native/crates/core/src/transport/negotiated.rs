//! What a transport's bundle agreed on: payload types and header extension ids.

use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::rtp::{ExtensionKind, PayloadType};

use crate::command::{CodecMapping, CommandError, Kind};

const KINDS: usize = 8;
const CODECS: usize = 6;

/// What a payload type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) codec: Codec,
    pub(crate) clock_rate: u32,
    /// It carries retransmissions (RFC 4588) of `codec`.
    pub(crate) rtx: bool,
    /// The codec's own payload type, which is what a retransmission restores.
    pub(crate) payload_type: PayloadType,
}

/// The payload types to send a codec with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Opus also for redundant audio that the peer does not take.
    pub(crate) codec: Codec,
    pub(crate) payload_type: PayloadType,
    pub(crate) rtx: Option<PayloadType>,
    pub(crate) clock_rate: u32,
}

/// Both directions' tables, indexed by what is on the wire.
pub(crate) struct Negotiated {
    kinds: [Option<ExtensionKind>; 256],
    ids: [Option<u8>; KINDS],
    formats: [Option<Format>; 128],
    outgoing: [Option<Outgoing>; CODECS],
}

impl Default for Negotiated {
    fn default() -> Self {
        Self {
            kinds: [None; 256],
            ids: [None; KINDS],
            formats: [None; 128],
            outgoing: [None; CODECS],
        }
    }
}

impl Negotiated {
    /// # Errors
    /// `BadExtension`, `BadPayloadType`: a value that is reserved, out of range or taken twice.
    pub(crate) fn new(
        extensions: &[(u8, ExtensionKind)],
        codecs: &[CodecMapping],
    ) -> Result<Self, CommandError> {
        let mut negotiated = Self::default();
        for &(id, kind) in extensions {
            let by_id = &mut negotiated.kinds[usize::from(id)];
            let by_kind = &mut negotiated.ids[kind_index(kind)];
            // RFC 8285: 0 is padding, 15 is reserved in the one-byte form.
            if id == 0 || id == 15 || by_id.is_some() || by_kind.is_some() {
                return Err(CommandError::BadExtension);
            }
            *by_id = Some(kind);
            *by_kind = Some(id);
        }
        for mapping in codecs {
            if mapping.clock_rate == 0 {
                return Err(CommandError::BadPayloadType);
            }
            negotiated.add_format(mapping.payload_type, mapping, false)?;
            if let Some(rtx) = mapping.rtx {
                negotiated.add_format(rtx, mapping, true)?;
            }
            // The first payload type of a codec is the preferred one (RFC 8829 5.2.1).
            negotiated.outgoing[codec_index(mapping.codec)].get_or_insert(Outgoing {
                codec: mapping.codec,
                payload_type: mapping.payload_type,
                rtx: mapping.rtx,
                clock_rate: mapping.clock_rate,
            });
        }
        // A block of redundant audio is Opus: who takes no such packets gets the newest
        // block alone, and nobody can take them without Opus.
        let opus = negotiated.outgoing[codec_index(Codec::Opus)];
        let red = &mut negotiated.outgoing[codec_index(Codec::Red)];
        *red = opus.map(|opus| red.unwrap_or(opus));
        Ok(negotiated)
    }

    fn add_format(
        &mut self,
        payload_type: PayloadType,
        mapping: &CodecMapping,
        rtx: bool,
    ) -> Result<(), CommandError> {
        let value = usize::from(payload_type.0);
        // RFC 5761 4: 64..=95 would be taken for RTCP.
        if value > 127 || (64..=95).contains(&value) || self.formats[value].is_some() {
            return Err(CommandError::BadPayloadType);
        }
        self.formats[value] = Some(Format {
            codec: mapping.codec,
            clock_rate: mapping.clock_rate,
            rtx,
            payload_type: mapping.payload_type,
        });
        Ok(())
    }

    #[inline]
    pub(crate) fn kind(&self, id: u8) -> Option<ExtensionKind> {
        self.kinds[usize::from(id)]
    }

    #[inline]
    pub(crate) fn id(&self, kind: ExtensionKind) -> Option<u8> {
        self.ids[kind_index(kind)]
    }

    #[inline]
    pub(crate) fn format(&self, payload_type: PayloadType) -> Option<Format> {
        self.formats.get(usize::from(payload_type.0)).copied().flatten()
    }

    #[inline]
    pub(crate) fn outgoing(&self, codec: Codec) -> Option<Outgoing> {
        self.outgoing[codec_index(codec)]
    }
}

/// Whether a codec is one of audio or of video.
#[inline]
pub(crate) fn kind_of(codec: Codec) -> Kind {
    if codec.wrapped() == Codec::Opus { Kind::Audio } else { Kind::Video }
}

#[inline]
fn kind_index(kind: ExtensionKind) -> usize {
    match kind {
        ExtensionKind::Mid => 0,
        ExtensionKind::Rid => 1,
        ExtensionKind::RepairedRid => 2,
        ExtensionKind::AudioLevel => 3,
        ExtensionKind::TransportCc => 4,
        ExtensionKind::AbsSendTime => 5,
        ExtensionKind::VideoOrientation => 6,
        ExtensionKind::DependencyDescriptor => 7,
    }
}

#[inline]
fn codec_index(codec: Codec) -> usize {
    match codec {
        Codec::Opus => 0,
        Codec::Vp8 => 1,
        Codec::Vp9 => 2,
        Codec::H264 => 3,
        Codec::Av1 => 4,
        Codec::Red => 5,
    }
}
