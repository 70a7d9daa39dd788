//! What is to be sent: video in frames, at the rate it is allowed or has.

use super::{MILLIS, SECOND, random::Random};

const FRAME: u64 = 33 * MILLIS;
/// Nanoseconds that a patient source waits after it had to go down.
const HOLD: u64 = 5 * SECOND;
/// Bytes of a packet on the wire, at most.
pub(crate) const PACKET: u32 = 1_200;

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// As much as is allowed, up to so many bits/s.
    Elastic(f64),
    /// The highest of these rates that is allowed.
    Ladder(Vec<f64>),
    /// The same, but it waits before it goes up again, longer each time (rooms/allocation).
    Patient(Vec<f64>),
    /// Always so many bits/s.
    Fixed(f64),
}

pub(crate) struct Source {
    pub(crate) kind: Kind,
    pub(crate) random: Random,
    due: u64,
    layer: usize,
    chosen: u64,
    hold: u64,
    held_until: u64,
    /// When it last went up, if that has not failed yet.
    raised: Option<u64>,
    /// Changes of layer.
    pub(crate) switches: Vec<(u64, usize)>,
}

impl Source {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            random: Random(3),
            due: 0,
            layer: 0,
            chosen: 0,
            hold: HOLD,
            held_until: 0,
            raised: None,
            switches: Vec::new(),
        }
    }

    pub(crate) fn demand(&self) -> f64 {
        match &self.kind {
            Kind::Elastic(rate) | Kind::Fixed(rate) => *rate,
            Kind::Ladder(rates) | Kind::Patient(rates) => rates.iter().copied().fold(0.0, f64::max),
        }
    }

    /// The packets that are due, by their size.
    pub(crate) fn packets(&mut self, now: u64, target: f64) -> Vec<u32> {
        if now < self.due {
            return Vec::new();
        }
        self.due = now + FRAME;
        let mut key = 1.0;
        let rate = match &self.kind {
            Kind::Elastic(rate) => rate.min(target * 0.98),
            Kind::Fixed(rate) => *rate,
            Kind::Ladder(rates) | Kind::Patient(rates) => {
                let fits = |room: f64| rates.iter().rposition(|rate| *rate < room).unwrap_or(0);
                let (down, up) = (fits(target), fits(target * 0.93));
                let better = if down < self.layer { down } else { self.layer.max(up) };
                let waits = matches!(self.kind, Kind::Patient(_)) && now < self.held_until;
                let patient = (now - self.chosen > SECOND / 2 && !waits) || down < self.layer;
                if better != self.layer && patient {
                    if better < self.layer {
                        if self.raised.take().is_some_and(|at| now - at < 12 * SECOND) {
                            self.hold = (2 * self.hold).min(12 * HOLD);
                        } else if now >= self.held_until {
                            self.hold = HOLD;
                        }
                        self.held_until = now + self.hold;
                    } else {
                        self.raised = Some(now);
                    }
                    self.layer = better;
                    self.chosen = now;
                    self.switches.push((now, better));
                    key = 4.0;
                }
                rates[self.layer]
            }
        };
        let size = rate / 8.0 * FRAME as f64 / SECOND as f64;
        let mut left = (size * key * (0.8 + 0.4 * self.random.share())) as u32;
        let mut packets = Vec::new();
        while left > 0 {
            packets.push(left.clamp(80, PACKET));
            left = left.saturating_sub(PACKET);
        }
        packets
    }
}
