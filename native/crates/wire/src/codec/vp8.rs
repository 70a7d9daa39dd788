//! VP8's payload descriptor (RFC 7741 section 4.2) and header (section 4.3).

use super::{Descriptor, Detail, Field, PictureId};
use crate::ParseError;
use crate::bytes::u8_at;

/// The payload descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadDescriptor {
    /// N: no later frame depends on this one.
    pub non_reference: bool,
    /// S: the packet begins a partition.
    pub start_of_partition: bool,
    /// PID: the partition, 0 being the first of a frame.
    pub partition_index: u8,
    /// PictureID.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX.
    pub tl0_picture_index: Option<Field<u8>>,
    /// TID.
    pub temporal_id: Option<u8>,
    /// Y: depends on the temporal base layer only.
    pub layer_sync: bool,
    /// KEYIDX, five bits.
    pub key_index: Option<Field<u8>>,
    /// Bytes of the descriptor.
    pub len: u8,
}

impl PayloadDescriptor {
    /// Parse the descriptor at the beginning of a payload.
    ///
    /// # Errors
    /// `TooShort` when it does not fit.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let first = u8_at(payload, 0)?;
        let mut descriptor = Self {
            non_reference: first & 0x20 != 0,
            start_of_partition: first & 0x10 != 0,
            partition_index: first & 0x07,
            picture_id: None,
            tl0_picture_index: None,
            temporal_id: None,
            layer_sync: false,
            key_index: None,
            len: 1,
        };
        if first & 0x80 != 0 {
            descriptor.parse_extension(payload)?;
        }
        Ok(descriptor)
    }

    fn parse_extension(&mut self, payload: &[u8]) -> Result<(), ParseError> {
        let flags = u8_at(payload, 1)?;
        let mut position = 2;
        if flags & 0x80 != 0 {
            let (picture_id, end) = PictureId::parse(payload, position)?;
            self.picture_id = Some(picture_id);
            position = end;
        }
        if flags & 0x40 != 0 {
            let value = u8_at(payload, position)?;
            self.tl0_picture_index = Some(Field { value, offset: position as u8 });
            position += 1;
        }
        if flags & 0x30 != 0 {
            let byte = u8_at(payload, position)?;
            if flags & 0x20 != 0 {
                self.temporal_id = Some(byte >> 6);
                self.layer_sync = byte & 0x20 != 0;
            }
            if flags & 0x10 != 0 {
                self.key_index = Some(Field { value: byte & 0x1f, offset: position as u8 });
            }
            position += 1;
        }
        self.len = position as u8;
        Ok(())
    }

    /// Whether the packet begins a frame.
    #[must_use]
    pub fn start_of_frame(&self) -> bool {
        self.start_of_partition && self.partition_index == 0
    }

    /// Overwrite the numbers that are there in `payload`, which this was parsed from.
    ///
    /// A 7-bit picture id gets the low 7 bits, KEYIDX the low 5. `key_index: None` leaves it.
    pub fn rewrite(
        &self,
        payload: &mut [u8],
        picture_id: u16,
        tl0_picture_index: u8,
        key_index: Option<u8>,
    ) {
        if let Some(field) = self.picture_id {
            field.rewrite(payload, picture_id);
        }
        if let Some(field) = self.tl0_picture_index
            && let Some(byte) = payload.get_mut(usize::from(field.offset))
        {
            *byte = tl0_picture_index;
        }
        if let (Some(field), Some(value)) = (self.key_index, key_index)
            && let Some(byte) = payload.get_mut(usize::from(field.offset))
        {
            *byte = *byte & 0xe0 | value & 0x1f;
        }
    }
}

/// Describe a packet.
pub(super) fn describe(payload: &[u8], marker: bool) -> Descriptor {
    let Ok(descriptor) = PayloadDescriptor::parse(payload) else { return Descriptor::default() };
    let start_of_frame = descriptor.start_of_frame();
    // The first bit of the VP8 header is zero in keyframes (P, inverse key frame flag).
    let keyframe = start_of_frame
        && payload.get(usize::from(descriptor.len)).is_some_and(|header| header & 1 == 0);
    Descriptor {
        keyframe,
        start_of_frame,
        end_of_frame: marker,
        temporal_id: descriptor.temporal_id,
        spatial_id: None,
        layer_sync: descriptor.layer_sync,
        non_reference: descriptor.non_reference,
        upper_reference: false,
        detail: Detail::Vp8(descriptor),
    }
}
