//! What an encoding's dependency descriptors say, packet by packet.

use trio_sfu_wire::codec::dependency_descriptor::{self, Frame, Mandatory, Structure};
use trio_sfu_wire::codec::{Codec, Descriptor, size};

use crate::receive::layers::LayerRates;

/// The structure in force, and the active decode targets.
#[derive(Default)]
pub(crate) struct Dependencies {
    structure: Option<Box<Structure>>,
    /// The number of the frame that brought it.
    since: u16,
    /// The one before, for packets that come late: its templates have other numbers.
    previous: Option<Box<Structure>>,
    previous_since: u16,
    active: u32,
}

/// Whether a frame's number is that of `first`, or a later one.
fn is_from(first: u16, number: u16) -> bool {
    number.wrapping_sub(first) <= u16::MAX / 2
}

impl Dependencies {
    /// Reads a packet's descriptor and has it correct what the payload seemed to say: where
    /// the payload is encrypted end to end, its bits say nothing. `newest`: the packet is not
    /// late.
    pub(crate) fn read(&mut self, value: &[u8], newest: bool, descriptor: &mut Descriptor) {
        let Some((frame, brought)) = self.parse(value, newest) else { return };
        let mandatory = frame.mandatory;
        let mut in_force = newest;
        if let Some(structure) = brought.map(Box::new) {
            // A keyframe that comes after the next one brings what is over already.
            let number = mandatory.frame_number;
            in_force |= self.structure.is_none() || is_from(self.since, number);
            if in_force {
                self.previous_since = std::mem::replace(&mut self.since, number);
                self.previous = self.structure.replace(structure);
            } else {
                self.previous_since = number;
                self.previous = Some(structure);
            }
        }
        if let Some(active) = frame.active.filter(|_| in_force) {
            self.active = active;
        }
        descriptor.keyframe = mandatory.start_of_frame && mandatory.has_structure;
        descriptor.start_of_frame = mandatory.start_of_frame;
        descriptor.end_of_frame = mandatory.end_of_frame;
        descriptor.spatial_id = Some(frame.spatial_id);
        descriptor.temporal_id = Some(frame.temporal_id);
        descriptor.upper_reference = self.structure.as_deref().is_some_and(|structure| {
            (0..structure.targets()).any(|target| {
                frame.indications.present(target)
                    && structure.layers(target).is_some_and(|(above, _)| above > frame.spatial_id)
            })
        });
    }

    /// A packet's descriptor, by the structure in force, or by the one before if it is late.
    pub(crate) fn frame(&self, value: &[u8], newest: bool) -> Option<Frame> {
        if value.is_empty() {
            return None;
        }
        self.parse(value, newest).map(|(frame, _)| frame)
    }

    fn parse(&self, value: &[u8], newest: bool) -> Option<(Frame, Option<Structure>)> {
        let number = Mandatory::parse(value).ok()?.frame_number;
        let current = self.structure.as_deref().filter(|_| newest || is_from(self.since, number));
        let previous = self
            .previous
            .as_deref()
            .filter(|_| current.is_none() && is_from(self.previous_since, number));
        dependency_descriptor::parse(value, current.or(previous)).ok()
    }

    pub(crate) fn structure(&self) -> Option<&Structure> {
        self.structure.as_deref()
    }

    pub(crate) fn active(&self) -> u32 {
        self.active
    }

    /// Notes how large the layers are, as a keyframe's packet or the structure with it says.
    pub(crate) fn tell_sizes(
        &self,
        codec: Codec,
        payload: &[u8],
        descriptor: &Descriptor,
        layers: &mut LayerRates,
    ) {
        size::sizes(codec, payload, descriptor, |layer, size| layers.tell_size(layer, size));
        for layer in 0..4 {
            if let Some(size) = self.structure.as_ref().and_then(|s| s.size(layer)) {
                layers.tell_size(layer, size);
            }
        }
    }
}
