//! Packets of a video encoding that did not arrive, to be asked for again (RFC 4585 6.2.1).

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// Sequence numbers that are asked for at once. When more are missing, all are given up:
/// a keyframe is cheaper then.
const MAX_MISSING: usize = 512;
/// How long reordering may take before it counts as loss; also how NACKs are batched.
const PATIENCE: Duration = Duration::from_millis(10);
/// Requests for one packet.
const MAX_TRIES: u8 = 10;
/// A frame that waits longer than this for a packet is better replaced by a keyframe.
const MAX_AGE: Duration = Duration::from_secs(1);

struct Item {
    sequence: u64,
    since: Instant,
    asked: Instant,
    tries: u8,
}

/// Packets that will not be asked for any more.
#[derive(Debug, Default)]
pub(crate) struct GivenUp {
    pub(crate) count: u64,
    pub(crate) newest: Option<u64>,
}

/// In order of sequence numbers.
#[derive(Default)]
pub(crate) struct Missing {
    items: VecDeque<Item>,
}

impl Missing {
    /// The packets between two arrived ones are missing; false when they are too many.
    pub(crate) fn gap(&mut self, now: Instant, after: u64, before: u64) -> bool {
        let count = usize::try_from(before.saturating_sub(after + 1)).unwrap_or(usize::MAX);
        if self.items.len().saturating_add(count) > MAX_MISSING {
            self.items.clear();
            return false;
        }
        let item = |sequence| Item { sequence, since: now, asked: now, tries: 0 };
        self.items.extend((after + 1..before).map(item));
        true
    }

    /// A packet arrived after all.
    pub(crate) fn arrived(&mut self, sequence: u64) {
        if let Ok(index) = self.items.binary_search_by_key(&sequence, |item| item.sequence) {
            self.items.remove(index);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
    }

    fn due(item: &Item, round_trip: Duration) -> Instant {
        item.asked + if item.tries == 0 { PATIENCE } else { round_trip.max(2 * PATIENCE) }
    }

    /// When [`Missing::take`] next has something to ask for.
    pub(crate) fn next(&self, round_trip: Duration) -> Option<Instant> {
        self.items.iter().map(|item| Self::due(item, round_trip)).min()
    }

    /// Appends the sequence numbers to ask for now.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        round_trip: Duration,
        into: &mut Vec<u16>,
    ) -> GivenUp {
        let mut given_up = GivenUp::default();
        self.items.retain(|item| {
            let hope = item.tries < MAX_TRIES && now.since(item.since) < MAX_AGE;
            if !hope {
                given_up.count += 1;
                given_up.newest = Some(item.sequence);
            }
            hope
        });
        for item in &mut self.items {
            if Self::due(item, round_trip) <= now {
                item.tries += 1;
                item.asked = now;
                #[allow(clippy::cast_possible_truncation)]
                into.push(item.sequence as u16);
            }
        }
        given_up
    }
}
