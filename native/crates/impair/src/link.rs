//! One direction of the path: a drop-tail queue before a wire. Pure: the time is an argument.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::profile::Profile;
use crate::random::Random;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Delivered,
    /// The second time that it comes.
    Duplicate,
    /// The queue was full.
    Tail,
    /// Lost on the wire.
    Lost,
}

/// A packet and its times, ns.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Passage {
    /// When it comes out at the other end; of a lost packet: when it was lost.
    pub(crate) out: u64,
    /// Its number, so that equal times keep the order.
    number: u64,
    pub(crate) fate: Fate,
    pub(crate) entered: u64,
    /// When its last bit was on the wire.
    pub(crate) left: u64,
    /// Bytes that waited before it.
    pub(crate) queued: usize,
    pub(crate) packet: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Link {
    profile: Profile,
    random: Random,
    /// In the order of entry; `left` of the first one is known.
    waiting: VecDeque<Passage>,
    bytes: usize,
    wire: BinaryHeap<Reverse<Passage>>,
    /// When the last one that kept its order comes out.
    last_out: u64,
    entered: u64,
}

impl Link {
    pub(crate) fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            random: Random::new(seed),
            waiting: VecDeque::new(),
            bytes: 0,
            wire: BinaryHeap::new(),
            last_out: 0,
            entered: 0,
        }
    }

    /// The time of the rates' schedule begins.
    pub(crate) fn begin(&mut self, now: u64) {
        self.profile.schedule.begin(now);
    }

    /// A packet arrives. Times must not decrease.
    pub(crate) fn enter(&mut self, now: u64, packet: Vec<u8>) {
        self.advance(now);
        self.entered += 1;
        let passage = Passage {
            out: now,
            number: self.entered,
            fate: Fate::Tail,
            entered: now,
            left: now,
            queued: self.bytes,
            packet,
        };
        let length = passage.packet.len();
        if length > self.profile.queue.saturating_sub(self.bytes) {
            self.wire.push(Reverse(passage));
            return;
        }
        self.bytes += length;
        self.waiting.push_back(passage);
        if self.waiting.len() == 1 {
            self.serve(now);
        }
    }

    /// The next packet that is out, or is known to be lost, at `now`.
    pub(crate) fn next(&mut self, now: u64) -> Option<Passage> {
        self.advance(now);
        if self.wire.peek()?.0.out > now {
            return None;
        }
        self.wire.pop().map(|Reverse(passage)| passage)
    }

    /// When to call `next` again.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let served = self.waiting.front().map(|first| first.left);
        let out = self.wire.peek().map(|first| first.0.out);
        served.into_iter().chain(out).min()
    }

    fn serve(&mut self, start: u64) {
        if let Some(first) = self.waiting.front_mut() {
            first.left = self.profile.schedule.finish(start, first.packet.len());
        }
    }

    fn advance(&mut self, now: u64) {
        while self.waiting.front().is_some_and(|first| first.left <= now) {
            let Some(passage) = self.waiting.pop_front() else { return };
            self.bytes -= passage.packet.len();
            self.serve(passage.left);
            self.send(passage);
        }
    }

    fn send(&mut self, mut passage: Passage) {
        passage.out = passage.left;
        if self.profile.loss.takes(&mut self.random) {
            passage.fate = Fate::Lost;
            self.wire.push(Reverse(passage));
            return;
        }
        passage.fate = Fate::Delivered;
        passage.out += self.profile.delay;
        if self.profile.jitter > 0 {
            passage.out += (self.random.unit() * self.profile.jitter as f64) as u64;
        }
        let (share, held) = self.profile.reorder;
        passage.out = passage.out.max(self.last_out);
        if self.random.chance(share) {
            passage.out += held;
        } else {
            self.last_out = passage.out;
        }
        if self.random.chance(self.profile.duplicate) {
            let packet = passage.packet.clone();
            self.wire.push(Reverse(Passage { fate: Fate::Duplicate, packet, ..passage }));
        }
        self.wire.push(Reverse(passage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::SECOND;

    const MS: u64 = SECOND / 1000;

    fn link(profile: &str) -> Link {
        Link::new(Profile::parse(profile).unwrap(), 1)
    }

    /// Offers `count` packets of `bytes`, one each `gap`, and returns all passages in order.
    fn run(mut link: Link, count: u64, bytes: usize, gap: u64) -> Vec<Passage> {
        link.begin(0);
        let mut passages = Vec::new();
        for number in 0..count {
            let now = number * gap;
            while let Some(due) = link.deadline().filter(|&due| due <= now) {
                passages.extend(link.next(due));
            }
            let mut packet = vec![0; bytes];
            packet[..8].copy_from_slice(&number.to_be_bytes());
            link.enter(now, packet);
        }
        while let Some(due) = link.deadline() {
            passages.extend(link.next(due));
        }
        passages
    }

    fn of(passages: &[Passage], fate: Fate) -> Vec<&Passage> {
        passages.iter().filter(|passage| passage.fate == fate).collect()
    }

    fn order(passages: &[&Passage]) -> Vec<u64> {
        passages.iter().map(|p| u64::from_be_bytes(p.packet[..8].try_into().unwrap())).collect()
    }

    #[test]
    fn a_lone_packet_takes_its_bits_and_the_delay() {
        let passages = run(link("rate=1m delay=40ms"), 1, 1250, 0);
        assert_eq!(passages[0].left, 10 * MS);
        assert_eq!(passages[0].out, 50 * MS);
    }

    #[test]
    fn a_full_queue_drops_what_comes_and_the_rest_leaves_at_the_rate() {
        // 2 Mbit/s into 1 Mbit/s, with room for eight packets.
        let passages = run(link("rate=1m delay=40ms queue=10000"), 200, 1250, 5 * MS);
        let delivered = of(&passages, Fate::Delivered);
        assert!(delivered.windows(2).all(|pair| pair[1].out - pair[0].out == 10 * MS));
        let dropped = of(&passages, Fate::Tail);
        assert_eq!(delivered.len() + dropped.len(), 200);
        assert!(dropped.iter().all(|passage| passage.queued > 10_000 - 1250));
        assert!(delivered.iter().all(|p| p.left - p.entered <= 80 * MS));
        assert!(delivered.iter().any(|p| p.left - p.entered > 75 * MS));
    }

    #[test]
    fn a_lower_rate_holds_from_its_second_on() {
        let passages = run(link("rate=1m@0,500k@1"), 200, 1250, 10 * MS);
        let delivered = of(&passages, Fate::Delivered);
        assert!(delivered[..100].iter().all(|p| p.left - p.entered <= 10 * MS));
        assert_eq!(delivered[199].left, SECOND + 100 * 20 * MS);
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jittered = run(link("delay=40ms jitter=30ms"), 500, 100, MS);
        let delivered = of(&jittered, Fate::Delivered);
        assert!(order(&delivered).is_sorted());
        assert!(delivered.iter().all(|p| (40 * MS..=70 * MS).contains(&(p.out - p.entered))));
        let mixed = run(link("delay=40ms reorder=5%:10ms"), 500, 100, MS);
        let late = of(&mixed, Fate::Delivered);
        assert!(!order(&late).is_sorted());
        let held = late.iter().filter(|p| p.out - p.entered == 50 * MS).count();
        assert!((10..45).contains(&held), "{held}");
    }

    #[test]
    fn what_is_lost_has_taken_its_part_of_the_link() {
        let passages = run(link("rate=1m loss=50%"), 100, 1250, 10 * MS);
        let lost = of(&passages, Fate::Lost);
        assert!((30..70).contains(&lost.len()));
        assert!(passages.windows(2).all(|pair| pair[1].left - pair[0].left == 10 * MS));
    }

    #[test]
    fn duplicates_come_twice() {
        let passages = run(link("delay=10ms duplicate=100%"), 5, 100, MS);
        assert_eq!(of(&passages, Fate::Duplicate).len(), 5);
        assert_eq!(of(&passages, Fate::Delivered).len(), 5);
    }

    #[test]
    fn a_seed_gives_the_same_path() {
        let profile = "rate=2m delay=20ms jitter=9ms loss=3% reorder=2%:9ms duplicate=1%";
        assert_eq!(run(link(profile), 300, 700, 2 * MS), run(link(profile), 300, 700, 2 * MS));
    }
}
