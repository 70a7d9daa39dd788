//! Probes: short bursts that find out whether the path carries more than is being sent.

use crate::{MILLIS, SECOND, Sent, bits_per_second, history::mark, seconds, transmission, whole};

/// Nanoseconds a probe lasts at least; longer where packets arrive in clumps.
const DURATION: u64 = 30 * MILLIS;
const LONGEST: u64 = 120 * MILLIS;
/// Nanoseconds within which packets have arrived at once.
const TOGETHER: u64 = MILLIS;
/// Packets of a probe at least, their bytes, and bytes of a probe at most.
const PACKETS: u32 = 6;
const PACKET: u64 = 1_100;
const LARGEST: u64 = 64_000;
/// How many times what is asked for should be there, so that an upgrade has room.
const ROOM: f64 = 2.0;
/// How far one probe goes beyond the estimate: at the start, and later.
const LEAP: f64 = 3.0;
const STRIDE: f64 = 2.5;
/// Nanoseconds between probes while the demand is not met, and while only room is sought.
const SPACING: (u64, u64) = (2 * SECOND, 15 * SECOND);
const BACKGROUND: (u64, u64) = (5 * SECOND, 60 * SECOND);
/// What failures that harmed nobody add to the spacing at most.
const HARMLESS: u64 = 3 * SECOND;
/// Nanoseconds after congestion before anything is probed.
const REST: u64 = 2 * SECOND;
/// Nanoseconds in which congestion puts the blame on the raise before it.
const BLAME: u64 = 5 * SECOND;
/// Probes nobody sent, after which nobody will.
const UNSENT: u32 = 3;

/// A burst to be sent: padding, retransmissions or media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What its packets are marked with in [`Sent::probe`].
    pub id: u32,
    /// How fast to send it, in bits/s.
    pub rate: u64,
    /// How much to send at least, in bytes on the wire.
    pub bytes: u64,
    /// How many packets at least.
    pub packets: u32,
}

/// What probes are decided on. Rates in bits/s.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) target: f64,
    pub(crate) demand: f64,
    pub(crate) maximum: f64,
    /// When congestion last lowered the target.
    pub(crate) decreased: Option<u64>,
    /// The share of packets the path loses anyway.
    pub(crate) inherent_loss: f64,
}

impl Wish {
    /// Bits/s that are worth knowing about.
    fn rate(&self) -> f64 {
        (self.demand * ROOM).min(self.maximum)
    }

    fn is_urgent(&self) -> bool {
        self.target < self.demand * 1.1
    }
}

/// A probe under way: what was sent of it and what arrived.
#[derive(Clone, Copy, Debug, Default)]
struct Cluster {
    id: u32,
    rate: f64,
    wanted: u64,
    handed: u64,
    sent: Burst,
    /// The number of its last packet.
    last: u64,
    arrived: Burst,
}

#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    packets: u32,
    bytes: u64,
    first: u64,
    last: u64,
    /// When what came together with the first packet had come, and its bytes: they do not
    /// count, as what they were held up by is not known.
    head: u64,
    head_bytes: u64,
    last_bytes: u64,
}

impl Burst {
    fn add(&mut self, time: u64, bytes: u64) {
        if self.packets == 0 {
            (self.first, self.head, self.last) = (time, time, time);
        }
        if time <= self.first.saturating_add(TOGETHER) {
            self.first = self.first.min(time);
            self.head = self.head.max(time);
            self.head_bytes += bytes;
        }
        if time >= self.last {
            (self.last, self.last_bytes) = (time, bytes);
        }
        self.packets += 1;
        self.bytes += bytes;
    }

    /// Bits/s at which it was sent; `None`: all at once.
    fn sent(&self) -> Option<f64> {
        let span = self.last - self.first;
        (span >= MILLIS).then(|| bits_per_second(self.bytes - self.last_bytes, span))
    }

    /// Bits/s at which it arrived; `None`: all at once.
    fn arrived(&self) -> Option<f64> {
        let span = self.last.saturating_sub(self.head);
        (span >= MILLIS).then(|| bits_per_second(self.bytes - self.head_bytes, span))
    }
}

#[derive(Debug)]
pub(crate) struct Prober {
    cluster: Option<Cluster>,
    id: u32,
    duration: u64,
    spacing: u64,
    background: u64,
    /// When the last probe was judged.
    judged: Option<u64>,
    /// The last one went through: the next may follow at once.
    carried: bool,
    raised: Option<u64>,
    unsent: u32,
    handed: u64,
    useful: u64,
}

impl Default for Prober {
    fn default() -> Self {
        Self {
            cluster: None,
            id: 0,
            duration: DURATION,
            spacing: SPACING.0,
            background: BACKGROUND.0,
            judged: None,
            carried: false,
            raised: None,
            unsent: 0,
            handed: 0,
            useful: 0,
        }
    }
}

impl Prober {
    /// When the next probe may be sent; `None`: none is wanted, or one is under way.
    pub(crate) fn due(&self, wish: &Wish) -> Option<u64> {
        let wanted = wish.demand > 0.0 && wish.target < wish.rate() * 0.9;
        if !wanted || self.cluster.is_some() || self.is_blind() {
            return None;
        }
        let rested = wish.decreased.map_or(0, |at| at.saturating_add(REST));
        let spacing = if wish.is_urgent() { self.spacing } else { self.background };
        let next = match self.judged {
            Some(at) if !self.carried => at.saturating_add(spacing),
            _ => 0,
        };
        Some(rested.max(next))
    }

