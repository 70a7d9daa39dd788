//! Numbers for an encoding's packets that go on when the publisher changes the SSRC.

use trio_sfu_wire::rtp::sequence::Unwrapper;

/// Between the last number under one SSRC and the first under the next: more than any
/// queue or cache holds, so that nothing of the old is taken for the new.
const RESTART_GAP: u64 = 1 << 17;

#[derive(Default)]
pub(crate) struct Sequence {
    unwrapper: Unwrapper,
    offset: u64,
    /// The highest one, where another engine gives the numbers.
    relayed: Option<u64>,
}

impl Sequence {
    /// The number of a packet that arrived.
    #[inline]
    pub(crate) fn extend(&mut self, sequence: u16) -> u64 {
        self.unwrapper.unwrap(sequence) + self.offset
    }

    /// The number of a packet that is mentioned or repaired.
    #[inline]
    pub(crate) fn peek(&self, sequence: u16) -> u64 {
        self.unwrapper.peek(sequence) + self.offset
    }

    /// The highest number so far.
    #[inline]
    pub(crate) fn highest(&self) -> Option<u64> {
        self.relayed.or_else(|| self.unwrapper.highest().map(|highest| highest + self.offset))
    }

    /// A packet has come whose number another engine gave it.
    pub(crate) fn follow(&mut self, number: u64) {
        self.relayed = self.relayed.max(Some(number));
    }

    /// Other packets follow, under another SSRC. Their numbers are higher.
    pub(crate) fn restart(&mut self) {
        // Whole cycles: the low 16 bits stay the number on the wire.
        self.offset =
            self.highest().map_or(self.offset, |highest| (highest + RESTART_GAP) & !0xffff);
        self.unwrapper = Unwrapper::new();
        self.relayed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::Sequence;

    #[test]
    fn numbers_rise_over_a_restart() {
        let mut sequence = Sequence::default();
        let last = sequence.extend(65_000);
        sequence.restart();
        assert_eq!(sequence.highest(), None);
        assert!(sequence.peek(3) > last + 65_536);
        let next = sequence.extend(3);
        assert!(next > last + 65_536);
        assert_eq!(next & 0xffff, 3);
    }
}
