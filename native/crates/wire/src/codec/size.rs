//! How large the frames are that begin with a keyframe's packet, where its payload says so.

use super::bits::Bits;
use super::{Codec, Descriptor, Detail, av1, h264, vp9};

/// Width and height in pixels.
pub type Size = (u16, u16);

/// The size of each spatial layer that a keyframe's first packet tells, by calls of `tell`.
pub fn sizes(
    codec: Codec,
    payload: &[u8],
    descriptor: &Descriptor,
    mut tell: impl FnMut(u8, Size),
) {
    let size = match (codec, descriptor.detail) {
        (Codec::Vp8, Detail::Vp8(vp8)) => payload.get(usize::from(vp8.len)..).and_then(vp8_size),
        (Codec::Vp9, Detail::Vp9(described)) => {
            if described.scalability_structure {
                return vp9::structure_sizes(payload, &described, tell);
            }
            payload.get(usize::from(described.len)..).and_then(vp9_size)
        }
        (Codec::H264, _) => h264::size(payload),
        (Codec::Av1, _) => av1::size(payload),
        _ => None,
    };
    if let Some(size) = size.filter(|(width, height)| *width > 0 && *height > 0) {
        tell(descriptor.spatial_id.unwrap_or(0), size);
    }
}

/// A VP8 keyframe's header (RFC 6386 9.1): the sizes follow a tag and the start code.
fn vp8_size(frame: &[u8]) -> Option<Size> {
    let [_, _, _, 0x9d, 0x01, 0x2a, width_low, width_high, height_low, height_high] =
        *frame.first_chunk::<10>()?
    else {
        return None;
    };
    let size = |low, high| u16::from_le_bytes([low, high]) & 0x3fff;
    Some((size(width_low, width_high), size(height_low, height_high)))
}

/// A VP9 keyframe's uncompressed header, of profile 0 (VP9 bitstream specification 6.2).
fn vp9_size(frame: &[u8]) -> Option<Size> {
    const SYNC_CODE: u32 = 0x49_83_42;
    const SRGB: u32 = 7;
    let mut bits = Bits::new(frame);
    let marker = bits.read(2).ok()?;
    let profile = bits.read(2).ok()?;
    // show_existing_frame; frame_type, 0: a keyframe; show_frame, error_resilient_mode.
    let shown = bits.read(1).ok()?;
    let inter = bits.read(1).ok()?;
    bits.read(2).ok()?;
    if (marker, profile, shown, inter) != (2, 0, 0, 0) || bits.read(24).ok()? != SYNC_CODE {
        return None;
    }
    if bits.read(3).ok()? != SRGB {
        bits.read(1).ok()?;
    }
    let mut pixels = || u16::try_from(bits.read(16).ok()? + 1).ok();
    Some((pixels()?, pixels()?))
}
