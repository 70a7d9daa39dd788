//! Replay windows (RFC 3711, 3.3.2) and index estimation (3.3.1).

use crate::error::Error;
use crate::packet::RTP_INDEX_END;

/// RTP packets remembered per source: half a second of video at 2,000 packets a second,
/// so that what was only reordered or late is not taken for a replay.
const RTP_WINDOW_WORDS: usize = 16;
/// RTCP packets remembered per source.
const RTCP_WINDOW_WORDS: usize = 2;

/// Which of the last `WORDS * 64` indices were received.
///
/// The bits are a ring, position `index % (WORDS * 64)`.
#[derive(Clone, Debug)]
pub(crate) struct Window<const WORDS: usize> {
    highest: u64,
    received: [u64; WORDS],
}

/// The window of an RTP source.
pub(crate) type RtpWindow = Window<RTP_WINDOW_WORDS>;
/// The window of an RTCP source.
pub(crate) type RtcpWindow = Window<RTCP_WINDOW_WORDS>;

impl<const WORDS: usize> Window<WORDS> {
    const SIZE: u64 = WORDS as u64 * 64;

    /// A window that begins with the first index received.
    pub(crate) fn new(first: u64) -> Self {
        let mut window = Self { highest: first, received: [0; WORDS] };
        window.set(first);
        window
    }

    /// The highest index received.
    pub(crate) fn highest(&self) -> u64 {
        self.highest
    }

    /// Fails when the index was received already or is too old to tell.
    pub(crate) fn check(&self, index: u64) -> Result<(), Error> {
        if index > self.highest {
            return Ok(());
        }
        let (word, bit) = Self::position(index);
        if self.highest - index >= Self::SIZE || self.received[word] & bit != 0 {
            return Err(Error::Replayed);
        }
        Ok(())
    }

    /// Note an index that passed [`Window::check`] and whose packet is authentic.
    pub(crate) fn accept(&mut self, index: u64) {
        if index > self.highest {
            if index - self.highest >= Self::SIZE {
                self.received = [0; WORDS];
            } else {
                for skipped in self.highest + 1..index {
                    let (word, bit) = Self::position(skipped);
                    self.received[word] &= !bit;
                }
            }
            self.highest = index;
        }
        self.set(index);
    }

    fn set(&mut self, index: u64) {
        let (word, bit) = Self::position(index);
        self.received[word] |= bit;
    }

    #[allow(clippy::cast_possible_truncation)] // below SIZE
    fn position(index: u64) -> (usize, u64) {
        let position = (index % Self::SIZE) as usize;
        (position / 64, 1 << (position % 64))
    }
}

/// The index a sequence number most likely stands for, given the highest index received
/// (RFC 3711, 3.3.1): the one within 2^15 of it.
///
/// # Errors
/// [`Error::Replayed`] for one before the first rollover period,
/// [`Error::IndexExhausted`] for one after the last.
pub(crate) fn estimate_index(highest: u64, sequence: u16) -> Result<u64, Error> {
    let rollover = highest >> 16;
    let last = highest & 0xffff;
    let sequence = u64::from(sequence);
    let rollover = if last < 0x8000 && sequence > last + 0x8000 {
        rollover.checked_sub(1).ok_or(Error::Replayed)?
    } else if last >= 0x8000 && sequence < last - 0x8000 {
        rollover + 1
    } else {
        rollover
    };
    let index = rollover << 16 | sequence;
    if index < RTP_INDEX_END { Ok(index) } else { Err(Error::IndexExhausted) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sequence_number_stands_for_the_nearest_index() {
        for (highest, sequence, index) in [
            (0x1_0000, 0x0001, 0x1_0001),
            (0x1_ffff, 0x0000, 0x2_0000),
            (0x2_0000, 0xffff, 0x1_ffff),
            (0x1_7fff, 0xffff, 0x1_ffff),
            (0x1_7ffe, 0xffff, 0x0_ffff),
            (0x1_8000, 0x0000, 0x1_0000),
            (0x1_8001, 0x0000, 0x2_0000),
            (0x0_0000, 0x8000, 0x0_8000),
        ] {
            assert_eq!(estimate_index(highest, sequence), Ok(index), "{highest:x} {sequence:x}");
        }
    }

    #[test]
    fn no_index_lies_before_the_first_or_after_the_last() {
        assert_eq!(estimate_index(0, 0xffff), Err(Error::Replayed));
        assert_eq!(estimate_index(RTP_INDEX_END - 1, 0), Err(Error::IndexExhausted));
    }

    proptest! {
        /// Against the plainest model there is: the set of all indices accepted.
        #[test]
        fn the_window_accepts_each_index_once(
            first in 0u64..3000,
            steps in proptest::collection::vec((-1100i64..300, 0..40u8), 1..400),
        ) {
            let mut window = RtpWindow::new(first);
            let mut seen = std::collections::BTreeSet::from([first]);
            for (step, jump) in steps {
                let step = if jump == 0 { step * 20 } else { step };
                let Some(index) = window.highest().checked_add_signed(step) else { continue };
                let highest = seen.last().copied().unwrap_or(first);
                let too_old = index + 1024 <= highest;
                let expected = !too_old && !seen.contains(&index);
                prop_assert_eq!(window.check(index).is_ok(), expected);
                if expected {
                    window.accept(index);
                    seen.insert(index);
                }
            }
        }
    }
}
