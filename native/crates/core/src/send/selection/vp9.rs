//! VP9's layers by its payload descriptor (RFC 9628).

use trio_sfu_wire::codec::vp9::PayloadDescriptor;

use crate::receive::cache::Packet;

use super::patience::Lack;
use super::{ANY, Rule, SPATIAL, Selection};

impl Selection {
    /// Spatial layers go up at keyframes; down at once, unless the lower one was thinned out
    /// meanwhile. Temporal ones go down at once and up behind a switching point (U), where
    /// references are not given one by one.
    pub(super) fn vp9(
        &self,
        packet: &Packet,
        vp9: &PayloadDescriptor,
        top: u8,
        lack: &mut Lack,
    ) -> Rule {
        let (most, fastest) = (self.limit.spatial(), self.limit.temporal());
        if self.rule == Rule::All && (most, fastest) == (ANY, ANY) {
            return Rule::All;
        }
        if vp9.spatial_id != Some(0) {
            // Of the layers below, which may come late, more may be needed than now.
            return self.rule;
        }
        if packet.descriptor.keyframe {
            let there = vp9.highest_spatial_id.unwrap_or(top);
            let spatial = if most == ANY { ANY } else { most.min(there) };
            return Rule::Layers { spatial, temporal: fastest };
        }
        let (mut spatial, mut temporal) = match self.rule {
            Rule::Layers { spatial, temporal } => (spatial, temporal),
            Rule::All | Rule::Target(_) => (ANY, ANY),
        };
        if most < spatial && !self.thinned {
            spatial = most.min(top);
        } else if spatial != ANY && top < spatial && self.thinned {
            // The publisher has stopped this layer, and of the lower ones parts are missing.
            lack.at_least(Lack::Spatial);
        }
        let switching = self.latest.is_some_and(|latest| latest.switching_up && latest.shown);
        if fastest < temporal || switching || vp9.flexible {
            temporal = fastest;
        }
        Rule::Layers { spatial, temporal }
    }

    /// In flexible mode: whether a picture it refers to was left out in its spatial layer, or
    /// the frame below.
    pub(super) fn lacks_picture(&self, vp9: &PayloadDescriptor) -> bool {
        let (Some(id), layer) = (vp9.picture_id, usize::from(vp9.spatial_id.unwrap_or(0))) else {
            return false;
        };
        let lacks = |layer: usize, back: u8| {
            let mask = id.mask();
            let number = id.value.wrapping_sub(u16::from(back)) & mask;
            self.dropped[layer.min(SPATIAL - 1)].has_of(number, mask)
        };
        let mut references = vp9.references.into_iter().filter(|&back| back != 0);
        references.any(|back| lacks(layer, back))
            || vp9.inter_layer && layer > 0 && lacks(layer - 1, 0)
    }
}
