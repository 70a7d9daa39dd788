//! VP9's payload descriptor (RFC 9628 section 4.2).

use super::{Descriptor, Detail, Field, PictureId};
use crate::ParseError;
use crate::bytes::{u8_at, u16_at};

/// The payload descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadDescriptor {
    /// P: the frame depends on earlier pictures.
    pub inter_predicted: bool,
    /// F: dependencies are given frame by frame.
    pub flexible: bool,
    /// B: the packet begins a layer frame.
    pub start_of_frame: bool,
    /// E: the packet ends a layer frame.
    pub end_of_frame: bool,
    /// Z: no higher spatial layer depends on this frame.
    pub not_upper_reference: bool,
    /// Picture ID.
    pub picture_id: Option<PictureId>,
    /// TID.
    pub temporal_id: Option<u8>,
    /// U: from here on, a higher temporal layer may be decoded.
    pub switching_up: bool,
    /// SID.
    pub spatial_id: Option<u8>,
    /// D: depends on the next lower spatial layer of the same picture.
    pub inter_layer: bool,
    /// TL0PICIDX, in non-flexible mode with layers.
    pub tl0_picture_index: Option<Field<u8>>,
    /// P_DIFF, in flexible mode: how many pictures back the frames of this spatial layer are
    /// that this one depends on; 0: none.
    pub references: [u8; 3],
    /// V: a scalability structure is there.
    pub scalability_structure: bool,
    /// N_S, if it is: the highest spatial layer.
    pub highest_spatial_id: Option<u8>,
    /// Where it is.
    structure: Option<u8>,
    /// Bytes of the descriptor.
    pub len: u16,
}

impl PayloadDescriptor {
    /// Parse the descriptor at the beginning of a payload.
    ///
    /// # Errors
    /// `TooShort` when it does not fit, `BadDescriptor` for more than three references.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let first = u8_at(payload, 0)?;
        let mut descriptor = Self {
            inter_predicted: first & 0x40 != 0,
            flexible: first & 0x10 != 0,
            start_of_frame: first & 0x08 != 0,
            end_of_frame: first & 0x04 != 0,
            not_upper_reference: first & 0x01 != 0,
            picture_id: None,
            temporal_id: None,
            switching_up: false,
            spatial_id: None,
            inter_layer: false,
            tl0_picture_index: None,
            references: [0; 3],
            scalability_structure: first & 0x02 != 0,
            highest_spatial_id: None,
            structure: None,
            len: 0,
        };
        let mut position = 1;
        if first & 0x80 != 0 {
            let (picture_id, end) = PictureId::parse(payload, position)?;
            descriptor.picture_id = Some(picture_id);
            position = end;
        }
        if first & 0x20 != 0 {
            position = descriptor.parse_layers(payload, position)?;
        }
        if descriptor.flexible && descriptor.inter_predicted {
            (descriptor.references, position) = parse_references(payload, position)?;
        }
        if descriptor.scalability_structure {
            descriptor.highest_spatial_id = Some(u8_at(payload, position)? >> 5);
            descriptor.structure = Some(position as u8);
            position = skip_scalability_structure(payload, position)?;
        }
        if position > payload.len() {
            return Err(ParseError::TooShort);
        }
        descriptor.len = position as u16;
        Ok(descriptor)
    }

    fn parse_layers(&mut self, payload: &[u8], position: usize) -> Result<usize, ParseError> {
        let byte = u8_at(payload, position)?;
        self.temporal_id = Some(byte >> 5);
        self.switching_up = byte & 0x10 != 0;
        self.spatial_id = Some(byte >> 1 & 0x07);
        self.inter_layer = byte & 0x01 != 0;
        if self.flexible {
            return Ok(position + 1);
        }
        let value = u8_at(payload, position + 1)?;
        self.tl0_picture_index = Some(Field { value, offset: position as u8 + 1 });
        Ok(position + 2)
    }

    /// Whether the packet begins a keyframe, in its lowest spatial layer.
    #[must_use]
    pub fn keyframe(&self) -> bool {
        self.start_of_frame && !self.inter_predicted && self.spatial_id.unwrap_or(0) == 0
    }

    /// Overwrite the numbers that are there in `payload`, which this was parsed from.
    ///
    /// A 7-bit picture id gets the low 7 bits.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_picture_index: u8) {
        if let Some(field) = self.picture_id {
            field.rewrite(payload, picture_id);
        }
        if let Some(field) = self.tl0_picture_index
            && let Some(byte) = payload.get_mut(usize::from(field.offset))
        {
            *byte = tl0_picture_index;
        }
    }
}

/// Up to three P_DIFF bytes, each but the last with its N bit set; returns them, 0 for none,
/// and the end.
fn parse_references(payload: &[u8], position: usize) -> Result<([u8; 3], usize), ParseError> {
    let mut references = [0; 3];
    for (index, reference) in references.iter_mut().enumerate() {
        let byte = u8_at(payload, position + index)?;
        *reference = byte >> 1;
        if byte & 0x01 == 0 {
            return Ok((references, position + index + 1));
        }
    }
    Err(ParseError::BadDescriptor)
}

/// The sizes in the scalability structure of a descriptor that has one.
pub(super) fn structure_sizes(
    payload: &[u8],
    descriptor: &PayloadDescriptor,
    mut tell: impl FnMut(u8, (u16, u16)),
) {
    let Some(start) = descriptor.structure else { return };
    let start = usize::from(start);
    let Ok(flags) = u8_at(payload, start) else { return };
    if flags & 0x10 == 0 {
        return;
    }
    for layer in 0..=flags >> 5 {
        let place = start + 1 + 4 * usize::from(layer);
        let (Ok(width), Ok(height)) = (u16_at(payload, place), u16_at(payload, place + 2)) else {
            return;
        };
        tell(layer, (width, height));
    }
}

/// RFC 9628 section 4.2.1.
fn skip_scalability_structure(payload: &[u8], mut position: usize) -> Result<usize, ParseError> {
    let flags = u8_at(payload, position)?;
    position += 1;
    if flags & 0x10 != 0 {
        let spatial_layers = usize::from(flags >> 5) + 1;
        position += 4 * spatial_layers;
    }
    if flags & 0x08 != 0 {
        let pictures = u8_at(payload, position)?;
        position += 1;
        for _ in 0..pictures {
            let references = usize::from(u8_at(payload, position)? >> 2 & 0x03);
            position += 1 + references;
        }
    }
    Ok(position)
}

/// Describe a packet.
pub(super) fn describe(payload: &[u8]) -> Descriptor {
    let Ok(descriptor) = PayloadDescriptor::parse(payload) else { return Descriptor::default() };
    Descriptor {
        keyframe: descriptor.keyframe(),
        start_of_frame: descriptor.start_of_frame,
        end_of_frame: descriptor.end_of_frame,
        temporal_id: descriptor.temporal_id,
        spatial_id: descriptor.spatial_id,
        layer_sync: descriptor.switching_up,
        // The Z bit speaks of higher spatial layers only, so nothing is known.
        non_reference: false,
        upper_reference: !descriptor.not_upper_reference,
        detail: Detail::Vp9(descriptor),
    }
}
