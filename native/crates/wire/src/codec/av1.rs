//! AV1's aggregation header (RTP Payload Format For AV1, section 4.4).

use super::dependency_descriptor::Mandatory;
use super::{Descriptor, Detail};

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
    payload.get(position).is_some_and(|header| header >> 3 & 0x0f == SEQUENCE_HEADER)
}
