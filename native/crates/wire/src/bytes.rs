//! Big-endian fields at checked offsets.

use crate::ParseError;

/// `N` bytes at `offset`.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], ParseError> {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or(ParseError::TooShort)
}

pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Result<u8, ParseError> {
    bytes.get(offset).copied().ok_or(ParseError::TooShort)
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, ParseError> {
    array_at(bytes, offset).map(u16::from_be_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, ParseError> {
    array_at(bytes, offset).map(u32::from_be_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Result<u64, ParseError> {
    array_at(bytes, offset).map(u64::from_be_bytes)
}
