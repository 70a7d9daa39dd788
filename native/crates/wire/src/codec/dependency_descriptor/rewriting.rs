//! Changing a descriptor for a viewer.

use super::structure::Structure;
use super::{Mandatory, mask_of};
use crate::ParseError;
use crate::codec::bits::{Bits, append};

/// Overwrite the frame number in the extension's value; too short a value is left alone.
pub fn rewrite(value: &mut [u8], frame_number: u16) {
    if let Some(bytes) = value.get_mut(1..3) {
        bytes.copy_from_slice(&frame_number.to_be_bytes());
    }
}

/// Append `value` to `out` saying that only the decode targets of `mask` are active, of
/// `targets` or as many as a structure in it has (A.8.4, `active_decode_targets_bitmask`).
///
/// # Errors
/// `TooShort` or `BadDescriptor` when it does not parse; nothing is appended then.
pub fn limit_targets(
    value: &[u8],
    targets: u8,
    mask: u32,
    out: &mut Vec<u8>,
) -> Result<(), ParseError> {
    let mandatory = Mandatory::parse(value)?;
    let mut bits = Bits::new(value);
    bits.position = 24;
    let mut flags = if bits.left() > 0 { bits.read(5)? } else { 0 };
    const SAYS_ACTIVE: u32 = 0x08;
    let start = bits.position;
    let mut targets = targets;
    if mandatory.has_structure {
        targets = Structure::parse(&mut bits)?.targets();
    }
    let before = bits.position;
    let mut mask = mask & mask_of(targets);
    if flags & SAYS_ACTIVE != 0 {
        mask &= bits.read(usize::from(targets))?;
    }
    flags |= SAYS_ACTIVE;
    let after = bits.position;
    let first = out.len();
    out.extend_from_slice(&value[..3]);
    let mut used = 0;
    append(out, &mut used, flags, 5);
    copy(value, start.max(29)..before, out, &mut used)?;
    append(out, &mut used, mask, usize::from(targets));
    copy(value, after..value.len() * 8, out, &mut used)?;
    if out.len() - first > usize::from(u8::MAX) {
        out.truncate(first);
        return Err(ParseError::BadLength);
    }
    Ok(())
}

/// Appends a range of `value`'s bits.
fn copy(
    value: &[u8],
    range: std::ops::Range<usize>,
    out: &mut Vec<u8>,
    used: &mut usize,
) -> Result<(), ParseError> {
    let mut bits = Bits::new(value);
    bits.position = range.start;
    while bits.position < range.end {
        append(out, used, bits.read(1)?, 1);
    }
    Ok(())
}
