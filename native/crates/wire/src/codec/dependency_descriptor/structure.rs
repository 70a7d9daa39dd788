//! The template dependency structure (A.8.3): what the frames of a sequence can be.

use super::{Indications, References, mask_of};
use crate::ParseError;
use crate::codec::bits::Bits;

/// Templates have six bits of numbers.
const MAX_TEMPLATES: usize = 64;
/// Spatial layers whose size is remembered.
const MAX_SIZES: usize = 4;

/// What a frame that names this template is, unless it says otherwise itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Spatial layer.
    pub spatial_id: u8,
    /// Temporal layer.
    pub temporal_id: u8,
    /// What it is to each decode target.
    pub indications: Indications,
    /// What it depends on.
    pub references: References,
}

/// A structure: allocates, and comes with keyframes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    offset: u8,
    templates: Vec<Template>,
    /// The highest spatial and temporal layer of each decode target.
    targets: Vec<(u8, u8)>,
    sizes: [(u16, u16); MAX_SIZES],
}

impl Structure {
    /// `template_dependency_structure()`.
    pub(super) fn parse(bits: &mut Bits<'_>) -> Result<Self, ParseError> {
        #[allow(clippy::cast_possible_truncation)] // Six and five bits.
        let (offset, target_count) = (bits.read(6)? as u8, bits.read(5)? as u8 + 1);
        let mut templates = parse_layers(bits)?;
        for template in &mut templates {
            template.indications = Indications::parse(bits, target_count)?;
        }
        for template in &mut templates {
            while bits.flag()? {
                #[allow(clippy::cast_possible_truncation)] // Four bits.
                template.references.push(bits.read(4)? as u16 + 1)?;
            }
        }
        skip_chains(bits, target_count, templates.len())?;
        let targets = (0..target_count)
            .map(|target| {
                let parts = templates.iter().filter(|t| t.indications.present(target));
                parts.fold((0, 0), |(spatial, temporal), template| {
                    (template.spatial_id.max(spatial), template.temporal_id.max(temporal))
                })
            })
            .collect();
        let mut sizes = [(0, 0); MAX_SIZES];
        if bits.flag()? {
            let layers = templates.iter().map(|t| usize::from(t.spatial_id)).max().unwrap_or(0);
            for layer in 0..=layers {
                let mut pixels = || -> Result<u16, ParseError> {
                    Ok(u16::try_from(bits.read(16)? + 1).unwrap_or(u16::MAX))
                };
                let size = (pixels()?, pixels()?);
                if let Some(place) = sizes.get_mut(layer) {
                    *place = size;
                }
            }
        }
        Ok(Self { offset, templates, targets, sizes })
    }

    /// The template a frame names.
    #[must_use]
    pub fn template(&self, id: u8) -> Option<&Template> {
        self.templates.get(usize::from((id + 64 - self.offset) % 64))
    }

    /// How many decode targets there are, 1..=32.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // At most 32.
    pub fn targets(&self) -> u8 {
        self.targets.len() as u8
    }

    /// A bit for each decode target.
    #[must_use]
    pub fn all_targets(&self) -> u32 {
        mask_of(self.targets())
    }

    /// Width and height of a spatial layer in pixels, if it says so.
    #[must_use]
    pub fn size(&self, spatial_id: u8) -> Option<(u16, u16)> {
        self.sizes.get(usize::from(spatial_id)).copied().filter(|size| *size != (0, 0))
    }

    /// The highest layers of a decode target.
    #[must_use]
    pub fn layers(&self, target: u8) -> Option<(u8, u8)> {
        self.targets.get(usize::from(target)).copied()
    }

    /// Whether a decode target has a higher spatial layer than the other.
    #[must_use]
    pub fn above(&self, target: u8, other: u8) -> bool {
        let spatial = |target| self.layers(target).map(|(spatial, _)| spatial);
        spatial(target) > spatial(other)
    }

    /// The best of the active decode targets within these layers; the lowest of all when
    /// there is none.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // At most 32.
    pub fn target(&self, spatial: u8, temporal: u8, active: u32) -> u8 {
        let all = || self.targets.iter().enumerate().map(|(index, layers)| (index as u8, *layers));
        let fits = |&(target, (s, t)): &(u8, (u8, u8))| {
            active >> target & 1 == 1 && s <= spatial && t <= temporal
        };
        let best = all().filter(fits).max_by_key(|(_, layers)| *layers);
        best.or_else(|| all().min_by_key(|(_, layers)| *layers)).map_or(0, |(target, _)| target)
    }

    /// Whether all frames of `part` are frames of `whole`, too.
    #[must_use]
    pub fn contains(&self, whole: u8, part: u8) -> bool {
        let mut templates = self.templates.iter();
        templates.all(|t| !t.indications.present(part) || t.indications.present(whole))
    }

    /// The decode targets that are left of `active` when only frames of `target` are.
    #[must_use]
    pub fn left(&self, target: u8, active: u32) -> u32 {
        (0..self.targets())
            .filter(|&part| self.contains(target, part))
            .fold(0, |mask, part| mask | 1 << part)
            & active
    }
}

/// `template_layers()`.
fn parse_layers(bits: &mut Bits<'_>) -> Result<Vec<Template>, ParseError> {
    let mut templates = Vec::new();
    let (mut spatial_id, mut temporal_id) = (0, 0);
    loop {
        if templates.len() == MAX_TEMPLATES {
            return Err(ParseError::BadDescriptor);
        }
        templates.push(Template {
            spatial_id,
            temporal_id,
            indications: Indications::default(),
            references: References::default(),
        });
        match bits.read(2)? {
            0 => {}
            1 => temporal_id += 1,
            2 => (spatial_id, temporal_id) = (spatial_id + 1, 0),
            _ => return Ok(templates),
        }
    }
}

/// `template_chains()`: what a forwarder that looks at each frame's references does without.
fn skip_chains(bits: &mut Bits<'_>, targets: u8, templates: usize) -> Result<(), ParseError> {
    let chains = bits.non_symmetric(u32::from(targets) + 1)?;
    if chains == 0 {
        return Ok(());
    }
    for _ in 0..targets {
        bits.non_symmetric(chains)?;
    }
    for _ in 0..templates * chains as usize {
        bits.read(4)?;
    }
    Ok(())
}
