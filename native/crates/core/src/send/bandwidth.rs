//! What the path to a subscriber carries, and what the control plane knows of it.

use std::time::Duration;

use crate::engine::Engine;
use crate::event::Event;
use crate::time::Instant;
use crate::transport::TransportKey;

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
    estimate: Option<u64>,
    demand: u64,
    told: Option<(u64, Instant)>,
}

impl Bandwidth {
    pub(crate) fn estimate(&self) -> Option<u64> {
        self.estimate
    }

    pub(crate) fn demand(&self) -> u64 {
        self.demand
    }

    /// What the control plane has to be told now.
    fn news(&mut self, now: Instant) -> Option<u64> {
        let estimate = self.estimate?;
        if let Some((told, at)) = self.told {
            let steep = estimate < told - told / STEEP;
            if !differs(estimate, told) || !steep && at + TELL > now {
                return None;
            }
        }
        self.told = Some((estimate, now));
        Some(estimate)
    }

    /// When there will be something to tell that has to wait now.
    pub(crate) fn next_told(&self) -> Option<Instant> {
        let (told, at) = self.told?;
        self.estimate.filter(|&estimate| differs(estimate, told)).map(|_| at + TELL)
    }
}

fn differs(estimate: u64, told: u64) -> bool {
    estimate.abs_diff(told) > told / SLIGHT
}

impl Engine {
    pub(crate) fn set_demand(&mut self, _now: Instant, key: TransportKey, bitrate: u64) {
        if let Some(transport) = self.transports.get_mut(key) {
            transport.bandwidth.demand = bitrate;
        }
    }

    /// The subscriber's own estimate.
    pub(crate) fn remb(&mut self, now: Instant, key: TransportKey, bitrate: u64) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        transport.bandwidth.estimate = Some(bitrate);
        self.tell_estimate(now, key);
        if let Some(at) = self.transports.get(key).and_then(|t| t.bandwidth.next_told()) {
            self.wake(key, at);
        }
    }

    /// Tells the control plane of the estimate when it is time to.
    pub(crate) fn tell_estimate(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let (transport, news) = (transport.id, transport.bandwidth.news(now));
        if let Some(bitrate) = news {
            self.emit(Event::EstimateChanged { transport, bitrate });
        }
    }
}
