//! What a slot sent under which number, for retransmission.

use std::time::Duration;

use crate::send::span::Span;
use crate::time::Instant;

/// Packets a video slot remembers; older ones cannot be asked for again. A power of two.
const SENT: usize = 512;

/// One sent packet, in 16 bytes: there is one for each of the latest packets of each
/// slot, so the high bits that its span knows are left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    /// Its number; 0: none, as no slot's numbers begin before 1.
    out: u32,
    /// Its number in the span's encoding.
    source: u32,
    span: u32,
    /// When it was sent again, in milliseconds; 0: never.
    resent: u32,
}

impl Sent {
    pub(crate) fn span(&self) -> u32 {
        self.span
    }

    /// The packet's whole number in the encoding of the span that sent it.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn source(&self, span: &Span) -> u64 {
        span.first_in + u64::from(self.source.wrapping_sub(span.first_in as u32))
    }

    pub(crate) fn resent_within(&self, time: Duration, now: Instant) -> bool {
        self.resent != 0 && u128::from(millis(now).wrapping_sub(self.resent)) < time.as_millis()
    }

    pub(crate) fn resend(&mut self, now: Instant) {
        self.resent = millis(now).max(1);
    }
}

#[allow(clippy::cast_possible_truncation)]
fn millis(now: Instant) -> u32 {
    (now.0 / 1_000_000) as u32
}

/// A ring by the low bits of the slot's numbers.
#[derive(Default)]
pub(crate) struct SentRing {
    ring: Vec<Sent>,
}

impl SentRing {
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn record(&mut self, out: u64, source: u64, span: u32) {
        if self.ring.is_empty() {
            self.ring = vec![Sent::default(); SENT];
        }
        let place = out as usize & (SENT - 1);
        self.ring[place] = Sent { out: out as u32, source: source as u32, span, resent: 0 };
    }

    /// The packet that was sent with this 16-bit number.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn find(&mut self, sequence: u16) -> Option<&mut Sent> {
        let entry = self.ring.get_mut(usize::from(sequence) & (SENT - 1))?;
        (entry.out != 0 && entry.out as u16 == sequence).then_some(entry)
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
    }
}
