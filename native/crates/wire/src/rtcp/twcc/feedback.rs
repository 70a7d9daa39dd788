//! Reading a feedback packet.

use super::chunk::Chunk;
use super::{Symbol, TICK_NS, TICKS_PER_REFERENCE};
use crate::ParseError;
use crate::bytes::{u8_at, u16_at, u32_at};
use crate::rtp::Ssrc;

/// One feedback packet, known to be whole.
#[derive(Clone, Copy, Debug)]
pub struct Feedback<'a> {
    /// Who received.
    pub sender: Ssrc,
    /// A stream of the transport; which one has no meaning.
    pub media: Ssrc,
    /// The transport-wide sequence number of the first status.
    pub base_sequence: u16,
    /// How many statuses there are. Up to 65,535 in a packet of 40 bytes: see
    /// [`arrivals`](Self::arrivals).
    pub status_count: u16,
    /// What arrival times are relative to, in units of 64 ms; 24 bits with sign.
    pub reference_time: i32,
    /// Counts feedback packets.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> Feedback<'a> {
    pub(crate) fn parse(sender: Ssrc, media: Ssrc, bytes: &'a [u8]) -> Result<Self, ParseError> {
        let status_count = u16_at(bytes, 2)?;
        let word = u32_at(bytes, 4)?;
        let mut left = status_count;
        let mut position = 8;
        let mut deltas_len = 0usize;
        while left > 0 {
            let chunk = Chunk::parse(u16_at(bytes, position)?);
            let symbols = chunk.len().min(left);
            if symbols == 0 {
                return Err(ParseError::BadLength);
            }
            deltas_len += chunk.deltas_len(symbols);
            left -= symbols;
            position += 2;
        }
        let deltas = bytes.get(position..position + deltas_len).ok_or(ParseError::BadLength)?;
        Ok(Self {
            sender,
            media,
            base_sequence: u16_at(bytes, 0)?,
            status_count,
            reference_time: word.cast_signed() >> 8,
            feedback_count: word as u8,
            chunks: &bytes[8..position],
            deltas,
        })
    }

    /// Every status: `(sequence, arrival)`, `None` for what did not arrive. Times as in
    /// [`arrivals`](Self::arrivals).
    ///
    /// Not bounded by the packet's length: a few bytes can stand for 65,535 lost packets.
    #[must_use]
    pub fn statuses(&self) -> Statuses<'a> {
        let ticks = i64::from(self.reference_time) * TICKS_PER_REFERENCE as i64;
        Statuses {
            chunks: self.chunks,
            chunk: Chunk::Run { symbol: Symbol::Lost, len: 0 },
            index: 0,
            left: self.status_count,
            sequence: self.base_sequence,
            ticks,
            deltas: self.deltas,
        }
    }

    /// What arrived: `(sequence, arrival)`, in order of sequence numbers.
    ///
    /// Arrivals are in nanoseconds on the receiver's clock modulo 2^24 × 64 ms: only
    /// differences have a meaning. Runs of lost packets cost nothing.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals<'a> {
        Arrivals(self.statuses())
    }
}

/// See [`Feedback::statuses`].
#[derive(Clone, Debug)]
pub struct Statuses<'a> {
    chunks: &'a [u8],
    chunk: Chunk,
    index: u16,
    left: u16,
    sequence: u16,
    ticks: i64,
    deltas: &'a [u8],
}

impl Statuses<'_> {
    /// Go to the next chunk when this one is used up.
    fn refill(&mut self) -> Option<()> {
        while self.index >= self.chunk.len() {
            self.chunk = Chunk::parse(u16_at(self.chunks, 0).ok()?);
            self.chunks = &self.chunks[2..];
            self.index = 0;
        }
        Some(())
    }

    fn skip_lost_run(&mut self) {
        while self.left > 0 && self.refill().is_some() {
            let Chunk::Run { symbol: Symbol::Lost, len } = self.chunk else { return };
            let skipped = (len - self.index).min(self.left);
            self.index += skipped;
            self.left -= skipped;
            self.sequence = self.sequence.wrapping_add(skipped);
        }
    }

    fn delta(&mut self, len: usize) -> Option<i64> {
        let delta = if len == 1 {
            i64::from(u8_at(self.deltas, 0).ok()?)
        } else {
            i64::from(u16_at(self.deltas, 0).ok()?.cast_signed())
        };
        self.deltas = &self.deltas[len..];
        Some(delta)
    }
}

impl Iterator for Statuses<'_> {
    type Item = (u16, Option<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.refill()?;
        let symbol = self.chunk.symbol(self.index);
        self.index += 1;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let arrival = match symbol {
            Symbol::Lost => None,
            received => {
                self.ticks += self.delta(received.delta_len())?;
                Some(self.ticks * TICK_NS as i64)
            }
        };
        Some((sequence, arrival))
    }
}

/// See [`Feedback::arrivals`].
#[derive(Clone, Debug)]
pub struct Arrivals<'a>(Statuses<'a>);

impl Iterator for Arrivals<'_> {
    type Item = (u16, i64);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.0.skip_lost_run();
            if let (sequence, Some(arrival)) = self.0.next()? {
                return Some((sequence, arrival));
            }
        }
    }
}