    pub(crate) fn take(&mut self, now: u64, wish: &Wish) -> Option<Probe> {
        if self.due(wish)? > now {
            return None;
        }
        let leap = if wish.decreased.is_none() { LEAP } else { STRIDE };
        let rate = (wish.target * leap).min(wish.rate() * 1.05).max(wish.target * 1.2);
        let rate = rate.min(wish.maximum * 1.05);
        self.id = self.id.wrapping_add(1);
        let (packets, bytes) = size(rate, self.duration);
        self.cluster =
            Some(Cluster { id: self.id, rate, wanted: bytes, handed: now, ..Cluster::default() });
        self.handed += 1;
        self.carried = false;
        Some(Probe { id: self.id, rate: whole(rate), bytes, packets })
    }

    pub(crate) fn sent(&mut self, sent: &Sent) {
        if let Some(cluster) = &mut self.cluster
            && sent.probe == Some(cluster.id)
        {
            cluster.sent.add(sent.at, u64::from(sent.bytes));
            cluster.last = sent.id;
            self.unsent = 0;
        }
    }

    /// A packet with a probe's mark has arrived.
    pub(crate) fn arrived(&mut self, probe: u8, bytes: u64, at: u64) {
        if let Some(cluster) = &mut self.cluster
            && mark(cluster.id) == probe
        {
            cluster.arrived.add(at, bytes);
        }
    }

    /// Feedback up to a number has been read; answers what a probe has shown, in bits/s.
    pub(crate) fn read(&mut self, now: u64, highest: u64, wish: &Wish) -> Option<f64> {
        let cluster = self.cluster?;
        let over = cluster.sent.bytes >= cluster.wanted
            || now.saturating_sub(cluster.sent.last) > 50 * MILLIS;
        if cluster.sent.packets == 0 || highest < cluster.last || !over {
            return None;
        }
        self.cluster = None;
        let shown = self.judge(&cluster, wish.inherent_loss);
        let useful = shown.filter(|&rate| rate > wish.target * 1.05);
        self.carried = shown.is_some_and(|rate| rate > cluster.rate * 0.8) && useful.is_some();
        self.judged = Some(now);
        if useful.is_some() {
            self.useful += 1;
            self.raised = Some(now);
            self.background = BACKGROUND.0;
        } else {
            self.spacing = self.spacing.max((self.spacing * 5 / 4).min(HARMLESS));
            self.background = (self.background * 2).min(BACKGROUND.1);
        }
        useful
    }

    /// Congestion has been seen.
    pub(crate) fn congested(&mut self, now: u64) {
        if self.raised.take().is_some_and(|at| now.saturating_sub(at) < BLAME) {
            self.spacing = (self.spacing * 3 / 2).min(SPACING.1);
            self.background = (self.background * 2).min(BACKGROUND.1);
        }
        self.carried = false;
    }

    pub(crate) fn tick(&mut self, now: u64, round_trip: u64) {
        if self.raised.is_some_and(|at| now.saturating_sub(at) > 2 * BLAME) {
            self.raised = None;
            self.spacing = SPACING.0;
        }
        if self.deadline(round_trip).is_some_and(|at| now >= at) {
            if self.cluster.take().is_some_and(|cluster| cluster.sent.packets == 0) {
                self.unsent = self.unsent.saturating_add(1);
            }
            self.judged = Some(now);
        }
    }

    /// When a probe under way is given up.
    pub(crate) fn deadline(&self, round_trip: u64) -> Option<u64> {
        let patience = SECOND.saturating_add(2 * round_trip);
        self.cluster.map(|cluster| cluster.handed.saturating_add(patience))
    }

    /// Whether nobody sends what is to be sent.
    pub(crate) fn is_blind(&self) -> bool {
        self.unsent >= UNSENT
    }

    /// Probes handed out, and those that found something.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.handed, self.useful)
    }

    /// Bits/s that arrived of what was sent; `None`: too few packets to tell.
    fn judge(&mut self, cluster: &Cluster, inherent_loss: f64) -> Option<f64> {
        let (sent, arrived) = (&cluster.sent, &cluster.arrived);
        if arrived.packets < 4 || arrived.packets * 2 < sent.packets {
            return None;
        }
        // Sent in one go, it went as fast as it could: only its arrival tells.
        let given = sent.sent().unwrap_or(cluster.rate).min(cluster.rate * 1.5);
        let carried = arrived.arrived().map(|rate| rate / (1.0 - inherent_loss.clamp(0.0, 0.5)));
        match carried {
            Some(carried) if carried < given * 2.0 => {
                Some(if carried < given * 0.9 { carried * 0.95 } else { carried.min(given) })
            }
            _ => {
                // It was held up on the way and let go at once, as radios do.
                self.duration = (self.duration * 2).min(LONGEST);
                None
            }
        }
    }
}

/// The packets and bytes of a probe at a rate.
fn size(rate: f64, duration: u64) -> (u32, u64) {
    let lasting = whole(rate / 8.0 * seconds(duration));
    let enough = u64::from(PACKETS) * PACKET;
    // Slow paths: fewer bytes rather than a tenth of a second of queue.
    let least = if transmission(enough, rate) > LONGEST {
        whole(rate / 8.0 * seconds(LONGEST)).max(u64::from(PACKETS) * 200)
    } else {
        enough
    };
    (PACKETS, lasting.clamp(least, LARGEST.max(least)))
}
