//! Single bits, the first one being the highest of its byte.

use crate::ParseError;

/// Reads bits one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// How many have been read.
    pub(crate) position: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn left(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.position)
    }

    /// The next `count` bits, at most 32, the first being the highest.
    pub(crate) fn read(&mut self, count: usize) -> Result<u32, ParseError> {
        if count > self.left() {
            return Err(ParseError::TooShort);
        }
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes[self.position / 8];
            value = value << 1 | u32::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Ok(value)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, ParseError> {
        Ok(self.read(1)? == 1)
    }

    /// One of `count` values, in as few bits as that takes (AV1 specification 4.10.7).
    pub(crate) fn non_symmetric(&mut self, count: u32) -> Result<u32, ParseError> {
        let width = 32 - count.leading_zeros();
        if width == 0 {
            return Ok(0);
        }
        let short = (1 << width) - count;
        let value = self.read(width as usize - 1)?;
        if value < short { Ok(value) } else { Ok((value << 1) - short + self.read(1)?) }
    }

    /// Exp-Golomb (H.264 9.1).
    pub(crate) fn golomb(&mut self) -> Result<u32, ParseError> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(ParseError::BadDescriptor);
            }
        }
        Ok((1 << zeros) - 1 + self.read(zeros)?)
    }
}

/// Appends `count` bits of `value` to `bytes`, of which `used` bits are taken.
pub(crate) fn append(bytes: &mut Vec<u8>, used: &mut usize, value: u32, count: usize) {
    for bit in (0..count).rev() {
        if used.is_multiple_of(8) {
            bytes.push(0);
        }
        if value >> bit & 1 == 1
            && let Some(last) = bytes.last_mut()
        {
            *last |= 0x80 >> (*used % 8);
        }
        *used += 1;
    }
}
