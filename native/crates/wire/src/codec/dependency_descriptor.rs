//! The dependency descriptor's mandatory fields (RTP Payload Format For AV1, appendix A.8).

use crate::ParseError;
use crate::bytes::{array_at, u8_at};

/// The fields every dependency descriptor has, and whether it brings a new structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandatory {
    /// First packet of a frame.
    pub start_of_frame: bool,
    /// Last packet of a frame.
    pub end_of_frame: bool,
    /// The template that says what the frame depends on, 0..=63.
    pub template_id: u8,
    /// Counts frames.
    pub frame_number: u16,
    /// A template dependency structure follows: a new coded video sequence begins.
    pub has_structure: bool,
}

impl Mandatory {
    /// Parse the extension's value.
    ///
    /// # Errors
    /// `TooShort` when it has less than three bytes.
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let [first, high, low] = array_at(value, 0)?;
        Ok(Self {
            start_of_frame: first & 0x80 != 0,
            end_of_frame: first & 0x40 != 0,
            template_id: first & 0x3f,
            frame_number: u16::from_be_bytes([high, low]),
            has_structure: u8_at(value, 3).is_ok_and(|flags| flags & 0x80 != 0),
        })
    }
}

/// Overwrite the frame number in the extension's value; too short a value is left alone.
pub fn rewrite(value: &mut [u8], frame_number: u16) {
    if let Some(bytes) = value.get_mut(1..3) {
        bytes.copy_from_slice(&frame_number.to_be_bytes());
    }
}
