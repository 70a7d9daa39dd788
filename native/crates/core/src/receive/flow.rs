//! Whether an encoding flows, pauses, or has ended.
//!
//! A source that sends nothing is not one that is gone: nothing moves on a shared screen,
//! or its machine has no time for it. What tells them apart is RTCP, which a participant
//! sends for a source as long as it has one (RFC 3550 6.2), also while it sends no RTP.

use std::time::Duration;

use crate::time::Instant;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Stopped,
    Flowing,
    Idle,
}

/// What the passing of time changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    Idle,
    Stopped,
}

/// How long a source may keep quiet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Without RTP, until it is idle.
    pub(crate) idle: Duration,
    /// Without RTP and RTCP, until it is over.
    pub(crate) over: Duration,
}

/// The flow of one encoding.
#[derive(Default)]
pub(crate) struct Flow {
    state: State,
    packet: Instant,
    /// The latest sign of life, RTP or not.
    sign: Instant,
}

impl Flow {
    /// RTP arrived; true when it did not flow before.
    #[inline]
    pub(crate) fn packet(&mut self, now: Instant) -> bool {
        (self.packet, self.sign) = (now, now);
        std::mem::replace(&mut self.state, State::Flowing) != State::Flowing
    }

    /// RTCP of the source arrived, or its transport was heard again after a silence.
    pub(crate) fn sign(&mut self, now: Instant) {
        self.sign = now;
    }

    /// The source said goodbye; true when it was not over already.
    pub(crate) fn goodbye(&mut self) -> bool {
        std::mem::take(&mut self.state) != State::Stopped
    }

    /// What has become true by `now`. While the whole transport is silent (`deaf`), nothing
    /// is known about a source that is idle.
    pub(crate) fn lapse(&mut self, now: Instant, patience: Patience, deaf: bool) -> Option<Lapse> {
        if self.next_lapse(patience, deaf)? > now {
            return None;
        }
        let idle = self.state == State::Flowing;
        self.state = if idle { State::Idle } else { State::Stopped };
        Some(if idle { Lapse::Idle } else { Lapse::Stopped })
    }

    /// When [`Flow::lapse`] next has something to say.
    #[inline]
    pub(crate) fn next_lapse(&self, patience: Patience, deaf: bool) -> Option<Instant> {
        match self.state {
            State::Flowing => Some(self.packet + patience.idle),
            State::Idle if !deaf => Some(self.sign + patience.over),
            State::Idle | State::Stopped => None,
        }
    }

    /// Whether it is not over.
    pub(crate) fn live(&self) -> bool {
        self.state != State::Stopped
    }

    pub(crate) fn idle(&self) -> bool {
        self.state == State::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::{Flow, Lapse, Patience};
    use crate::time::Instant;
    use std::time::Duration;

    const PATIENCE: Patience =
        Patience { idle: Duration::from_secs(2), over: Duration::from_secs(10) };

    fn at(seconds: u64) -> Instant {
        Instant(seconds * 1_000_000_000)
    }

    #[test]
    fn reports_keep_a_source_that_sends_nothing_alive() {
        let mut flow = Flow::default();
        assert!(flow.packet(at(0)));
        assert_eq!(flow.lapse(at(1), PATIENCE, false), None);
        assert_eq!(flow.lapse(at(2), PATIENCE, false), Some(Lapse::Idle));
        for second in 3..60 {
            flow.sign(at(second));
            assert_eq!(flow.lapse(at(second), PATIENCE, false), None);
        }
        assert_eq!(flow.lapse(at(68), PATIENCE, false), None);
        assert_eq!(flow.lapse(at(69), PATIENCE, false), Some(Lapse::Stopped));
        assert_eq!(flow.next_lapse(PATIENCE, false), None);
        assert!(flow.packet(at(70)), "it begins again");
    }

    #[test]
    fn nothing_is_said_of_a_source_while_nothing_is_heard_at_all() {
        let mut flow = Flow::default();
        flow.packet(at(0));
        assert_eq!(flow.lapse(at(2), PATIENCE, true), Some(Lapse::Idle));
        assert_eq!(flow.lapse(at(60), PATIENCE, true), None);
        flow.sign(at(60));
        assert_eq!(flow.lapse(at(69), PATIENCE, false), None);
        assert_eq!(flow.lapse(at(70), PATIENCE, false), Some(Lapse::Stopped));
    }

    #[test]
    fn a_goodbye_counts_at_once_and_once() {
        let mut flow = Flow::default();
        flow.packet(at(0));
        assert!(flow.goodbye());
        assert!(!flow.goodbye());
        assert!(!flow.live());
    }
}
