//! What a transport does as time passes.

use std::time::Duration;

use crate::engine::Engine;
use crate::event::Event;
use crate::time::Instant;
use crate::transport::TransportKey;
use crate::transport::path::Lapse;

/// Timers are no finer than this, so that one wake-up serves what is nearly due.
pub(crate) const GRAIN: Duration = Duration::from_millis(1);

impl Engine {
    /// Does what is due for the transport and sets its timer.
    pub(crate) fn tick(&mut self, now: Instant, key: TransportKey) {
        self.lapses(now, key);
        self.ask_publisher(now, key);
        self.transport_feedback(now, key);
        self.reports(now, key);
        self.estimate(now, key);
        self.pace(now, key);
        if let Some(at) = self.next_tick(now, key) {
            self.wake(key, at.max(now + GRAIN));
        }
    }

    fn lapses(&mut self, now: Instant, key: TransportKey) {
        let timeouts = self.timeouts();
        while let Some(transport) = self.transports.get_mut(key) {
            let id = transport.id;
            match transport.path.lapse(now, timeouts) {
                Some(Lapse::Consent) => self.emit(Event::ConsentExpired { transport: id }),
                Some(Lapse::Silence) => self.emit(Event::Silent { transport: id }),
                None => return,
            }
        }
    }

    fn next_tick(&self, now: Instant, key: TransportKey) -> Option<Instant> {
        let transport = self.transports.get(key)?;
        [
            transport.path.next_lapse(self.timeouts()),
            transport.next_feedback,
            transport.next_report,
            transport.bandwidth.next(now),
            transport.next_paced(),
            self.next_question(key),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
