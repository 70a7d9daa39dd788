//! Binding requests: the ICE-lite agent (RFC 8445).

use trio_sfu_wire::stun::{self, BindingRequest};

use crate::engine::Engine;
use crate::event::Event;
use crate::rate::Rate;
use crate::remote::Remote;
use crate::time::Instant;
use crate::transport::TransportKey;

/// Checks of one transport that are answered: browsers send some 20 a second while they
/// connect, and one every few seconds afterwards.
const CHECKS: Rate = Rate::per_second(200, 500);
/// Wrong passwords for one transport, from addresses it does not have.
pub(crate) const GUESSES: Rate = Rate::per_second(50, 200);
/// Bytes of media for a connection before it is known how many it takes.
const FIRST_ROOM: usize = 16 * 1024;

impl Engine {
    /// Wrong credentials are left unanswered: an answer would help only an attacker.
    pub(crate) fn handle_stun(&mut self, now: Instant, source: Remote, datagram: &[u8]) {
        let owner = self.by_address.get(&source).copied();
        if owner.is_none() && !self.strangers.admit(now, source.address.ip()) {
            self.counters.drop_stun_source_rate += 1;
            return;
        }
        let Ok(request) = BindingRequest::parse(datagram) else {
            self.counters.drop_bad_stun += 1;
            return;
        };
        let ufrag = request.local_ufrag();
        let Some(&key) = self.by_ufrag.get(ufrag) else {
            self.counters.drop_unknown_ufrag += 1;
            return;
        };
        let Some(transport) = self.transports.get_mut(key) else { return };
        let Some(integrity) = transport.credentials.integrity(ufrag) else { return };
        let familiar = owner == Some(key);
        if familiar {
            if !transport.checks.take(now, CHECKS) {
                self.counters.drop_stun_check_rate += 1;
                return;
            }
        } else if !self.strangers.may_guess(now) || !transport.guesses.has(now, GUESSES) {
            self.counters.drop_stun_guess_rate += 1;
            return;
        }
        if !request.verify(integrity) {
            self.counters.drop_bad_integrity += 1;
            if !familiar {
                self.strangers.guessed(now);
                transport.guesses.take(now, GUESSES);
            }
            return;
        }
        if !familiar && !transport.checks.take(now, CHECKS) {
            self.counters.drop_stun_check_rate += 1;
            return;
        }
        self.counters.binding_requests += 1;
        transport.counts.binding_requests += 1;
        let mut response = Vec::with_capacity(128);
        let id = &request.transaction_id;
        if let Some(unknown) = request.unknown_attribute {
            stun::unknown_attribute_response(id, unknown, integrity, &mut response);
        } else if request.ice_controlled.is_some() {
            self.counters.role_conflicts += 1;
            stun::error_response(id, 487, "Role Conflict", Some(integrity), &mut response);
        } else if self.take_address(now, key, source) {
            let integrity = self.transports.get(key).and_then(|t| t.credentials.integrity(ufrag));
            if let Some(integrity) = integrity {
                stun::success_response(id, source.address, integrity, &mut response);
            }
            self.checked(now, key, source, request.use_candidate);
            if request.use_candidate {
                self.nominated(key, ufrag);
            }
        }
        // Who is not known to be there must not be sent more than was sent in its name.
        if !familiar && response.len() > datagram.len() {
            self.counters.drop_stun_amplifying += 1;
        } else if !response.is_empty() {
            self.post(key, source, response);
        }
    }

    /// Makes `source` an address of `key`, unless another transport is using it: whoever
    /// may join could otherwise cut off others by forging their addresses.
    fn take_address(&mut self, now: Instant, key: TransportKey, source: Remote) -> bool {
        let Some(&owner) = self.by_address.get(&source) else { return true };
        if owner == key {
            return true;
        }
        let Some(other) = self.transports.get_mut(owner) else { return true };
        if other.path.uses(now, source, self.config.silence_timeout) {
            self.counters.drop_address_taken += 1;
            return false;
        }
        other.path.forget(source);
        self.by_address.remove(&source);
        self.moved(owner);
        true
    }

    /// The connection of a path has ended, and the path with it. The peer is sent to where it
    /// was last checked from, if that is somewhere else; nowhere, until it checks again.
    pub fn stream_ended(&mut self, stream: Remote) {
        let Some(key) = self.by_address.remove(&stream) else { return };
        let Some(transport) = self.transports.get_mut(key) else { return };
        if transport.path.forget(stream)
            && let Some(remote) = transport.path.selected()
        {
            let transport = transport.id;
            self.emit(Event::PathChanged { transport, remote });
        }
        self.moved(key);
    }

    /// Whether a transport has authenticated this address.
    #[must_use]
    pub fn knows(&self, remote: Remote) -> bool {
        self.by_address.contains_key(&remote)
    }

    /// A connection takes `room` more bytes of media now; true when there is some for it. What
    /// does not go waits here, where it is known what may be left out.
    pub fn set_stream_room(&mut self, stream: Remote, room: usize) -> bool {
        let Some(&key) = self.by_address.get(&stream) else { return false };
        let Some(transport) = self.transports.get_mut(key) else { return false };
        if transport.path.selected() != Some(stream) {
            return false;
        }
        transport.media.set_room(Some(room));
        let ready = transport.media.ready();
        if ready {
            self.has_output(key);
        }
        ready
    }

    /// Another address is selected, perhaps by another protocol.
    pub(crate) fn moved(&mut self, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let stream = transport.path.selected().is_some_and(|remote| remote.is_stream());
        transport.media.set_room(stream.then_some(FIRST_ROOM));
        if transport.media.ready() {
            self.has_output(key);
        }
    }

    fn checked(&mut self, now: Instant, key: TransportKey, remote: Remote, nominate: bool) {
        let timeouts = self.timeouts();
        let Some(transport) = self.transports.get_mut(key) else { return };
        let id = transport.id;
        let change = transport.path.check(now, remote, nominate, timeouts);
        if change.adopted {
            self.by_address.insert(remote, key);
        }
        if let Some(evicted) = change.evicted {
            self.by_address.remove(&evicted);
            self.counters.addresses_evicted += 1;
        }
        if change.connected || change.moved {
            self.moved(key);
        }
        if change.connected {
            self.emit(Event::Connected { transport: id, remote });
        } else if change.moved {
            self.emit(Event::PathChanged { transport: id, remote });
        }
        self.heard(now, key);
        if change.revived {
            self.became_ready(now, key);
        }
        self.wake(key, now);
    }

    /// The first nomination under new credentials ends the restart, and the old ones.
    fn nominated(&mut self, key: TransportKey, ufrag: &str) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if let Some(former) = transport.credentials.nominated(ufrag) {
            self.by_ufrag.remove(&former.ufrag);
            self.counters.ice_restarts += 1;
        }
    }

    /// Something authenticated arrived from the peer.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant, key: TransportKey) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if transport.path.heard(now) {
            let transport = transport.id;
            self.emit(Event::Heard { transport });
            self.bear_with(now, key);
            self.wake(key, now);
        }
    }

    /// Puts a datagram for `destination` into the transport's outbox.
    pub(crate) fn post(&mut self, key: TransportKey, destination: Remote, datagram: Vec<u8>) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        if !transport.outbox.push(destination, datagram) {
            self.counters.drop_outbox_full += 1;
        }
        self.has_output(key);
    }
}
