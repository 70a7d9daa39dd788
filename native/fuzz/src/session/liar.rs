//! A peer that is who it says it is, and lies in everything it says.
//!
//! It passes ICE and has the keys, so nothing it says is dropped at the door: headers,
//! extensions, payload descriptors, retransmissions, feedback and reports all reach the
//! code behind it, and what it publishes is forwarded to the others.

use std::time::Duration;

use super::Session;
use super::peer::{PEERS, address};
use crate::input::Input;

/// Longer than anything the engine remembers: a machine that slept.
const SLEEP: Duration = Duration::from_hours(1);

impl Session {
    /// Peers in a call that are about to lie.
    #[must_use]
    pub fn of_liars(input: &mut Input<'_>) -> Self {
        let mut session = Self::new(input);
        session.exact = true;
        session
    }

    /// One lie, command or pause of the bytes' choice, and a look at the engine.
    pub fn lie(&mut self, input: &mut Input<'_>) {
        match input.byte() % 16 {
            0..=4 => self.lie_in_rtp(input),
            5..=7 => self.lie_in_rtcp(input),
            8 => self.lie_in_control(input),
            9 => self.lie_in_stun(input),
            10 => self.receive_check(input),
            11 => self.command(input),
            12 => self.pass(Duration::from_micros(u64::from(input.short()) * 50)),
            13 => self.jump(input),
            14 => self.again(input),
            _ => self.events(),
        }
        self.pump();
    }

    /// Time goes on, step by step or all at once.
    fn jump(&mut self, input: &mut Input<'_>) {
        match input.byte() {
            255 => self.now = self.now + SLEEP,
            byte @ 200.. => self.now = self.now + Duration::from_secs(u64::from(byte - 199)),
            byte => self.pass(Duration::from_millis(u64::from(byte) * 100)),
        }
    }

    /// The latest packet again: as it was, from elsewhere, or damaged.
    fn again(&mut self, input: &mut Input<'_>) {
        let number = usize::from(input.byte()) % PEERS;
        let source = address(input.byte());
        let mut datagram = self.peers[number].latest.clone();
        if datagram.is_empty() {
            return;
        }
        let (at, bits) = (usize::from(input.short()) % datagram.len(), input.byte());
        datagram[at] ^= bits;
        self.receive(source, &mut datagram);
    }

    /// How many of a burst are still allowed: a session is to end some day.
    pub(super) fn burst(&mut self, wanted: u64) -> u64 {
        let granted = wanted.min(self.bursts);
        self.bursts -= granted;
        granted.max(1)
    }
}
