//! What the path to a subscriber carries: the estimator and what feeds it, and what the
//! control plane knows of it.

use std::time::Duration;

use trio_sfu_estimator::{Config, Estimator, Sent, Snapshot};

use crate::engine::Engine;
use crate::event::Event;
use crate::send::probing::Probing;
use crate::send::slot::SlotKey;
use crate::time::Instant;
use crate::transport::{Transport, TransportKey};

/// Bits/s taken for granted until something is measured: a small picture and sound.
const INITIAL: u64 = 400_000;
/// Bits/s a subscriber is never estimated below or above. The maximum also stands for not
/// knowing anything of a peer that sends neither transport-cc nor REMB.
const MINIMUM: u64 = 50_000;
const MAXIMUM: u64 = 100_000_000;
/// A peer that has negotiated transport-cc and has sent none so long after the first packet
/// is treated as one that has not.
const MUTE: Duration = Duration::from_secs(3);
/// Loss in 256ths that is taken for congestion where nothing else is known.
const HEAVY: u8 = 25;
/// The control plane is told of a change no more often than this, unless it has to give
/// something up at once.
const TELL: Duration = Duration::from_millis(100);
/// A fall by more than one in so many is told at once.
const STEEP: u64 = 10;
/// A change by less than one in so many is not told.
const SLIGHT: u64 = 50;

/// A subscriber's estimate and demand, in bits/s.
#[derive(Debug, Default)]
pub(crate) struct Bandwidth {
    estimator: Option<Box<Estimator>>,
    demand: u64,
    told: Option<(u64, Instant)>,
    /// Whether transport-cc is to come.
    measured: bool,
    /// Whether it has come.
    heard: bool,
    /// When it is given up on.
    mute: Option<Instant>,
    /// When the latest receiver report came, and the bytes sent until then.
    reported: Option<(Instant, u64)>,
    pub(crate) probing: Option<Probing>,
    /// The latest slot of which padding can be made.
    pub(crate) padder: Option<SlotKey>,
}

impl Bandwidth {
    /// Starts estimating, unless that has begun; `measured`: transport-cc is to come.
    fn begin(&mut self, now: Instant, measured: bool) {
        if self.estimator.is_none() {
            self.measured = measured;
            self.start(now, if measured { INITIAL } else { MAXIMUM });
        }
    }

    fn start(&mut self, now: Instant, initial: u64) {
        let config = Config { initial, minimum: MINIMUM, maximum: MAXIMUM };
        // Reports count once feedback has not come for so long: at once, if none is to come.
        let wait = if self.measured { Duration::ZERO } else { MUTE };
        let began = now.0.saturating_sub(u64::try_from(wait.as_nanos()).unwrap_or(0));
        let mut estimator = Estimator::new(config, began);
        estimator.set_demand(now.0, self.demand);
        self.estimator = Some(Box::new(estimator));
    }

    /// The peer reports loss. Where nothing was known, the path carries what arrives of what
    /// is sent: `sent` bytes until now.
    fn loss(&mut self, now: Instant, sent: u64, fraction: u8) {
        let (at, before) = self.reported.replace((now, sent)).unwrap_or((now, sent));
        let unknown = !self.measured && self.estimate() == Some(MAXIMUM);
        let millis = u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX);
        if unknown && fraction > HEAVY && millis >= 200 {
            let rate = (sent - before) * 8_000 / millis;
            self.start(now, rate * (256 - u64::from(fraction)) / 256);
        } else if let Some(estimator) = &mut self.estimator {
            estimator.receiver_report(now.0, fraction);
        }
    }

    /// A packet with a transport-wide number has been sent.
    #[inline]
    pub(crate) fn sent(&mut self, now: Instant, id: u64, bytes: usize) {
        let Some(estimator) = &mut self.estimator else { return };
        let probe = self.probing.as_ref().map(Probing::id);
        #[allow(clippy::cast_possible_truncation)] // A datagram.
        estimator.sent(Sent { at: now.0, id, bytes: bytes as u32, probe });
        if self.measured && !self.heard && self.mute.is_none() {
            self.mute = Some(now + MUTE);
        }
    }

    /// The target; none before estimating has begun.
    pub(crate) fn estimate(&self) -> Option<u64> {
        self.estimator.as_ref().map(|estimator| estimator.target())
    }

    pub(crate) fn demand(&self) -> u64 {
        self.demand
    }

    /// The pacing rate and the target, as soon as they rest on something, and somebody has
    /// media follow them: without a demand nobody does.
    fn rates(&self) -> Option<(u64, u64)> {
        let estimator = self.estimator.as_ref()?;
        let (pacing, target) = (estimator.pacing_rate(), estimator.target());
        let founded = if self.measured { self.heard } else { target < MAXIMUM };
        let probe = self.probing.as_ref().map_or(0, Probing::rate);
        (founded && self.demand > 0).then_some((pacing.max(probe), target))
    }

    /// What the estimator knows, for people; rates in bits/s.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let numbers = self.estimator.as_ref().map(|estimator| {
            let Snapshot { queueing, acknowledged, loss, .. } = estimator.snapshot();
            let Snapshot { limited, in_flight, probes, probes_useful, .. } = estimator.snapshot();
            [
                ("pacing", estimator.pacing_rate()),
                ("acknowledged", acknowledged),
                ("queueing_us", queueing / 1000),
                ("loss_permille", (loss * 1000.0) as u64),
                ("limited", u64::from(limited)),
                ("in_flight", in_flight),
                ("probes", probes),
                ("probes_useful", probes_useful),
            ]
        });
        numbers.into_iter().flatten()
    }

    /// What the control plane has to be told now.
    fn news(&mut self, now: Instant) -> Option<u64> {
        let estimate = self.estimate()?;
        match self.told {
            None if estimate == MAXIMUM => return None,
            Some((told, at)) => {
                let steep = estimate < told - told / STEEP;
                if !differs(estimate, told) || !steep && at + TELL > now {
                    return None;
                }
            }
            None => {}
        }
        self.told = Some((estimate, now));
        Some(estimate)
    }

    /// When something is due: the estimator's own deadline, or what has to be told later.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let estimator = self.estimator.as_ref()?;
        let told = self.told.filter(|&(told, _)| differs(estimator.target(), told));
        let deadline = estimator.next_deadline().map(Instant);
        // Without anything to make padding of, a probe that is due waits for that.
        let idle = self.padder.is_none() || self.probing.is_some();
        let deadline = deadline.map(|at| if idle { at.max(now + TELL) } else { at });
        let mute = self.mute.filter(|_| !self.heard);
        [told.map(|(_, at)| at + TELL), deadline, mute].into_iter().flatten().min()
    }
}

