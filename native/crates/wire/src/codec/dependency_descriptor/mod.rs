//! The dependency descriptor (RTP Payload Format For AV1, appendix A): which frames a frame
//! needs, and for which decode targets it is needed, in a header extension that the payload's
//! codec and its encryption do not matter to.

mod rewriting;
mod structure;

use crate::ParseError;
use crate::bytes::{array_at, u8_at};
use crate::codec::bits::Bits;

pub use rewriting::{limit_targets, rewrite};
pub use structure::{Structure, Template};

/// Frames one frame depends on; AV1 and VP9 have at most seven.
pub const MAX_REFERENCES: usize = 8;

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

/// What a frame is to a decode target (A.8.3, table A.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    /// No part of it.
    NotPresent,
    /// A part nothing else of it depends on.
    Discardable,
    /// Who can decode this frame can decode all that follow of the target.
    Switch,
    /// A part that others of it may depend on.
    Required,
}

/// Two bits a decode target: the indications of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indications(u64);

impl Indications {
    fn parse(bits: &mut Bits<'_>, targets: u8) -> Result<Self, ParseError> {
        let mut all = 0;
        for target in 0..targets {
            all |= u64::from(bits.read(2)?) << (2 * target);
        }
        Ok(Self(all))
    }

    /// That of a target, 0..=31.
    #[must_use]
    pub fn of(self, target: u8) -> Indication {
        match self.0.checked_shr(2 * u32::from(target)).unwrap_or(0) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }

    /// Whether the frame is a part of the target.
    #[must_use]
    pub fn present(self, target: u8) -> bool {
        self.of(target) != Indication::NotPresent
    }
}

/// The frames a frame depends on, as differences of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct References {
    differences: [u16; MAX_REFERENCES],
    len: u8,
}

impl References {
    fn push(&mut self, difference: u16) -> Result<(), ParseError> {
        let place =
            self.differences.get_mut(usize::from(self.len)).ok_or(ParseError::BadDescriptor)?;
        *place = difference;
        self.len += 1;
        Ok(())
    }

    /// How far back they are, in frame numbers.
    pub fn differences(&self) -> impl Iterator<Item = u16> + '_ {
        self.differences.iter().copied().take(usize::from(self.len))
    }
}

/// Everything one packet's descriptor says of its frame, by the structure that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The fields at the beginning.
    pub mandatory: Mandatory,
    /// Spatial layer.
    pub spatial_id: u8,
    /// Temporal layer.
    pub temporal_id: u8,
    /// What it is to each decode target.
    pub indications: Indications,
    /// What it depends on.
    pub references: References,
    /// Which decode targets are active from here on, if the packet says so; a bit each, the
    /// lowest for the first.
    pub active: Option<u32>,
}

/// Parse a whole descriptor: by the structure it brings, which is returned, or by `known`.
///
/// # Errors
/// `TooShort`, or `BadDescriptor` when there is no structure, or none with such a template.
pub fn parse(
    value: &[u8],
    known: Option<&Structure>,
) -> Result<(Frame, Option<Structure>), ParseError> {
    let mandatory = Mandatory::parse(value)?;
    let mut bits = Bits::new(value);
    bits.position = 24;
    let mut flags = [false; 5];
    if bits.left() > 0 {
        for flag in &mut flags {
            *flag = bits.flag()?;
        }
    }
    let [brings, says_active, own_indications, own_references, _own_chains] = flags;
    let brought = if brings { Some(Structure::parse(&mut bits)?) } else { None };
    let structure = brought.as_ref().or(known).ok_or(ParseError::BadDescriptor)?;
    let active = if says_active {
        Some(bits.read(usize::from(structure.targets()))?)
    } else {
        brings.then(|| structure.all_targets())
    };
    let template = structure.template(mandatory.template_id).ok_or(ParseError::BadDescriptor)?;
    let indications = if own_indications {
        Indications::parse(&mut bits, structure.targets())?
    } else {
        template.indications
    };
    let references = if own_references { own(&mut bits)? } else { template.references };
    let frame = Frame {
        mandatory,
        spatial_id: template.spatial_id,
        temporal_id: template.temporal_id,
        indications,
        references,
        active,
    };
    Ok((frame, brought))
}

/// `frame_fdiffs()`.
fn own(bits: &mut Bits<'_>) -> Result<References, ParseError> {
    let mut references = References::default();
    loop {
        let size = bits.read(2)? as usize;
        if size == 0 {
            return Ok(references);
        }
        // At most 12 bits.
        #[allow(clippy::cast_possible_truncation)]
        references.push(bits.read(4 * size)? as u16 + 1)?;
    }
}

/// A bit for each target.
fn mask_of(targets: u8) -> u32 {
    u32::MAX >> (32 - u32::from(targets.clamp(1, 32)))
}
