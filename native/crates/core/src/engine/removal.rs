//! Forgetting: unknown ids are ignored, so that closing twice is no error.

use crate::command::Kind;
use crate::engine::Engine;
use crate::ids::{SlotId, TransportId, UpTrackId};
use crate::receive::publisher::Publisher;
use crate::transport::Transport;

impl Engine {
    /// Slots that show the track, or wait for it, go dark.
    pub(crate) fn remove_up_track(&mut self, id: UpTrackId) {
        let Some(key) = self.up_track_ids.remove(&id) else { return };
        let Some(track) = self.up_tracks.remove(key) else { return };
        for (_, key) in track.encodings {
            let Some(encoding) = self.encodings.remove(key) else { continue };
            self.end_relays(id, &encoding.relays);
            for slot in encoding.showing {
                if let Some(slot) = self.slots.get_mut(slot) {
                    slot.showing = None;
                }
            }
            for key in encoding.waiting {
                if let Some(slot) = self.slots.get_mut(key) {
                    slot.target = None;
                }
                self.hide(key);
            }
            if let Some(transport) = self.publishing(track.publisher) {
                for ssrc in [encoding.ssrc, encoding.rtx_ssrc].into_iter().flatten() {
                    transport.sources.remove(ssrc);
                }
            }
        }
        self.relay.tracks.retain(|other| *other != key);
        if let Some(transport) = self.publishing(track.publisher) {
            transport.up_tracks.retain(|other| *other != key);
        }
    }

    fn publishing(&mut self, publisher: Publisher) -> Option<&mut Transport> {
        self.transports.get_mut(publisher.here()?)
    }

    pub(crate) fn remove_slot(&mut self, id: SlotId) {
        let Some(key) = self.slot_ids.remove(&id) else { return };
        self.unwait(key);
        self.hide(key);
        let Some(slot) = self.slots.remove(key) else { return };
        let Some(transport) = self.transports.get_mut(slot.transport) else { return };
        transport.slots.retain(|other| *other != key);
        transport.slot_ssrcs.remove(&slot.ssrc);
        transport.retire(slot.ssrc, slot.continuity.next);
        if let Some(rtx) = slot.rtx_ssrc {
            transport.slot_ssrcs.remove(&rtx);
            transport.retire(rtx, slot.rtx_next);
        }
    }

    pub(crate) fn remove_transport(&mut self, id: TransportId) {
        let Some(&key) = self.transport_ids.get(&id) else { return };
        let Some(transport) = self.transports.get(key) else { return };
        let tracks: Vec<UpTrackId> = transport
            .up_tracks
            .iter()
            .filter_map(|key| Some(self.up_tracks.get(*key)?.id))
            .collect();
        let slots: Vec<SlotId> =
            transport.slots.iter().filter_map(|key| Some(self.slots.get(*key)?.id)).collect();
        tracks.into_iter().for_each(|track| self.remove_up_track(track));
        slots.into_iter().for_each(|slot| self.remove_slot(slot));
        self.transport_ids.remove(&id);
        let Some(transport) = self.transports.remove(key) else { return };
        if let Some(inbound) = &transport.inbound {
            self.forget_senders(key, inbound);
        }
        for credential in transport.credentials.all() {
            self.by_ufrag.remove(&credential.ufrag);
        }
        for address in transport.path.addresses() {
            self.by_address.remove(&address);
            if address.is_stream() {
                self.orphans.push(address);
            }
        }
    }

    /// Whether an encoding of this kind can be reported stopped: audio pauses by itself
    /// (discontinuous transmission).
    pub(crate) fn stops(kind: Kind) -> bool {
        kind == Kind::Video
    }
}
