//! Transport-wide feedback from subscribers
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use trio_sfu_estimator::Outcome;
use trio_sfu_wire::rtcp::twcc::Feedback;
use trio_sfu_wire::rtp::sequence::distance;

use crate::engine::Engine;
use crate::time::Instant;
use crate::transport::TransportKey;

/// Outcomes of one feedback message that are looked at: more packets than are on their way
/// to anybody.
const MAX_OUTCOMES: usize = 4096;
/// Nanoseconds of the reference time's unit.
const UNIT: i64 = 64_000_000;

impl Engine {
    pub(crate) fn transport_cc(
        &mut self,
        now: Instant,
        key: TransportKey,
        feedback: &Feedback<'_>,
    ) {
        let Some(transport) = self.transports.get_mut(key) else { return };
        let Some(last) = transport.wide_sequence.checked_sub(1) else { return };
        #[allow(clippy::cast_possible_truncation)]
        let behind = distance(last as u16, feedback.base_sequence);
        let Some(base) = u64::try_from(behind).ok().and_then(|behind| last.checked_sub(behind))
        else {
            return;
        };
        let shift = transport.receiver_clock.unwrap(feedback.reference_time)
            - i64::from(feedback.reference_time) * UNIT;
        let outcomes = &mut self.scratch.outcomes;
        outcomes.clear();
        for (sequence, arrival) in feedback.statuses().take(MAX_OUTCOMES) {
            let id = base + u64::from(sequence.wrapping_sub(feedback.base_sequence));
            if id > last {
                break;
            }
            let arrived = arrival.map(|at| (at + shift).max(0).unsigned_abs());
            outcomes.push(Outcome { id, arrived });
        }
        self.outcomes(now, key);
    }
}

/// The reference time of feedback, 24 bits that wrap, without wraps.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceiverClock {
    last: Option<(i32, i64)>,
}

impl ReceiverClock {
    /// In nanoseconds, never negative.
    fn unwrap(&mut self, reference: i32) -> i64 {
        let unwrapped = self.last.map_or(1 << 24, |(last, unwrapped)| {
            let step = reference.wrapping_sub(last) << 8 >> 8;
            (unwrapped + i64::from(step)).max(0)
        });
        self.last = Some((reference, unwrapped));
        unwrapped * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::{ReceiverClock, UNIT};

    #[test]
    fn a_wrap_of_the_reference_time_is_no_step_back() {
        let mut clock = ReceiverClock::default();
        let before = clock.unwrap(0x7f_fffe);
        // 24 bits with sign: the largest is followed by the smallest.
        assert_eq!(clock.unwrap(-0x80_0000) - before, 2 * UNIT);
        assert_eq!(clock.unwrap(0x7f_ffff) - before, UNIT);
    }
}
