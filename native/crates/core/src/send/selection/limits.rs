//! Limits come and go; packets meet them.

use crate::command::Kind;
use crate::engine::Engine;
use crate::receive::cache::Packet;
use crate::send::slot::{Slot, SlotKey};
use crate::send::span::Span;

use super::seams::Shift;
use super::{Limit, Selection};

impl Engine {
    /// The slot gets no higher layers than these from now on.
    pub(crate) fn limit(&mut self, key: SlotKey, limit: Limit) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.limit = limit;
        if let Some(selection) = &mut slot.selection {
            selection.set_limit(limit);
        } else if slot.showing.is_some() {
            slot.begin_selection();
        }
    }
}

impl Slot {
    /// From here on not everything is forwarded of what the current span is of.
    fn begin_selection(&mut self) {
        if self.limit == Limit::default() || self.kind != Kind::Video {
            return;
        }
        let Some(span) = self.spans.current_mut() else { return };
        span.seamed = true;
        let forwarded = self.continuity.next - span.first_out;
        self.seams.begin(span.id, span.first_in);
        let highest = (span.first_in + forwarded).saturating_sub(1);
        self.selection = Some(Box::new(Selection::new(self.limit, span.id, highest)));
    }

    /// A span was begun.
    pub(crate) fn renew_selection(&mut self) {
        self.selection = None;
        self.begin_selection();
    }

    /// How the numbers of a packet are changed beyond what its span says; none: it is not
    /// forwarded.
    #[inline]
    pub(crate) fn shift(&self, span: &Span, packet: &Packet) -> Option<Shift> {
        if span.seamed { self.seams.shift(span.id, packet.sequence) } else { Some(Shift::NONE) }
    }
}
