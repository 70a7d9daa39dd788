//! Which layers of what it shows a slot forwards.

use crate::engine::Engine;
use crate::send::slot::SlotKey;
use crate::time::Instant;

/// The highest layers that are forwarded; none: all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) spatial: Option<u8>,
    pub(crate) temporal: Option<u8>,
}

impl Engine {
    pub(crate) fn limit(&mut self, _now: Instant, key: SlotKey, limit: Limit) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.limit = limit;
        }
    }
}
