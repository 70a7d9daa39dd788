//! Limits come and go; packets meet them.

use std::time::Duration;

use crate::command::Kind;
use crate::engine::Engine;
use crate::receive::cache::Packet;
use crate::send::slot::{Slot, SlotKey};
use crate::send::span::Span;
use crate::time::Instant;

use super::seams::Shift;
use super::{Limit, Selection};

/// How long upper layers are left out when too much has waited.
const RELIEF: Duration = Duration::from_secs(1);

impl Engine {
    /// The slot gets no higher layers than these from now on.
    pub(crate) fn limit(&mut self, key: SlotKey, limit: Limit) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.limit = limit;
        slot.apply_limit();
    }
}

impl Slot {
    fn apply_limit(&mut self) {
        let limit = self.effective_limit();
        if let Some(selection) = &mut self.selection {
            selection.set_limit(limit);
        } else if self.showing.is_some() {
            self.begin_selection();
        }
    }

    /// What the control plane allows, and of that the lowest temporal layer while the slot is
    /// relieved.
    fn effective_limit(&self) -> Limit {
        let temporal = if self.relieved_until.is_some() { Some(0) } else { self.limit.temporal };
        Limit { temporal, ..self.limit }
    }

    /// Has only the lowest temporal layer forwarded as long as more video waits for the path
    /// than it can take soon (`late`), and a while longer.
    #[inline]
    pub(crate) fn relieve(&mut self, now: Instant, late: bool) {
        let relieved = self.relieved_until.is_some();
        if late {
            self.relieved_until = Some(now + RELIEF);
        } else if self.relieved_until.is_some_and(|until| until <= now) {
            self.relieved_until = None;
        }
        if self.relieved_until.is_some() != relieved {
            self.apply_limit();
        }
    }

    /// From here on not everything is forwarded of what the current span is of.
    fn begin_selection(&mut self) {
        let limit = self.effective_limit();
        if limit == Limit::default() || self.kind != Kind::Video {
            return;
        }
        let Some(span) = self.spans.current_mut() else { return };
        span.seamed = true;
        let forwarded = self.continuity.next - span.first_out;
        self.seams.begin(span.id, span.first_in);
        let highest = (span.first_in + forwarded).saturating_sub(1);
        self.selection = Some(Box::new(Selection::new(limit, span.id, highest)));
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
