//! The receiving side of a published track.

use trio_sfu_wire::rtp::{Mid, Rid};

use crate::arena::Key;
use crate::command::Kind;
use crate::ids::UpTrackId;
use crate::receive::encoding::EncodingKey;
use crate::receive::layers::Layer;
use crate::receive::publisher::Publisher;

pub(crate) type UpTrackKey = Key<UpTrack>;

/// Its encodings exist from the beginning, so that slots can wait for them.
pub(crate) struct UpTrack {
    pub(crate) id: UpTrackId,
    pub(crate) publisher: Publisher,
    pub(crate) kind: Kind,
    pub(crate) mid: Mid,
    pub(crate) encodings: Vec<(Rid, EncodingKey)>,
    /// When its layers were measured last, and what of them was told last.
    pub(crate) measured: u64,
    pub(crate) layers: Vec<Layer>,
}

impl UpTrack {
    pub(crate) fn encoding(&self, rid: Rid) -> Option<EncodingKey> {
        self.encodings.iter().find(|(name, _)| *name == rid).map(|(_, key)| *key)
    }
}
