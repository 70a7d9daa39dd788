//! Who may see what: a model of the slots, held against what the engine shows and sends.

use std::collections::{HashMap, HashSet};

use trio_sfu_core::engine::Engine;
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_wire::rtp::{Rid, Ssrc};

use super::peer::PEERS;

/// Packets that may wait for one transport, and what of them is sent again.
const MAX_MEDIA: u64 = 2048 + 512;

type Shown = Option<(UpTrackId, Rid)>;

struct Slot {
    /// The peer that may be sent what it shows, and under which SSRCs.
    peer: usize,
    ssrcs: [Option<Ssrc>; 2],
    /// As the control plane mapped it last.
    wanted: Shown,
    /// As the engine said after the latest step.
    showing: Shown,
    /// Peers whose media it was ever allowed to show: they may be retransmitted.
    publishers: HashSet<usize>,
}

/// What the commands so far allow.
#[derive(Default)]
pub(super) struct Rights {
    slots: HashMap<SlotId, Slot>,
    /// Who publishes a track.
    owners: HashMap<UpTrackId, usize>,
    by_ssrc: HashMap<Ssrc, SlotId>,
}

impl Rights {
    pub(super) fn slot_added(
        &mut self,
        id: SlotId,
        peer: usize,
        ssrc: Ssrc,
        rtx_ssrc: Option<Ssrc>,
    ) {
        let ssrcs = [Some(ssrc), rtx_ssrc];
        self.by_ssrc.extend(ssrcs.iter().flatten().map(|ssrc| (*ssrc, id)));
        let (wanted, showing, publishers) = (None, None, HashSet::new());
        self.slots.insert(id, Slot { peer, ssrcs, wanted, showing, publishers });
    }

    pub(super) fn slot_removed(&mut self, id: SlotId) {
        if let Some(slot) = self.slots.remove(&id) {
            slot.ssrcs.iter().flatten().for_each(|ssrc| {
                self.by_ssrc.remove(ssrc);
            });
        }
    }

    pub(super) fn mapped(&mut self, id: SlotId, wanted: Shown) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.wanted = wanted;
        if let Some(&owner) = wanted.and_then(|(track, _)| self.owners.get(&track)) {
            slot.publishers.insert(owner);
        }
    }

    pub(super) fn track_added(&mut self, id: UpTrackId, peer: usize) {
        self.owners.insert(id, peer);
    }

    pub(super) fn track_removed(&mut self, id: UpTrackId) {
        self.owners.remove(&id);
        for slot in self.slots.values_mut() {
            for shown in [&mut slot.wanted, &mut slot.showing] {
                shown.take_if(|(track, _)| *track == id);
            }
        }
    }

    pub(super) fn peer_removed(&mut self, peer: usize) {
        let tracks: Vec<UpTrackId> =
            self.owners.iter().filter(|(_, owner)| **owner == peer).map(|(id, _)| *id).collect();
        tracks.into_iter().for_each(|id| self.track_removed(id));
        let slots: Vec<SlotId> =
            self.slots.iter().filter(|(_, slot)| slot.peer == peer).map(|(id, _)| *id).collect();
        slots.into_iter().for_each(|id| self.slot_removed(id));
    }

    /// Tracks and slots that exist, as far as the commands say.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.owners.len() as u64, self.slots.len() as u64)
    }

    /// What has left the queue of each peer, sent or dropped.
    pub(super) fn dequeued(&self, engine: &Engine) -> [u64; PEERS] {
        let mut counts = [0; PEERS];
        for (id, slot) in &self.slots {
            let stats = engine.slot_stats(*id).expect("the slot exists").counters;
            let done = ["packets", "retransmitted", "dropped"];
            let sum = stats.iter().filter(|(name, _)| done.contains(name)).map(|(_, n)| n);
            counts[slot.peer] += sum.sum::<u64>();
        }
        counts
    }

    /// No queue held more than it may when it was emptied since `before`.
    pub(super) fn check_queues(&self, engine: &Engine, before: [u64; PEERS]) {
        for (before, after) in before.iter().zip(self.dequeued(engine)) {
            assert!(after - before <= MAX_MEDIA, "a queue is not bounded");
        }
    }

    /// Media of `publisher` was sent under `ssrc`, for the first time or again.
    pub(super) fn sent(&self, engine: &Engine, ssrc: Ssrc, publisher: usize, again: bool) {
        let id = self.by_ssrc.get(&ssrc).unwrap_or_else(|| panic!("{ssrc:?} is of no slot"));
        let slot = &self.slots[id];
        let now = engine.slot_stats(*id).expect("the slot exists").showing;
        let shows = [slot.showing, now]
            .into_iter()
            .flatten()
            .any(|(track, _)| self.owners.get(&track) == Some(&publisher));
        let was_shown = again && slot.publishers.contains(&publisher);
        assert!(
            shows || was_shown,
            "peer {} gets media of {publisher}, its slot shows {:?} {now:?}",
            slot.peer,
            slot.showing
        );
    }

    /// After a step: a slot shows what it showed, or what was asked for, or nothing.
    pub(super) fn check(&mut self, engine: &Engine) {
        for (id, slot) in &mut self.slots {
            let stats = engine.slot_stats(*id).expect("the slot exists");
            let allowed = [None, slot.showing, slot.wanted];
            assert!(allowed.contains(&stats.showing), "{id:?} shows what nobody asked for");
            assert!(allowed.contains(&stats.waiting), "{id:?} waits for what nobody asked for");
            assert!(slot.wanted.is_some() || stats.showing.is_none(), "{id:?} is not dark");
            slot.showing = stats.showing;
        }
    }
}
