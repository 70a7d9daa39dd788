//! Two engines that relay tracks to each other, at once.

use trio_sfu_core::command::Command;
use trio_sfu_core::ids::{EngineId, SlotId, UpTrackId};
use trio_sfu_core::relay::RelayBatch;
use trio_sfu_core::time::Instant;

use super::world::World;
use super::{ms, rid};

pub const HERE: EngineId = EngineId(7);
pub const THERE: EngineId = EngineId(8);

/// Tracks are published `here`.
pub struct Pair {
    pub here: World,
    pub there: World,
    /// Batches that were brought over.
    pub carried: usize,
}

impl Pair {
    pub fn new() -> Self {
        Self { here: World::new(), there: World::new(), carried: 0 }
    }

    /// A slot of `there` shows a track of `here`.
    pub fn map(&mut self, slot: SlotId, up_track: UpTrackId, name: &str) {
        let config = self.here.engine.describe_relay(up_track, HERE).unwrap();
        self.there.command(Command::AddRelay { id: up_track, config });
        let rid = if name.is_empty() { trio_sfu_wire::rtp::Rid::EMPTY } else { rid(name) };
        self.there.command(Command::MapSlot { slot, source: Some((up_track, rid)) });
        self.settle();
    }

    /// Brings over what waits; true if something did.
    pub fn carry(&mut self) -> bool {
        let out = take(&mut self.here);
        let back = take(&mut self.there);
        for batch in &out {
            self.there.engine.handle_relayed(self.there.now, HERE, batch);
        }
        for batch in &back {
            self.here.engine.handle_relayed(self.here.now, THERE, batch);
        }
        self.carried += out.len() + back.len();
        !out.is_empty() || !back.is_empty()
    }

    pub fn settle(&mut self) {
        loop {
            self.here.settle();
            self.there.settle();
            let carried = self.carry();
            let due =
                |world: &World| world.engine.next_deadline().is_some_and(|at| at <= world.now);
            if !carried && !due(&self.here) && !due(&self.there) {
                return;
            }
        }
    }

    pub fn set_now(&mut self, now: Instant) {
        (self.here.now, self.there.now) = (now, now);
    }

    /// Lets time pass, waking each engine exactly when it asks for it.
    pub fn run(&mut self, millis: u64) {
        let end = self.here.now + ms(millis);
        self.settle();
        loop {
            let next = [self.here.engine.next_deadline(), self.there.engine.next_deadline()];
            let Some(next) = next.into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            assert!(next > self.here.now, "a deadline that does not pass");
            self.set_now(next);
            self.settle();
        }
        self.set_now(end);
        self.settle();
    }
}

fn take(world: &mut World) -> Vec<RelayBatch> {
    world.engine.relay_outboxes().map(|(_, batch)| std::mem::take(batch)).collect()
}
