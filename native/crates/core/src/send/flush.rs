//! From queues to encrypted datagrams, subscriber by subscriber.

use crate::engine::Engine;
use crate::engine::tick::GRAIN;
use crate::send::probing::Probing;
use crate::time::Instant;
use crate::transmit::Batch;
use crate::transport::{Transport, TransportKey};

/// Bytes one call adds to a batch, give or take a packet: a bounded turn of work. It is sent before
/// the next is filled: what was just encrypted is in the caches, and the first need not wait for
/// the last.
const MAX_FLUSH: usize = 128 * 1024;

impl Engine {
    /// Adds what is due to `batch`, up to a bound; true: there is more, call again.
    ///
    /// Only transports with something to send are looked at. Each one's STUN, DTLS and
    /// RTCP go before its media, and its datagrams stay together, so that equal ones
    /// share a GSO run.
    pub fn flush(&mut self, now: Instant, batch: &mut Batch) -> bool {
        let first = batch.buffer.len();
        let limit = first + MAX_FLUSH;
        while let Some(key) = self.pending.pop_front() {
            self.flush_control(key, batch);
            self.flush_media(now, key, batch, limit);
            let Some(transport) = self.transports.get_mut(key) else { continue };
            transport.pending = !transport.outbox.is_empty() || transport.media.ready();
            if transport.pending {
                self.pending.push_back(key);
            } else if let Some(at) = transport.next_paced() {
                self.timers.arm(&mut transport.armed, key, at.max(now + GRAIN));
            }
            if batch.buffer.len() >= limit {
                break;
            }
        }
        self.counters.bytes_sent += (batch.buffer.len() - first) as u64;
        !self.pending.is_empty()
    }

    fn flush_control(&mut self, key: TransportKey, batch: &mut Batch) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        while let Some((destination, datagram)) = transport.outbox.pop() {
            let start = batch.buffer.len();
            batch.buffer.extend_from_slice(&datagram);
            batch.push(destination, start);
            self.counters.datagrams_sent += 1;
        }
    }

    /// What waited for its subscriber's budget goes on.
    pub(crate) fn pace(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        transport.media.refill(now);
        if transport.media.ready() || transport.bandwidth.probing.is_some() {
            self.has_output(key);
        }
    }
}

impl Transport {
    /// When the pacer, or a probe under way, goes on.
    pub(crate) fn next_paced(&self) -> Option<Instant> {
        let probe = self.bandwidth.probing.as_ref().map(Probing::next);
        [self.media.next(), probe].into_iter().flatten().min()
    }
}
