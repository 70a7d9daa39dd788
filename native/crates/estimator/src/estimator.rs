//! The whole: what is sent and what feedback says about it, to a target.

use crate::{
    Config, MILLIS, Outcome, Probe, SECOND, Sent, Snapshot, Usage,
    arrivals::Arrivals,
    control::{Control, Growth, View},
    delay::Delay,
    fallback::Fallback,
    history::{Fate, History},
    limited::Limited,
    loss::Loss,
    probe::{Prober, Wish},
    round_trip::RoundTrip,
    silence::Silence,
    whole,
};

/// Nanoseconds over which arrivals are averaged, and those while a queue fills.
const LONG: u64 = 500 * MILLIS;
const SHORT: u64 = 200 * MILLIS;
/// Nanoseconds without transport-wide feedback after which other reports count.
const FEEDBACK: u64 = 3 * SECOND;
/// Nanoseconds without a packet after which the history is given back.
const IDLE: u64 = 10 * SECOND;
/// How much faster than the target a burst may leave, while no queue is seen.
const PACING: f64 = 1.25;
/// Nanoseconds of queueing above which bursts leave at the target.
const QUEUE: u64 = 80 * MILLIS;

/// The estimator of one subscriber.
#[derive(Debug)]
pub struct Estimator {
    now: u64,
    minimum: f64,
    maximum: f64,
    demand: f64,
    history: History,
    arrivals: Arrivals,
    delay: Delay,
    loss: Loss,
    control: Control,
    prober: Prober,
    limited: Limited,
    round_trip: RoundTrip,
    silence: Silence,
    fallback: Fallback,
    began: u64,
    /// When transport-wide feedback last came.
    heard: Option<u64>,
    /// When a packet was last sent.
    sent: u64,
}

