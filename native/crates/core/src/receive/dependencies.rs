//! What an encoding's dependency descriptors say, packet by packet.

use trio_sfu_wire::codec::dependency_descriptor::{self, Frame, Structure};
use trio_sfu_wire::codec::{Codec, Descriptor, size};

use crate::receive::layers::LayerRates;

/// A structure, and the number of the packet that brought it. Not that of the frame: it has 16
/// bits, and minutes may pass between two keyframes.
#[derive(Clone)]
struct Since(u64, Box<Structure>);

/// The structure in force, and the active decode targets.
#[derive(Clone, Default)]
pub(crate) struct Dependencies {
    current: Option<Since>,
    /// The one before, for packets that come late: its templates have other numbers.
    previous: Option<Since>,
    active: u32,
}

impl Dependencies {
    /// Reads a packet's descriptor and has it correct what the payload seemed to say: where
    /// the payload is encrypted end to end, its bits say nothing. `newest`: the packet is not
    /// late.
    pub(crate) fn read(
        &mut self,
        value: &[u8],
        sequence: u64,
        newest: bool,
        descriptor: &mut Descriptor,
    ) {
        let Some((frame, brought)) = self.parse(value, sequence) else { return };
        let mut in_force = newest;
        if let Some(structure) = brought {
            let brought = Since(sequence, Box::new(structure));
            // A keyframe that comes after the next one brings what is over already.
            in_force = self.current.as_ref().is_none_or(|Since(first, _)| sequence >= *first);
            if in_force {
                self.previous = self.current.replace(brought);
            } else {
                self.previous = Some(brought);
            }
        }
        if let Some(active) = frame.active.filter(|_| in_force) {
            self.active = active;
        }
        let mandatory = frame.mandatory;
        descriptor.keyframe = mandatory.start_of_frame && mandatory.has_structure;
        descriptor.start_of_frame = mandatory.start_of_frame;
        descriptor.end_of_frame = mandatory.end_of_frame;
        descriptor.spatial_id = Some(frame.spatial_id);
        descriptor.temporal_id = Some(frame.temporal_id);
        descriptor.upper_reference = self.structure().is_some_and(|structure| {
            (0..structure.targets()).any(|target| {
                frame.indications.present(target)
                    && structure.layers(target).is_some_and(|(above, _)| above > frame.spatial_id)
            })
        });
    }

    /// A packet's descriptor, by the structure it was written for.
    pub(crate) fn frame(&self, value: &[u8], sequence: u64) -> Option<Frame> {
        if value.is_empty() {
            return None;
        }
        self.parse(value, sequence).map(|(frame, _)| frame)
    }

    fn parse(&self, value: &[u8], sequence: u64) -> Option<(Frame, Option<Structure>)> {
        let known = [&self.current, &self.previous]
            .into_iter()
            .flatten()
            .find(|Since(first, _)| sequence >= *first)
            .map(|Since(_, structure)| structure.as_ref());
        dependency_descriptor::parse(value, known).ok()
    }

    pub(crate) fn structure(&self) -> Option<&Structure> {
        self.current.as_ref().map(|Since(_, structure)| structure.as_ref())
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
            if let Some(size) = self.structure().and_then(|s| s.size(layer)) {
                layers.tell_size(layer, size);
            }
        }
    }
}