fn differs(estimate: u64, told: u64) -> bool {
    estimate.abs_diff(told) > told / SLIGHT
}

impl Transport {
    /// Whether its peer has promised transport-wide feedback.
    fn measured(&self) -> bool {
        self.negotiated.id(trio_sfu_wire::rtp::ExtensionKind::TransportCc).is_some()
    }
}

impl Engine {
    pub(crate) fn set_demand(&mut self, now: Instant, key: TransportKey, bitrate: u64) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        transport.bandwidth.demand = bitrate;
        if let Some(estimator) = &mut transport.bandwidth.estimator {
            estimator.set_demand(now.0, bitrate);
        }
        self.follow_estimate(now, key);
    }

    /// Media can be sent to a peer that has slots: what its path carries begins to matter.
    pub(crate) fn begin_estimating(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if transport.ready() && !transport.slots.is_empty() && transport.measured() {
            transport.bandwidth.begin(now, true);
            self.follow_estimate(now, key);
        }
    }

    /// What transport-wide feedback says; in `scratch.outcomes`.
    pub(crate) fn outcomes(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let bandwidth = &mut transport.bandwidth;
        let Some(estimator) = &mut bandwidth.estimator else { return };
        estimator.feedback(now.0, &self.scratch.outcomes);
        bandwidth.heard |= self.scratch.outcomes.iter().any(|outcome| outcome.arrived.is_some());
        self.follow_estimate(now, key);
    }

    /// The subscriber's own estimate.
    pub(crate) fn remb(&mut self, now: Instant, key: TransportKey, bitrate: u64) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let measured = transport.measured();
        transport.bandwidth.begin(now, measured);
        if let Some(estimator) = &mut transport.bandwidth.estimator {
            estimator.remb(now.0, bitrate);
        }
        self.follow_estimate(now, key);
    }

    /// The share of packets, in 256ths, that a subscriber has lost of late.
    pub(crate) fn loss_reported(&mut self, now: Instant, key: TransportKey, fraction: u8) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let measured = transport.measured();
        transport.bandwidth.begin(now, measured);
        transport.bandwidth.loss(now, transport.counts.bytes_sent, fraction);
        self.follow_estimate(now, key);
    }

    pub(crate) fn round_trip_measured(&mut self, now: Instant, key: TransportKey, nanos: u64) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        // RFC 6298 2.3.
        let smoothed = transport.round_trip.map_or(nanos, |before| before - before / 8 + nanos / 8);
        transport.round_trip = Some(smoothed);
        if let Some(estimator) = &mut transport.bandwidth.estimator {
            estimator.round_trip(now.0, nanos);
        }
    }

    /// Does what is due for the estimate, when there is one.
    pub(crate) fn estimate(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let bandwidth = &mut transport.bandwidth;
        let Some(estimator) = &mut bandwidth.estimator else { return };
        estimator.tick(now.0);
        if !bandwidth.heard && bandwidth.mute.take_if(|at| *at <= now).is_some() {
            bandwidth.measured = false;
            bandwidth.start(now, MAXIMUM);
        }
        self.follow_estimate(now, key);
    }

    /// Has the pacer and the control plane follow the estimate, and begins a probe.
    fn follow_estimate(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let bandwidth = &mut transport.bandwidth;
        if bandwidth.probing.is_none()
            && bandwidth.padder.is_some()
            && let Some(probe) = bandwidth.estimator.as_mut().and_then(|e| e.take_probe(now.0))
        {
            self.counters.probes_begun += 1;
            bandwidth.probing = Some(Probing::new(now, probe));
        }
        match bandwidth.rates() {
            Some((pacing, target)) => transport.media.set_rates(now, pacing, target),
            None => transport.media.unlimit(),
        }
        let probing = bandwidth.probing.is_some();
        let (id, news, next) = (transport.id, bandwidth.news(now), bandwidth.next(now));
        if probing {
            self.has_output(key);
        }
        if let Some(bitrate) = news {
            self.emit(Event::EstimateChanged { transport: id, bitrate });
        }
        if let Some(at) = next {
            self.wake(key, at.max(now + Duration::from_millis(1)));
        }
    }

    /// The probe is over; the pacer goes back to its own rate.
    pub(crate) fn end_probe(&mut self, now: Instant, key: TransportKey) {
        if let Some(transport) = self.transports.get_mut(key) {
            transport.bandwidth.probing = None;
            self.follow_estimate(now, key);
        }
    }
}