impl Estimator {
    /// An estimator that knows nothing yet. All times are nanoseconds of one clock.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn new(config: Config, now: u64) -> Self {
        let minimum = config.minimum.max(1_000) as f64;
        Self {
            now,
            minimum,
            maximum: (config.maximum as f64).max(minimum),
            demand: 0.0,
            history: History::default(),
            arrivals: Arrivals::default(),
            delay: Delay::default(),
            loss: Loss::default(),
            control: Control::new(&config, now),
            prober: Prober::default(),
            limited: Limited::default(),
            round_trip: RoundTrip::default(),
            silence: Silence::default(),
            fallback: Fallback::default(),
            began: now,
            heard: None,
            sent: now,
        }
    }

    /// A packet has left. Its number must be higher than those before.
    pub fn sent(&mut self, packet: Sent) {
        self.advance(packet.at);
        let packet = Sent { at: packet.at.max(self.sent), ..packet };
        if !self.history.record(&packet, self.heard.is_some()) {
            return;
        }
        self.sent = packet.at;
        self.silence.sent(packet.at);
        if packet.probe.is_some() {
            self.prober.sent(&packet);
        } else {
            self.limited.sent(packet.at, u64::from(packet.bytes));
        }
    }

    /// One message of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions).
    pub fn feedback(&mut self, now: u64, outcomes: &[Outcome]) {
        let now = self.advance(now);
        if !outcomes.is_empty() {
            self.heard = Some(now);
        }
        let Some((highest, sent)) = self.read(outcomes) else {
            return;
        };
        self.history.settle(highest);
        self.silence.ended();
        self.delay.read(now);
        self.decide(now, highest, sent);
    }

    /// A round trip has been measured, for example by a receiver report.
    pub fn round_trip(&mut self, now: u64, nanos: u64) {
        self.advance(now);
        self.round_trip.measured(nanos);
    }

    /// The receiver announces what it takes. Counts without transport-wide feedback only.
    #[allow(clippy::cast_precision_loss)]
    pub fn remb(&mut self, now: u64, bitrate: u64) {
        let now = self.advance(now);
        self.fallback.remb(now, bitrate as f64);
        self.limit_by_remb(now);
    }

    /// A receiver report; `fraction_lost` of 256 packets were lost. Counts without
    /// transport-wide feedback only.
    pub fn receiver_report(&mut self, now: u64, fraction_lost: u8) {
        let now = self.advance(now);
        if !self.falls_back() {
            return;
        }
        let (rate, lost) = (self.control.rate(), f64::from(fraction_lost) / 256.0);
        let round_trip = self.round_trip.nanos();
        let rate = self.fallback.report(now, rate, lost, self.demand, round_trip);
        self.control.assume(now, rate);
        self.silence.ended();
        self.limit_by_remb(now);
    }

    /// Bits/s that would be sent if the path carried them. Bounds probing; 0: no probing.
    #[allow(clippy::cast_precision_loss)]
    pub fn set_demand(&mut self, now: u64, bitrate: u64) {
        self.advance(now);
        self.demand = (bitrate as f64).min(self.maximum);
    }

    /// To be called at [`Estimator::next_deadline`]; harmless at any other time.
    pub fn tick(&mut self, now: u64) {
        let now = self.advance(now);
        let round_trip = self.round_trip.nanos();
        self.prober.tick(now, round_trip);
        if self.heard.is_some() {
            self.silence.update(now, round_trip);
        }
        if !self.history.is_empty() && now.saturating_sub(self.sent) >= IDLE {
            self.history.forget();
            self.silence.ended();
        }
    }

    /// When [`Estimator::tick`] or [`Estimator::take_probe`] has something to do next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        let round_trip = self.round_trip.nanos();
        let idle = (!self.history.is_empty()).then(|| self.sent.saturating_add(IDLE));
        let silence = self.heard.and_then(|_| self.silence.deadline(round_trip));
        [self.probe_due(), self.prober.deadline(round_trip), silence, idle]
            .into_iter()
            .flatten()
            .min()
    }

    /// Bits/s that may be sent in all.
    #[must_use]
    pub fn target(&self) -> u64 {
        let rate = self.control.rate() * self.silence.factor();
        whole(rate.clamp(self.minimum, self.maximum))
    }

    /// Bits/s at which bursts, such as a keyframe, may leave.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn pacing_rate(&self) -> u64 {
        let queue = self.delay.usage(self.now) == Usage::Over || self.delay.queueing() > QUEUE;
        whole(self.target() as f64 * if queue { 1.0 } else { PACING })
    }

    /// A probe to be sent now, if one is due.
    pub fn take_probe(&mut self, now: u64) -> Option<Probe> {
        let now = self.advance(now);
        if self.probe_due()? > now {
            return None;
        }
        let wish = self.wish();
        self.prober.take(now, &wish)
    }

    /// What is known, for people.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (probes, probes_useful) = self.prober.counts();
        let fallback = self.falls_back() && self.fallback.has_news();
        Snapshot {
            target: self.target(),
            usage: self.delay.usage(self.now),
            queueing: self.delay.queueing(),
            acknowledged: whole(self.arrivals.rate(LONG).unwrap_or(0.0)),
            loss: if fallback { self.fallback.loss() } else { self.loss.share() },
            inherent_loss: self.loss.inherent(),
            loss_limit: self.loss.limit().map(whole),
            round_trip: self.round_trip.nanos(),
            limited: self.limited.limited(self.now, self.round_trip.nanos()),
            in_flight: self.history.in_flight(),
            demand: whole(self.demand),
            probes,
            probes_useful,
            fallback,
        }
    }

    /// A message of feedback was lost: what it would have spoken of is taken to have arrived,
    /// as long after it was sent as the packet that is heard of now. Of its loss and its
    /// delay nothing is known.
    fn assume(&mut self, before: u64, sent: u64, arrived: u64) {
        for id in self.history.skipped(before) {
            if let Some(entry) = self.history.find(id)
                && entry.fate == Fate::Unknown
            {
                entry.fate = Fate::Arrived;
                let arrived = arrived.saturating_sub(sent.saturating_sub(entry.at));
                self.arrivals.add(arrived, entry.bytes());
            }
        }
    }

    /// Hands each outcome to who looks at it; answers the highest number that arrived, and when
    /// that packet was sent.
    fn read(&mut self, outcomes: &[Outcome]) -> Option<(u64, u64)> {
        let mut newest: Option<(u64, u64)> = None;
        let first = outcomes.first()?.id;
        for outcome in outcomes {
            let Some(entry) = self.history.find(outcome.id) else {
                continue;
            };
            let (sent, bytes, probe) = (entry.at, entry.bytes(), entry.probe);
            match (entry.fate, outcome.arrived) {
                (Fate::Unknown, None) => {
                    entry.fate = Fate::Lost;
                    self.loss.add(sent, bytes, true);
                }
                (Fate::Unknown | Fate::Lost, Some(arrived)) => {
                    if entry.fate == Fate::Lost {
                        self.loss.recovered();
                    } else {
                        self.loss.add(sent, bytes, false);
                    }
                    entry.fate = Fate::Arrived;
                    if newest.is_none() {
                        self.assume(first, sent, arrived);
                    }
                    self.arrivals.add(arrived, bytes);
                    self.delay.add(sent, arrived, probe != 0);
                    if probe != 0 {
                        self.prober.arrived(probe, bytes, arrived);
                    }
                    newest = newest.max(Some((outcome.id, sent)));
                }
                _ => {}
            }
        }
        let (highest, sent) = newest?;
        self.round_trip.bounded(self.now.saturating_sub(sent));
        Some((highest, sent))
    }

    fn decide(&mut self, now: u64, highest: u64, sent: u64) {
        let round_trip = self.round_trip.nanos();
        self.limited.update(now, self.control.rate());
        let kept = 1.0 - self.loss.inherent().clamp(0.0, 0.5);
        let usage = self.delay.usage(now);
        let before = self.control.decreased();
        let lately = self.limited.rate(now);
        let view = View {
            now,
            usage,
            acknowledged: self.arrivals.rate(LONG).map(|rate| rate / kept),
            carried: self.arrivals.rate(SHORT),
            queueing: self.delay.queueing(),
            loss: self.loss.share(),
            round_trip,
            growth: self.growth(now, round_trip),
            sent: lately,
            answered: self.limited.rate_before(sent, SHORT).unwrap_or(lately),
        };
        let mut congested = self.control.update(&view);
        if self.loss.read(self.delay.queueing())
            && let Some(limit) = self.loss.limit()
        {
            congested |= self.control.lost(&view, limit);
        }
        if self.control.decreased() != before {
            self.delay.answer(now);
        }
        if congested {
            self.prober.congested(now);
        }
        let wish = self.wish();
        if let Some(rate) = self.prober.read(now, highest, &wish)
            && usage != Usage::Over
        {
            self.control.found(rate);
        }
    }

    fn growth(&self, now: u64, round_trip: u64) -> Growth {
        if self.prober.is_blind() {
            Growth::Blind(self.demand * 1.2)
        } else if self.limited.limited(now, round_trip) {
            Growth::None
        } else {
            Growth::Tested
        }
    }

    fn wish(&self) -> Wish {
        Wish {
            target: self.control.rate(),
            demand: self.demand,
            maximum: self.maximum,
            decreased: self.control.decreased(),
            inherent_loss: self.loss.inherent(),
        }
    }

    /// When a probe is due: never while nothing is sent, or nothing is heard.
    fn probe_due(&self) -> Option<u64> {
        if self.history.is_empty() || self.silence.factor() < 1.0 {
            return None;
        }
        // The first may go out before anything is heard; the second knows of the first.
        self.prober.due(&self.wish())
    }

    /// Whether there has been no transport-wide feedback for so long that there is none.
    fn falls_back(&self) -> bool {
        self.now.saturating_sub(self.heard.unwrap_or(self.began)) >= FEEDBACK
    }

    fn limit_by_remb(&mut self, now: u64) {
        if self.falls_back()
            && let Some(limit) = self.fallback.limit(now, self.limited.rate(now))
            && limit < self.control.rate()
        {
            self.control.limit(now, limit);
        }
    }

    /// Time never goes back.
    fn advance(&mut self, now: u64) -> u64 {
        self.now = self.now.max(now);
        self.now
    }
}
