//! AV1's aggregation header (RTP Payload Format For AV1, section 4.4).

use super::bits::Bits;
use super::dependency_descriptor::Mandatory;
use super::size::Size;
use super::{Descriptor, Detail};
use crate::ParseError;

/// The sequence header's OBU type (AV1 specification section 6.2.2).
const SEQUENCE_HEADER: u8 = 1;

/// Describe a packet; the dependency descriptor, where there is one, knows best.
pub(super) fn describe(
    payload: &[u8],
    marker: bool,
    dependency_descriptor: Option<&[u8]>,
) -> Descriptor {
    let Some(&aggregation) = payload.first() else { return Descriptor::default() };
    // Z: the first OBU element continues one of the packet before.
    let continues = aggregation & 0x80 != 0;
    if let Some(mandatory) = dependency_descriptor.and_then(|value| Mandatory::parse(value).ok()) {
        return Descriptor {
            keyframe: mandatory.start_of_frame && mandatory.has_structure,
            start_of_frame: mandatory.start_of_frame,
            end_of_frame: mandatory.end_of_frame,
            detail: Detail::DependencyDescriptor(mandatory),
            ..Descriptor::default()
        };
    }
    Descriptor {
        keyframe: !continues && (aggregation & 0x08 != 0 || has_sequence_header(payload)),
        start_of_frame: !continues,
        end_of_frame: marker,
        ..Descriptor::default()
    }
}

/// Whether the first OBU element is a sequence header, for senders that do not set N.
fn has_sequence_header(payload: &[u8]) -> bool {
    sequence_header(payload).is_some()
}

/// The first OBU element from its header on, if it is a sequence header.
fn sequence_header(payload: &[u8]) -> Option<&[u8]> {
    // W: the number of OBU elements; the last of them has no length, with 0 all have one.
    let elements = payload[0] >> 4 & 0x03;
    let mut position = 1;
    if elements != 1 {
        // Skip the element's length, LEB128.
        while payload.get(position).is_some_and(|byte| byte & 0x80 != 0) {
            position += 1;
        }
        position += 1;
    }
    let element = payload.get(position..)?;
    element.first().filter(|&&header| header >> 3 & 0x0f == SEQUENCE_HEADER)?;
    Some(element)
}

/// The largest size of the sequence that begins in a packet (AV1 specification 5.5.1).
pub(super) fn size(payload: &[u8]) -> Option<Size> {
    let element = sequence_header(payload)?;
    // An extension byte and a size may follow the header; RTP leaves the size out.
    let header = element.first()?;
    let mut start = 1 + usize::from(header & 0x04 != 0);
    if header & 0x02 != 0 {
        while element.get(start)? & 0x80 != 0 {
            start += 1;
        }
        start += 1;
    }
    let mut bits = Bits::new(element.get(start..)?);
    read_size(&mut bits).ok().flatten()
}

fn read_size(bits: &mut Bits<'_>) -> Result<Option<Size>, ParseError> {
    // seq_profile, still_picture, reduced_still_picture_header.
    bits.read(4)?;
    if bits.flag()? {
        bits.read(5)?;
    } else {
        // timing_info_present_flag: never in real-time streams.
        if bits.flag()? {
            return Ok(None);
        }
        let initial_display_delay = bits.flag()?;
        for _ in 0..=bits.read(5)? {
            bits.read(12)?;
            if bits.read(5)? > 7 {
                bits.read(1)?;
            }
            if initial_display_delay && bits.flag()? {
                bits.read(4)?;
            }
        }
    }
    let (width, height) = (bits.read(4)? + 1, bits.read(4)? + 1);
    let mut pixels = |width: u32| bits.read(width as usize).map(|max| u16::try_from(max + 1).ok());
    let (width, height) = (pixels(width)?, pixels(height)?);
    Ok(width.zip(height))
}
