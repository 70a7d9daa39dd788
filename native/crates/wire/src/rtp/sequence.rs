//! Sequence numbers that wrap (RFC 3550 section 5.1, appendix A.1).

/// Whether `a` comes after `b`, by the shorter way round.
#[must_use]
pub fn newer(a: u16, b: u16) -> bool {
    distance(a, b) > 0
}

/// How far `a` is after `b` (negative: before), by the shorter way round.
#[must_use]
pub fn distance(a: u16, b: u16) -> i16 {
    a.wrapping_sub(b).cast_signed()
}

/// Whether RTP timestamp `a` is after `b`, by the shorter way round.
#[must_use]
pub fn newer_timestamp(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

/// Extends 16-bit sequence numbers to 64 bits.
///
/// The low 16 bits of the result are the number itself. The first number is put into
/// cycle 1, so that packets from before it still have a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwrapper {
    highest: Option<u64>,
}

impl Unwrapper {
    /// An unwrapper that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { highest: None }
    }

    /// Extend `sequence` and remember it when it is the highest so far.
    pub fn unwrap(&mut self, sequence: u16) -> u64 {
        let extended = self.peek(sequence);
        if self.highest.is_none_or(|highest| extended > highest) {
            self.highest = Some(extended);
        }
        extended
    }

    /// Extend `sequence` without remembering it.
    #[must_use]
    pub fn peek(&self, sequence: u16) -> u64 {
        match self.highest {
            None => 0x1_0000 + u64::from(sequence),
            Some(highest) => {
                let step = distance(sequence, highest as u16);
                // Below cycle 0 there is nothing: 32,768 numbers before the first one.
                highest.saturating_add_signed(i64::from(step))
            }
        }
    }

    /// The highest extended number so far.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shorter_way_round_decides() {
        assert!(newer(0, 65_535));
        assert!(newer(32_767, 0));
        assert!(!newer(32_768, 0));
        assert!(!newer(5, 5));
        assert_eq!(distance(2, 65_534), 4);
        assert_eq!(distance(65_534, 2), -4);
        assert!(newer_timestamp(5, u32::MAX - 5));
    }

    #[test]
    fn reordering_over_a_wrap_keeps_the_cycle() {
        let mut unwrapper = Unwrapper::new();
        let extended = [65_534u16, 0, 65_535, 1].map(|sequence| unwrapper.unwrap(sequence));
        assert_eq!(extended, [0x1_fffe, 0x2_0000, 0x1_ffff, 0x2_0001]);
        assert_eq!(unwrapper.highest(), Some(0x2_0001));
    }

    #[test]
    fn packets_from_before_the_first_have_a_place() {
        let mut unwrapper = Unwrapper::new();
        assert_eq!(unwrapper.unwrap(0), 0x1_0000);
        assert_eq!(unwrapper.unwrap(65_535), 0xffff);
    }

    proptest! {
        #[test]
        fn low_bits_are_the_number_and_steps_add_up(
            start: u16,
            steps in prop::collection::vec(-30_000i16..=30_000, 0..200),
        ) {
            let mut unwrapper = Unwrapper::new();
            let mut truth = unwrapper.unwrap(start);
            for step in steps {
                let next = truth.saturating_add_signed(i64::from(step));
                // Stay within reach of the highest: farther back is ambiguous by nature.
                if unwrapper.highest().is_some_and(|highest| highest - next.min(highest) > 32_768) {
                    continue;
                }
                prop_assert_eq!(unwrapper.unwrap(next as u16), next);
                truth = next;
            }
        }
    }
}
