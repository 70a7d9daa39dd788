//! What a slot shows, and what it waits for.

use crate::command::Kind;
use crate::engine::Engine;
use crate::receive::encoding::EncodingKey;
use crate::receive::publisher::Publisher;
use crate::send::slot::SlotKey;
use crate::time::Instant;
use crate::transport::TransportKey;

impl Engine {
    /// The slot shows `source` from its next keyframe on; `None`: nothing, at once.
    pub(crate) fn map(&mut self, now: Instant, key: SlotKey, source: Option<EncodingKey>) {
        self.unwait(key);
        let Some(source) = source else {
            self.hide(key);
            return;
        };
        if self.slots.get(key).is_some_and(|slot| slot.showing == Some(source)) {
            return;
        }
        if !self.begin_at_recent_picture(now, key, source) {
            self.wait(now, key, source);
        }
    }

    /// Has the slot wait for a keyframe of `source`, and asks for it.
    pub(crate) fn wait(&mut self, now: Instant, key: SlotKey, source: EncodingKey) {
        let (Some(slot), Some(encoding)) =
            (self.slots.get_mut(key), self.encodings.get_mut(source))
        else {
            return;
        };
        slot.target = Some(source);
        encoding.waiting.push(key);
        if !self.relay.looked_at(source, encoding) {
            // What it waits for may be on its way already.
            return;
        }
        let ready = self.transports.get(slot.transport).is_some_and(|t| t.ready());
        if encoding.kind == Kind::Video && ready {
            self.ask_keyframe(now, source);
        }
    }

    /// Takes the slot off its target's waiting list.
    pub(crate) fn unwait(&mut self, key: SlotKey) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let Some(target) = slot.target.take() else { return };
        if let Some(encoding) = self.encodings.get_mut(target) {
            remove(&mut encoding.waiting, key);
            self.relay.looked_away(encoding);
        }
    }

    /// The slot goes dark.
    pub(crate) fn hide(&mut self, key: SlotKey) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        let Some(shown) = slot.showing.take() else { return };
        if let Some(encoding) = self.encodings.get_mut(shown) {
            remove(&mut encoding.showing, key);
            self.relay.looked_away(encoding);
        }
    }

    /// The slot's stream was interrupted: it begins again at the next keyframe of what it
    /// shows, unless it waits for something else anyway.
    pub(crate) fn interrupt(&mut self, now: Instant, key: SlotKey) {
        let Some(slot) = self.slots.get(key) else { return };
        let (Some(shown), target) = (slot.showing, slot.target) else { return };
        self.hide(key);
        if target.is_none() {
            self.wait(now, key, shown);
        }
    }

    /// The encoding begins anew: so do the streams of those who watch it.
    pub(crate) fn interrupt_all(&mut self, now: Instant, source: EncodingKey) {
        let Some(encoding) = self.encodings.get(source) else { return };
        for key in encoding.showing.clone() {
            self.interrupt(now, key);
        }
    }

    /// Somebody wants a keyframe of the encoding.
    pub(crate) fn ask_keyframe(&mut self, now: Instant, source: EncodingKey) {
        let Some(encoding) = self.encodings.get_mut(source) else { return };
        if encoding.kind != Kind::Video {
            return;
        }
        if !encoding.keyframes.ask(now) {
            self.counters.plis_throttled += 1;
        }
        match encoding.publisher {
            Publisher::Here(publisher) => self.wake(publisher, now),
            Publisher::There { .. } => self.relay.call(now),
        }
    }

    /// Media can be sent to the peer from now on: what its slots wait for is asked for.
    pub(crate) fn became_ready(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get(key) else { return };
        if !transport.ready() {
            return;
        }
        let slots = transport.slots.clone();
        self.begin_estimating(now, key);
        for slot in slots {
            if let Some(target) = self.slots.get(slot).and_then(|slot| slot.target) {
                self.ask_keyframe(now, target);
            }
        }
    }
}

/// Removes a slot from an unordered list.
pub(crate) fn remove(list: &mut Vec<SlotKey>, key: SlotKey) {
    if let Some(index) = list.iter().position(|other| *other == key) {
        list.swap_remove(index);
    }
}
