//! What a slot sent under which number, for retransmission.

use crate::time::Instant;

/// Packets a video slot remembers; older ones cannot be asked for again. A power of two.
const SENT: usize = 512;

/// One sent packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) out: u64,
    /// Its number in the encoding, and the span that rewrote it.
    pub(crate) source: u64,
    pub(crate) span: u32,
    pub(crate) resent: Option<Instant>,
}

/// A ring by the low bits of the slot's numbers.
#[derive(Default)]
pub(crate) struct SentRing {
    ring: Vec<Option<Sent>>,
}

impl SentRing {
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    fn slot(out: u64) -> usize {
        out as usize & (SENT - 1)
    }

    #[inline]
    pub(crate) fn record(&mut self, out: u64, source: u64, span: u32) {
        if self.ring.is_empty() {
            self.ring = vec![None; SENT];
        }
        self.ring[Self::slot(out)] = Some(Sent { out, source, span, resent: None });
    }

    /// The packet that was sent with this 16-bit number.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn find(&mut self, sequence: u16) -> Option<&mut Sent> {
        let entry = self.ring.get_mut(Self::slot(u64::from(sequence)))?.as_mut()?;
        (entry.out as u16 == sequence).then_some(entry)
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
    }
}
