//! When a publisher is asked for a keyframe.

use std::time::Duration;

use crate::time::Instant;

/// Requests to one encoding are at least this far apart: a keyframe costs the publisher
/// a burst, and one serves everybody who asked meanwhile.
const THROTTLE: Duration = Duration::from_millis(300);
/// While somebody waits, the first repetition comes after this, the others after twice.
const RETRY: Duration = Duration::from_millis(500);

/// The requests to one encoding.
#[derive(Default)]
pub(crate) struct KeyframeRequests {
    asked: bool,
    last_sent: Option<Instant>,
    unanswered: u32,
}

impl KeyframeRequests {
    /// Somebody wants a keyframe; false when an earlier request covers it.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let throttled = self.asked || self.last_sent.is_some_and(|at| at + THROTTLE > now);
        self.asked = true;
        !throttled
    }

    /// A keyframe began.
    pub(crate) fn arrived(&mut self) {
        self.asked = false;
        self.unanswered = 0;
    }

    /// When to send the next request; `waiting`: somebody sees nothing until it is answered.
    pub(crate) fn next(&self, waiting: bool) -> Option<Instant> {
        let Some(last) = self.last_sent else {
            return (self.asked || waiting).then_some(Instant(0));
        };
        if self.asked {
            return Some(last + THROTTLE);
        }
        waiting.then(|| last + RETRY * self.unanswered.clamp(1, 2))
    }

    /// A request was sent.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.asked = false;
        self.last_sent = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::KeyframeRequests;
    use crate::time::Instant;

    const MS: u64 = 1_000_000;

    #[test]
    fn many_who_ask_make_one_request() {
        let mut requests = KeyframeRequests::default();
        let start = Instant(10_000 * MS);
        assert!(requests.ask(start));
        assert!(!requests.ask(start));
        requests.sent(start);
        assert!(!requests.ask(Instant(start.0 + 10 * MS)));
        assert_eq!(requests.next(false), Some(Instant(start.0 + 300 * MS)));
        requests.arrived();
        assert_eq!(requests.next(false), None);
    }

    #[test]
    fn waiting_repeats_the_request_ever_more_slowly() {
        let mut requests = KeyframeRequests::default();
        let start = Instant(10_000 * MS);
        requests.sent(start);
        assert_eq!(requests.next(true), Some(Instant(start.0 + 500 * MS)));
        requests.sent(Instant(start.0 + 500 * MS));
        assert_eq!(requests.next(true), Some(Instant(start.0 + 1500 * MS)));
    }
}
