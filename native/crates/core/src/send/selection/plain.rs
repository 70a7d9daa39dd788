//! Temporal layers of one spatial layer: VP8 (RFC 7741), and frames nothing depends on.

use trio_sfu_wire::codec::Descriptor;

use crate::receive::cache::Packet;

use super::{ANY, Rule, Selection, layers};

impl Selection {
    /// Down at once. Up one layer at a time, at a frame that needs the lowest layer only: a
    /// higher one may need frames of the layers between that were left out.
    pub(super) fn plain(&self, packet: &Packet) -> Rule {
        let (wanted, descriptor) = (self.limit.temporal(), &packet.descriptor);
        let shown = match self.rule {
            Rule::Layers { temporal, .. } => temporal,
            Rule::All if wanted == ANY => return Rule::All,
            Rule::All | Rule::Target(_) => ANY,
        };
        let (_, own) = layers(descriptor);
        let temporal = if descriptor.keyframe || wanted < shown {
            wanted
        } else if own <= wanted && shown.checked_add(1) == Some(own) && begins_layer(descriptor) {
            own
        } else {
            shown
        };
        Rule::Layers { spatial: ANY, temporal }
    }
}

fn begins_layer(descriptor: &Descriptor) -> bool {
    descriptor.layer_sync || descriptor.temporal_id.is_none()
}
